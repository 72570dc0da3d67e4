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

const scenarios = fc.record({ description: messagesDescriptions, plan: plans });

export function examineLoop(seed: number): Promise<Examined> {
  const { description, plan } = sampled(scenarios, arbitrarySeedOf(seed));
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
