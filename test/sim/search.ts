/**
 * One run of the simulator in which the seed decides everything: a pipeline, a deployment, stops, rescales, faults, and every order of events.
 *
 * In:    a seed. Out: nothing, or the invariant that was broken, with all that is needed to see it again. Nothing is shared between two runs.
 */
import fc from "fast-check";
import type { Checker, Violation } from "./checkers/checker.ts";
import { committedOutput } from "./checkers/committed-output.ts";
import { conservation } from "./checkers/conservation.ts";
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
import type { SimRun } from "./run.ts";
import { examineTrial } from "./trial.ts";
import type { Examined } from "./trial.ts";

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

export function examine(scenario: Scenario): Promise<Examined> {
  const { subject, plan } = scenario;
  return examineTrial({ pipeline: pipelineOf(subject), plan, output: outputOf(subject), about: about(scenario) });
}

/** Undefined: all checkers are content. */
export async function runSeed(seed: number): Promise<Violation | undefined> {
  return (await examine(scenarioOf(seed))).violation;
}

/**
 * The same scenarios where most of the time some checkpoint waits for its metadata to be written, while tasks fail often: for what may happen to it in between, which chance alone
 * meets once in a thousand runs.
 */
export async function runSlowStorageSeed(seed: number): Promise<Violation | undefined> {
  const { subject, plan } = scenarioOf(seed);
  return (
    await examine({ subject, plan: { ...plan, ...SLOW_STORAGE, rates: { ...plan.rates, record: 10, slow: 100 } } })
  ).violation;
}

const SLOW_STORAGE: Pick<SimPlan, "diskMs" | "checkpointMs" | "checkpointTimeoutMs" | "concurrent" | "tolerable"> = {
  diskMs: 200,
  checkpointMs: 100,
  checkpointTimeoutMs: 120_000,
  concurrent: 3,
  tolerable: 1_000,
};

/** The pipeline as code, and the plan. */
export function about({ subject, plan }: Scenario): string {
  const code = subject.promise === "exact" ? codeOf(subject.description) : codeOfConserving(subject.description);
  return `${code}\n${JSON.stringify(plan)}`;
}

function pipelineOf(subject: Subject): Pipeline {
  return subject.promise === "exact" ? exactPipeline(subject.description) : conservingPipeline(subject.description);
}

function outputOf(subject: Subject): Checker {
  const upTo = ({ drained }: SimRun): UpTo => drained && positionsIn(drained);
  if (subject.promise === "exact") return committedOutput((run) => expectedOf(subject.description, upTo(run)));
  return conservation((written, run) => brokenLawOf(subject.description, written, upTo(run)));
}
