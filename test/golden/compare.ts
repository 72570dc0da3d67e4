/** What two runs of an exact pipeline must have in common: every lane, value by value. */
import { ok } from "node:assert/strict";
import { lanesOf } from "./loop.ts";
import type { GoldenResult, Plan } from "./loop.ts";

/** Lanes in order; those that begin with `~` have none and are sorted; of those with `+` only the sum counts. */
export function outcomeOf({ outside, promise }: GoldenResult, plan: Plan): Record<string, unknown> {
  ok(promise === "exact", "runs are compared value by value only if the pipeline is exact");
  const outcome: Record<string, unknown> = {};
  for (const [lane, values] of Object.entries(lanesOf(outside, plan))) {
    if (lane.startsWith("~")) outcome[lane] = values.map((value) => JSON.stringify(value)).toSorted();
    else if (lane.startsWith("+")) outcome[lane] = values.reduce<number>((sum, value) => sum + Number(value), 0);
    else outcome[lane] = values;
  }
  return outcome;
}
