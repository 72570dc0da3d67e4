/**
 * One run of the simulator in which the seed decides everything: a pipeline, a deployment, stops, rescales, faults, and every order of events.
 *
 * In:    a seed. Out: nothing, or the invariant that was broken, with all that is needed to see it again. Nothing is shared between two runs.
 */
import fc from "fast-check";
import { asError } from "../../core/util/errors.ts";
import { boundedQueues } from "./checkers/bounded-queues.ts";
import type { Checker, LiveChecker, Violation } from "./checkers/checker.ts";
import { committedOutput } from "./checkers/committed-output.ts";
import { completedCheckpoints } from "./checkers/completed-checkpoints.ts";
import { conservation } from "./checkers/conservation.ts";
import { failoverScope } from "./checkers/failover-scope.ts";
import { liveness } from "./checkers/liveness.ts";
import { referencedFiles } from "./checkers/referenced-files.ts";
import { reported } from "./checkers/reported.ts";
import { singleWriter } from "./checkers/single-writer.ts";
import { startsValidly } from "./checkers/valid-start.ts";
import { visibility } from "./checkers/visibility.ts";
import { plans } from "./generate-plan.ts";
import { conservingDescriptions } from "./pipelines/conserving/generate.ts";
import { brokenLawOf, codeOfConserving, conservingPipeline } from "./pipelines/conserving/index.ts";
import type { ConservingDescription } from "./pipelines/conserving/index.ts";
import { codeOf, exactPipeline, expectedOf } from "./pipelines/exact.ts";
import { exactDescriptions, sampled } from "./pipelines/generate.ts";
import type { Pipeline, UpTo } from "./pipelines/pipeline.ts";
import { positionsIn } from "./pipelines/positions.ts";
import type { ExactDescription } from "./pipelines/wiring.ts";
import type { SimPlan } from "./plan.ts";
import { simulateRun } from "./run.ts";
import type { SimRun } from "./run.ts";

export type { Violation } from "./checkers/checker.ts";

/** Exact pipelines are compared with what plain code makes of them, conserving ones keep their laws. */
export type Subject =
  | { readonly promise: "exact"; readonly description: ExactDescription }
  | { readonly promise: "conserving"; readonly description: ConservingDescription };

export interface Scenario {
  readonly subject: Subject;
  readonly plan: SimPlan;
}

const subjects: fc.Arbitrary<Subject> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ promise: fc.constant("exact" as const), description: exactDescriptions }) },
  {
    weight: 1,
    arbitrary: fc.record({ promise: fc.constant("conserving" as const), description: conservingDescriptions }),
  },
);

export const scenarios: fc.Arbitrary<Scenario> = fc.record({ subject: subjects, plan: plans });

/** What a seed stands for. */
export function scenarioOf(seed: number): Scenario {
  return sampled(scenarios, arbitrarySeedOf(seed));
}

/** Neighbouring seeds must not give related runs. */
export function arbitrarySeedOf(seed: number): number {
  return Math.imul(seed ^ (seed >>> 15), 0x9e3779b1);
}

export interface Examined {
  /** Undefined if the engine threw. */
  readonly run: SimRun | undefined;
  readonly violation: Violation | undefined;
}

export async function examine(scenario: Scenario): Promise<Examined> {
  const live = [completedCheckpoints(), referencedFiles(), boundedQueues(), singleWriter(), failoverScope()];
  const pipeline = pipelineOf(scenario.subject);
  let run: SimRun | undefined;
  try {
    run = await simulateRun(pipeline, scenario.plan, { live });
    const violation = await violationOf(run, pipeline, { subject: scenario.subject, live });
    if (violation === undefined) return { run, violation };
    const warnings = run.warnings.slice(-20).join("\n");
    const what = `${violation.what}\n${about(scenario)}\n${warnings}`;
    return { run, violation: { checker: violation.checker, what } };
  } catch (error) {
    const { stack = "", message, cause } = asError(error);
    const what = `${stack || message}${cause === undefined ? "" : `\n${asError(cause).message}`}`;
    return { run, violation: { checker: "exception", what: `${what}\n${about(scenario)}` } };
  }
}

/** Undefined: all checkers are content. */
export async function runSeed(seed: number): Promise<Violation | undefined> {
  return (await examine(scenarioOf(seed))).violation;
}

/** The pipeline as code, and the plan. */
export function about({ subject, plan }: Scenario): string {
  const code = subject.promise === "exact" ? codeOf(subject.description) : codeOfConserving(subject.description);
  return `${code}\n${JSON.stringify(plan)}`;
}

async function violationOf(
  run: SimRun,
  pipeline: Pipeline,
  { subject, live }: { readonly subject: Subject; readonly live: readonly LiveChecker[] },
): Promise<Violation | undefined> {
  const ends = [visibility, liveness, reported, outputOf(subject)];
  for (const { name, check } of [...live, ...ends]) {
    const what = check(run);
    if (what !== undefined) return { checker: name, what };
  }
  // It costs a run of its own.
  if (run.plan.seed % 3 !== 0) return undefined;
  const what = await startsValidly(run, pipeline, ends);
  return what === undefined ? undefined : { checker: "valid start", what };
}

function pipelineOf(subject: Subject): Pipeline {
  return subject.promise === "exact" ? exactPipeline(subject.description) : conservingPipeline(subject.description);
}

function outputOf(subject: Subject): Checker {
  const upTo = ({ drained }: SimRun): UpTo => drained && positionsIn(drained);
  if (subject.promise === "exact") return committedOutput((run) => expectedOf(subject.description, upTo(run)));
  return conservation((written, run) => brokenLawOf(subject.description, written, upTo(run)));
}
