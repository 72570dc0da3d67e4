/** Programs of functions in the simulator, in which the seed decides everything. */
import fc from "fast-check";
import { committedOutput } from "../sim/checkers/committed-output.ts";
import type { Violation } from "../sim/checkers/checker.ts";
import { plans } from "../sim/generate-plan.ts";
import { sampled } from "../sim/pipelines/generate.ts";
import { positionsIn } from "../sim/pipelines/positions.ts";
import { arbitrarySeedOf } from "../sim/search.ts";
import { examineTrial } from "../sim/trial.ts";
import type { Examined } from "../sim/trial.ts";
import { programPipeline } from "./program-functions.ts";
import { expectedOf, programs } from "./program.ts";

const scenarios = fc.record({ program: programs, plan: plans });

export function examineProgram(seed: number): Promise<Examined> {
  const { program, plan: drawn } = sampled(scenarios, arbitrarySeedOf(seed));
  // Probes set a timer per record at its event time, which the outcomes of operations do not have.
  const plan = { ...drawn, probes: false };
  const pipeline = programPipeline(program);
  return examineTrial({
    pipeline,
    plan,
    output: committedOutput(({ drained }) => expectedOf(program, drained && positionsIn(drained))),
    hasUserCode: true,
    about: `${pipeline.name}\n${JSON.stringify(plan)}`,
  });
}

/** Undefined: all checkers are content. */
export async function runProgramSeed(seed: number): Promise<Violation | undefined> {
  return (await examineProgram(seed)).violation;
}
