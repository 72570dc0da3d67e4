/**
 * One run and its judgement: a pipeline under a plan, looked at by every checker there is.
 *
 * In:    what runs, under which plan, and what has to be visible in the end. Out: the run, and the first invariant that was broken.
 */
import { asError } from "../../core/util/errors.ts";
import { boundedQueues } from "./checkers/bounded-queues.ts";
import type { Checker, LiveChecker, Violation } from "./checkers/checker.ts";
import { completedCheckpoints } from "./checkers/completed-checkpoints.ts";
import { failoverScope } from "./checkers/failover-scope.ts";
import { liveness } from "./checkers/liveness.ts";
import { referencedFiles } from "./checkers/referenced-files.ts";
import { reported } from "./checkers/reported.ts";
import { singleWriter } from "./checkers/single-writer.ts";
import { startsValidly } from "./checkers/valid-start.ts";
import { visibility } from "./checkers/visibility.ts";
import type { OutsideWorld } from "./outside-world.ts";
import type { Pipeline } from "./pipelines/pipeline.ts";
import type { SimPlan } from "./plan.ts";
import { simulateRun } from "./run.ts";
import type { SimRun } from "./run.ts";
import type { Around } from "./scheduler.ts";
import { keepUserWorlds } from "./user-code/user-world.ts";
import { ProcessWorlds } from "./user-jobs/process-worlds.ts";

export interface Trial {
  readonly pipeline: Pipeline;
  readonly plan: SimPlan;
  /** What has to be visible in the end. */
  readonly output: Checker;
  /** Who looks on, beside the checkers that always do; also when the job starts again from a checkpoint of the run. Default: nobody. */
  readonly live?: readonly LiveChecker[];
  /** Other worlds that it reaches. Default: none. */
  readonly outside?: readonly OutsideWorld[];
  /** For people: the pipeline as code, and the plan. */
  readonly about: string;
  /** Its functions have timers and chance of their own: those of their process. Default: false. */
  readonly hasUserCode?: boolean;
}

export interface Examined {
  /** Undefined if the engine threw. */
  readonly run: SimRun | undefined;
  readonly violation: Violation | undefined;
}

export async function examineTrial(trial: Trial): Promise<Examined> {
  if (trial.hasUserCode !== true) return examined(trial, undefined);
  const release = keepUserWorlds();
  try {
    return await examined(trial, new ProcessWorlds(trial.plan.seed + 5).around);
  } finally {
    release();
  }
}

async function examined(trial: Trial, around: Around | undefined): Promise<Examined> {
  const { pipeline, plan, live: own = [], outside = [], about } = trial;
  const live = [completedCheckpoints(), referencedFiles(), boundedQueues(), singleWriter(), failoverScope()];
  let run: SimRun | undefined;
  try {
    run = await simulateRun(pipeline, plan, {
      live: [...live, ...own],
      outside,
      ...(around !== undefined && { around }),
    });
    const violation = await violationOf(run, { trial, live, around });
    if (violation === undefined) return { run, violation };
    const warnings = run.warnings.slice(-20).join("\n");
    return { run, violation: { checker: violation.checker, what: `${violation.what}\n${about}\n${warnings}` } };
  } catch (error) {
    const { stack = "", message, cause } = asError(error);
    const what = `${stack || message}${cause === undefined ? "" : `\n${asError(cause).message}`}`;
    return { run, violation: { checker: "exception", what: `${what}\n${about}` } };
  }
}

async function violationOf(
  run: SimRun,
  {
    trial: { pipeline, output, live: own = [] },
    live,
    around,
  }: { readonly trial: Trial; readonly live: readonly LiveChecker[]; readonly around: Around | undefined },
): Promise<Violation | undefined> {
  const ends = [visibility, liveness, reported, ...own, output];
  for (const checker of [...live, ...ends]) {
    const what = checker.check(run);
    if (what !== undefined) return { checker: checker.name, what };
  }
  // It costs a run of its own.
  if (run.plan.seed % 3 !== 0) return undefined;
  const what = await startsValidly(run, pipeline, { checkers: ends, live: own, around });
  return what === undefined ? undefined : { checker: "valid start", what };
}
