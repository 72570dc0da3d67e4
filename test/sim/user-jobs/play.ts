/**
 * One run of a user's job under a plan, and what was wrong with it whatever the job does.
 *
 * In:    a job, a plan. Out: the run, and the first thing that must not be: a refused call, a job that gives up or does not end, output before its checkpoint.
 */
import { liveness } from "../checkers/liveness.ts";
import { visibility } from "../checkers/visibility.ts";
import type { SimPlan } from "../plan.ts";
import { simulateJob } from "../run.ts";
import type { RunOptions } from "../run.ts";
import { ProcessWorlds } from "./process-worlds.ts";
import { SimulatedRun } from "./simulated-run.ts";
import type { UserJob } from "./user-job.ts";

export interface Broken {
  /** The name of what does not hold. */
  readonly promise: string;
  readonly what: string;
}

export interface Played {
  readonly run: SimulatedRun;
  readonly broken: Broken | undefined;
  /** A damaged file kept the job from going on: what it has committed is only a part of what it had to. */
  readonly isPart: boolean;
  /** What the job's processes warned of. */
  readonly warnings: readonly string[];
}

/** Fails with `MR8001` if user code reached out of the simulation. */
export async function play(
  job: UserJob,
  plan: SimPlan,
  outside: Pick<RunOptions, "outside" | "outsideIsCalm">,
): Promise<Played> {
  const worlds = new ProcessWorlds(plan.seed + 5);
  const run = await simulateJob(job.simJob(worlds), plan, { around: worlds.around, ...outside });
  const [refused] = worlds.refusals;
  if (refused !== undefined) throw withSuspects(refused, job);
  const isPart = run.refusal !== undefined || run.failure !== undefined;
  return { run: new SimulatedRun(run, job.recorded), broken: brokenIn(run), isPart, warnings: run.warnings };
}

/** The call is known by name, but not whose it was. */
function withSuspects(refused: Error, { asTheyAre }: UserJob): Error {
  if (asTheyAre !== "") refused.message += ` (not replaced in this run: ${asTheyAre})`;
  return refused;
}

function brokenIn(run: Parameters<typeof liveness.check>[0]): Broken | undefined {
  const given = liveness.check(run);
  if (given !== undefined) return { promise: "the job comes to its end", what: given };
  const early = visibility.check(run);
  return early === undefined ? undefined : { promise: "output waits for its checkpoint", what: early };
}
