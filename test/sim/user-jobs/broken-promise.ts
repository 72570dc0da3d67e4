/** The error of a run in which something does not hold: what, in which run, how to have it again. */
import { MillraceError } from "../../../core/util/errors.ts";
import type { SimulatedRun } from "./simulated-run.ts";
import type { Broken } from "./play.ts";
import { planInWords } from "./plan-in-words.ts";
import { replayOf } from "./replay.ts";

export interface BrokenRun extends Broken {
  readonly run: SimulatedRun;
  readonly warnings: readonly string[];
  /** The call that made it, up to its options. */
  readonly call: string;
  readonly cause?: unknown;
}

const LINES_MAX = 15;
/** Of interest to people who look for what happened. */
const EVENTS = /^\S+ (?:fault|phase|failure|completed|control) /;

const COMPLETED = /^\S+ completed \d+ checkpoints/;

export function brokenPromise({ promise, what, run, warnings, call, cause }: BrokenRun): MillraceError {
  const { plan } = run;
  const events = newsIn(run.history.filter((line) => EVENTS.test(line)));
  const sections = [
    `"${promise}" does not hold: ${what}`,
    ...section(`what happened in this run (seed ${plan.seed})`, planInWords(plan)),
    ...section("its last events, by ms of simulated time", events.slice(-LINES_MAX)),
    ...section(
      "its last warnings",
      warnings.slice(-LINES_MAX).map((line) => shortened(line)),
    ),
    `to have it again: ${call}{ ..., replay: '${replayOf(plan).replaceAll("'", String.raw`\'`)}' })`,
  ];
  return new MillraceError("MR8002", sections.join("\n"), { cause });
}

/** Of checkpoints in a row, the last: where they come often, they would hide what went wrong. */
function newsIn(events: readonly string[]): string[] {
  return events.filter((line, index) => !COMPLETED.test(line) || !COMPLETED.test(events[index + 1] ?? ""));
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}

function shortened(line: string): string {
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
