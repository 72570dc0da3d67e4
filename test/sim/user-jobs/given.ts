/**
 * What tests hand in, looked at before anything runs: vitest does not check types, and a word that nobody knows would make a test that tests nothing.
 *
 * In:    options as they were given. Out: nothing, or `MR8003` that names what is wrong and what there is. Nothing is kept.
 */
import { nearest } from "../../../core/util/nearest.ts";
import { MillraceError } from "../../../core/util/errors.ts";

/** `what`: where the names stand, for the error. */
export function requireKnown(given: object, what: string, known: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const close = nearest(unknown, known);
  const hint = close === undefined ? `there are ${known.join(", ")}` : `did you mean "${close}"?`;
  throw new MillraceError("MR8003", `${what} have no "${unknown}": ${hint}`);
}

export function requireWhole(value: number, what: string, min: number): void {
  if (Number.isSafeInteger(value) && value >= min) return;
  throw new MillraceError("MR8003", `${what} is a whole number of ${min} or more, not ${String(value)}`);
}

/** What an invariant has returned: a complaint, or nothing, such as what `expect` returns. But `false` must not pass for "it holds", nor what is to come. */
export function complaintIn(returned: unknown, what: string): string | undefined {
  if (typeof returned === "string") return returned;
  if (returned !== false && !(returned instanceof Promise)) return undefined;
  if (returned instanceof Promise) returned.catch(() => undefined); // said already
  const shown = returned === false ? "false" : "a promise, for which nobody waits here";
  throw new MillraceError(
    "MR8003",
    `${what} throws, or returns a sentence, where something is wrong; it returned ${shown}`,
  );
}

/** Between two events of a run promises settle, which `setImmediate` tells: one that a test has replaced would be waited for without end. */
export function requireRealTimers(): void {
  if (!("clock" in setImmediate)) return;
  throw new MillraceError(
    "MR8003",
    "fake timers are on, but a simulation has virtual time of its own: call vi.useRealTimers() before it",
  );
}
