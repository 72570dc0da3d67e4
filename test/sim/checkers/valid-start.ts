/**
 * Every completed checkpoint is a valid start, in the outside world as it was when it was completed: whoever starts there, with another parallelism, and
 * nothing goes wrong, ends with what has to be visible.
 */
import type { Pipeline } from "../pipelines/pipeline.ts";
import { CALM } from "../plan.ts";
import { simulateRun } from "../run.ts";
import type { SimRun } from "../run.ts";
import type { Around } from "../scheduler.ts";
import type { Checker, LiveChecker } from "./checker.ts";

export interface ValidStartOptions {
  /** What has to hold in the end. */
  readonly checkers: readonly Checker[];
  /** Who looks on. */
  readonly live: readonly LiveChecker[];
  /** As in the run. */
  readonly around: Around | undefined;
}

/** One of the run's checkpoints, chosen by its dice. */
export async function startsValidly(
  run: SimRun,
  pipeline: Pipeline,
  { checkers, live, around }: ValidStartOptions,
): Promise<string | undefined> {
  if (run.moment === undefined || run.struck.has("damage")) return undefined;
  const { seed, maxParallelism, chaining, probes, rates } = run.plan;
  const parallelism = 1 + (Math.floor(seed / 3) % 4);
  // The same operators: those that can fail are part of the job.
  const state = rates.state === undefined ? {} : { state: 0 };
  const plan = { ...CALM, seed, maxParallelism, chaining, probes, rates: state, legs: [{ parallelism }] };
  const again = await simulateRun(pipeline, plan, { live, from: run.moment, ...(around !== undefined && { around }) });
  for (const checker of checkers) {
    const { name } = checker;
    const what = checker.check(again);
    if (what !== undefined)
      return `started again from checkpoint ${run.moment.pointer.checkpointId} at parallelism ${parallelism}: ${name}: ${what}\n${again.warnings.join("\n")}`;
  }
  return undefined;
}
