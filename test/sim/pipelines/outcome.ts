/**
 * What was written, in the form in which two runs are compared: lanes in order, those that begin with `~` as a multiset, of those with `+` the sum.
 */
import type { Out } from "./pipeline.ts";

export type Outcome = Readonly<Record<string, readonly unknown[] | number>>;

/** `written` is in the order in which it became visible. Lanes come in the order of their names. */
export function outcomeOf(written: Iterable<Out>): Outcome {
  const lanes: Record<string, unknown[]> = {};
  for (const { lane, value } of written) (lanes[lane] ??= []).push(value);
  const outcome: Record<string, readonly unknown[] | number> = {};
  for (const [lane, values] of Object.entries(lanes).toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    if (lane.startsWith("~")) outcome[lane] = values.map((value) => JSON.stringify(value)).toSorted();
    else if (lane.startsWith("+")) outcome[lane] = values.reduce<number>((sum, value) => sum + Number(value), 0);
    else outcome[lane] = values;
  }
  return outcome;
}

/** The lanes that differ, for people; undefined if none does. */
export function differenceOf(actual: Outcome, expected: Outcome): string | undefined {
  const lanes = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].toSorted();
  const different = lanes.filter((lane) => JSON.stringify(actual[lane]) !== JSON.stringify(expected[lane]));
  if (different.length === 0) return undefined;
  const shown = different.slice(0, 5).map((lane) => {
    const line = (outcome: Outcome): string => JSON.stringify(outcome[lane]) ?? "nothing";
    return `lane ${lane}\n  written:  ${line(actual)}\n  expected: ${line(expected)}`;
  });
  const more = different.length > shown.length ? [`and ${different.length - shown.length} more lanes`] : [];
  return [...shown, ...more].join("\n");
}
