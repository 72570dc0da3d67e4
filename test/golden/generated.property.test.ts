/**
 * Goal:   whatever is stopped, resumed with another parallelism, or fails: a pipeline commits what it commits in one calm run, each record once, in order.
 * Method: pipelines and plans by chance, in virtual time; the calm run has one subtask and no checkpoints. Every choice comes from seeds.
 * Replay: a failure prints the pipeline as code, the plan, and its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { replay } from "../harness/replay.ts";
import { outcomeOf } from "./compare.ts";
import { codeOf, generated, pipelineOf, positionsIn } from "./generated.ts";
import type { Generated } from "./generated.ts";
import { CALM, runGolden } from "./loop.ts";
import type { Plan } from "./loop.ts";
import { drainPlans, faultPlans, stopPlans, stormPlans } from "./plans.ts";

const RECORDS = 150;

/** Set to look longer. */
const numRuns = Number(process.env["MILLRACE_RUNS"] ?? 25);

async function sameAsCalm(description: Generated, plan: Plan): Promise<void> {
  const run = await runGolden(pipelineOf(description), plan);
  // Drained, it commits what it commits of the records so far.
  const upTo = run.drained && positionsIn(run.drained);
  const calm = await runGolden(pipelineOf(description, upTo), CALM);
  const about = `${codeOf(description)}\n${JSON.stringify(plan)}\n${run.warnings.join("\n")}`;
  expect(run.outside.violations, about).toEqual([]);
  expect(outcomeOf(run, plan), about).toEqual(outcomeOf(calm, CALM));
  if (plan.faults.delete === undefined) expect(run.leftovers, about).toEqual([]);
}

describe("generated pipelines", { timeout: 900_000 }, () => {
  test("stopped and resumed with another parallelism", async () => {
    await fc.assert(fc.asyncProperty(generated, stopPlans(RECORDS), sameAsCalm), { numRuns, ...replay });
  });

  test("drained", async () => {
    await fc.assert(fc.asyncProperty(generated, drainPlans(RECORDS), sameAsCalm), { numRuns, ...replay });
  });

  test("with failures", async () => {
    await fc.assert(fc.asyncProperty(generated, faultPlans, sameAsCalm), { numRuns, ...replay });
  });

  test("with both", async () => {
    await fc.assert(fc.asyncProperty(generated, stormPlans(RECORDS), sameAsCalm), { numRuns, ...replay });
  });
});
