/** What a run of an exact pipeline committed, in the form in which it is compared with what it must commit. */
import { ok } from "node:assert/strict";
import { outcomeOf as byLane } from "../sim/pipelines/outcome.ts";
import type { Outcome } from "../sim/pipelines/outcome.ts";
import { commitsOf } from "./loop.ts";
import type { GoldenResult } from "./loop.ts";

/** Lane by lane, as `sim/pipelines/outcome.ts` says. */
export function outcomeOf({ outside, promise }: GoldenResult): Outcome {
  ok(promise === "exact", "runs are compared value by value only if the pipeline is exact");
  return byLane(commitsOf(outside));
}
