/** Jobs with a loop in the simulator, in which the seed decides everything. */
import fc from "fast-check";
import { committedOutput } from "../sim/checkers/committed-output.ts";
import type { Violation } from "../sim/checkers/checker.ts";
import { plans } from "../sim/generate-plan.ts";
import { sampled } from "../sim/pipelines/generate.ts";
import { positionsIn } from "../sim/pipelines/positions.ts";
import { arbitrarySeedOf } from "../sim/search.ts";
import { examineTrial } from "../sim/trial.ts";
import type { Examined } from "../sim/trial.ts";
import { expectedArrivals, messagesDescriptions, messagesPipeline } from "./messages.ts";

export interface Tightness {
  readonly isTight?: boolean;
}

/** Every record to disk, or a frame or two in memory and the others on disk. */
export function tightBytes(seed: number): number {
  return seed % 2 === 0 ? 1 : 1_500;
}

const scenarios = fc.record({ description: messagesDescriptions, plan: plans });

/** `isTight`: next to nothing of what waits in the loop stays in memory. */
export function examineLoop(seed: number, { isTight = false }: Tightness = {}): Promise<Examined> {
  const { description, plan: drawn } = sampled(scenarios, arbitrarySeedOf(seed));
  const plan = isTight ? { ...drawn, capacity: 1, feedbackBytes: tightBytes(seed) } : drawn;
  const pipeline = messagesPipeline(description);
  return examineTrial({
    pipeline,
    plan,
    output: committedOutput(({ drained }) => expectedArrivals(description, drained && positionsIn(drained))),
    about: `${pipeline.name}\n${JSON.stringify(plan)}`,
  });
}

/** Undefined: all checkers are content. */
export async function runLoopSeed(seed: number): Promise<Violation | undefined> {
  return (await examineLoop(seed)).violation;
}

export async function runTightLoopSeed(seed: number): Promise<Violation | undefined> {
  return (await examineLoop(seed, { isTight: true })).violation;
}
