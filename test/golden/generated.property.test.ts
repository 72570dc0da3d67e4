/**
 * Goal:   whatever is stopped, resumed with another parallelism, or fails: a pipeline commits what the naive interpreter says, each record once, in order.
 * Method: pipelines and plans by chance, in virtual time. Every choice comes from seeds.
 * Replay: a failure prints the pipeline as code, the plan, and its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { replay } from "../harness/replay.ts";
import { codeOf, exactPipeline, expectedOf } from "../sim/pipelines/exact.ts";
import { exactDescriptions } from "../sim/pipelines/generate.ts";
import { differenceOf } from "../sim/pipelines/outcome.ts";
import { positionsIn } from "../sim/pipelines/positions.ts";
import type { ExactDescription } from "../sim/pipelines/wiring.ts";
import { outcomeOf } from "./compare.ts";
import { runGolden } from "./loop.ts";
import type { Plan } from "./loop.ts";
import { drainPlans, faultPlans, stopPlans, stormPlans } from "./plans.ts";

const RECORDS = 150;

/** Set to look longer. */
const numRuns = Number(process.env["MILLRACE_RUNS"] ?? 25);

async function asInterpreted(description: ExactDescription, plan: Plan): Promise<void> {
  const run = await runGolden(exactPipeline(description), plan);
  // Drained, it commits what it commits of the records so far.
  const expected = expectedOf(description, run.drained && positionsIn(run.drained));
  const about = `${codeOf(description)}\n${JSON.stringify(description)}\n${JSON.stringify(plan)}\n${run.warnings.join("\n")}`;
  expect(run.outside.violations, about).toEqual([]);
  const difference = differenceOf(outcomeOf(run), expected);
  expect(difference, `${about}\n${difference ?? ""}`).toBeUndefined();
  if (plan.faults.delete === undefined) expect(run.leftovers, about).toEqual([]);
}

describe("generated pipelines", { timeout: 900_000 }, () => {
  test("stopped and resumed with another parallelism", async () => {
    await fc.assert(fc.asyncProperty(exactDescriptions, stopPlans(RECORDS), asInterpreted), { numRuns, ...replay });
  });

  test("drained", async () => {
    await fc.assert(fc.asyncProperty(exactDescriptions, drainPlans(RECORDS), asInterpreted), { numRuns, ...replay });
  });

  test("with failures", async () => {
    await fc.assert(fc.asyncProperty(exactDescriptions, faultPlans, asInterpreted), { numRuns, ...replay });
  });

  test("with both", async () => {
    await fc.assert(fc.asyncProperty(exactDescriptions, stormPlans(RECORDS), asInterpreted), { numRuns, ...replay });
  });
});
