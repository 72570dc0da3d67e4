/**
 * Goal:   whatever is stopped, resumed with another parallelism, or fails: a pipeline commits what it commits in one calm run, each record once, in order.
 * Method: pipelines and plans by chance, in virtual time; the calm run has one subtask and no checkpoints. Every choice comes from seeds.
 * Replay: a failure prints the pipeline as code, the plan, and its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { replay } from "../harness/replay.ts";
import { outcomeOf } from "./compare.ts";
import { generated, pipelineOf } from "./generated.ts";
import type { Generated } from "./generated.ts";
import { CALM, runGolden } from "./loop.ts";
import type { Plan } from "./loop.ts";
import { faultPlans, stopPlans, stormPlans } from "./plans.ts";

const RECORDS = 150;

async function sameAsCalm(description: Generated, plan: Plan): Promise<void> {
  const pipeline = pipelineOf(description);
  const calm = await runGolden(pipeline, CALM);
  const run = await runGolden(pipeline, plan);
  const about = `${pipeline.name}\n${JSON.stringify(plan)}\n${run.warnings.join("\n")}`;
  expect(run.outside.violations, about).toEqual([]);
  expect(outcomeOf(run.outside, plan), about).toEqual(outcomeOf(calm.outside, CALM));
}

describe("generated pipelines", () => {
  test("stopped and resumed with another parallelism", { timeout: 900_000 }, async () => {
    await fc.assert(fc.asyncProperty(generated, stopPlans(RECORDS), sameAsCalm), { numRuns: Number(process.env["RUNS"] ?? 40), ...replay });
  });

  test("with failures", { timeout: 900_000 }, async () => {
    await fc.assert(fc.asyncProperty(generated, faultPlans, sameAsCalm), { numRuns: Number(process.env["RUNS"] ?? 40), ...replay });
  });

  test("with both", { timeout: 900_000 }, async () => {
    await fc.assert(fc.asyncProperty(generated, stormPlans(RECORDS), sameAsCalm), { numRuns: Number(process.env["RUNS"] ?? 40), ...replay });
  });
});
