/** Jobs with a loop in the simulator, in which the seed decides everything. */
import fc from "fast-check";
import { committedOutput } from "../sim/checkers/committed-output.ts";
import type { Violation } from "../sim/checkers/checker.ts";
import { plans } from "../sim/generate-plan.ts";
import { sampled } from "../sim/pipelines/generate.ts";
import type { SimPlan } from "../sim/plan.ts";
import { positionsIn } from "../sim/pipelines/positions.ts";
import { arbitrarySeedOf } from "../sim/search.ts";
import { examineTrial } from "../sim/trial.ts";
import type { Examined } from "../sim/trial.ts";
import { expectedArrivals, messagesDescriptions, messagesPipeline } from "./messages.ts";

export interface Tightness {
  readonly isTight?: boolean;
}

/** Every record goes to disk, or a frame or two stay in memory and the others go. As for other small channels, checkpoints are given time. */
export function tight(seed: number): Pick<SimPlan, "capacity" | "feedbackBytes" | "checkpointTimeoutMs"> {
  return { capacity: 1, feedbackBytes: seed % 2 === 0 ? 1 : 1_500, checkpointTimeoutMs: 120_000 };
}

const scenarios = fc.record({ description: messagesDescriptions, plan: plans });

/** `isTight`: next to nothing of what waits in the loop stays in memory. */
export function examineLoop(seed: number, { isTight = false }: Tightness = {}): Promise<Examined> {
  const { description, plan: drawn } = sampled(scenarios, arbitrarySeedOf(seed));
  const plan = isTight ? { ...drawn, ...tight(seed) } : drawn;
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
