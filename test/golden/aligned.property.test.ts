/**
 * Goal:   watermark alignment changes when records are read, never what comes of them: aligned sources end, whatever fails, is stopped and resumed with another parallelism, and the pipeline commits what
 *         the naive interpreter says.
 * Method: generated pipelines and plans, as in generated.property.test.ts; the strategies of all sources with an alignment by chance. That splits are really paused is counted.
 * Replay: a failure prints the pipeline as code, the plan, and its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { replay } from "../harness/replay.ts";
import { aligned, alignments } from "../sim/pipelines/aligned.ts";
import type { Alignment, PauseCount } from "../sim/pipelines/aligned.ts";
import { codeOf, exactPipeline, expectedOf } from "../sim/pipelines/exact.ts";
import { exactDescriptions } from "../sim/pipelines/generate.ts";
import { differenceOf } from "../sim/pipelines/outcome.ts";
import { positionsIn } from "../sim/pipelines/positions.ts";
import type { ExactDescription } from "../sim/pipelines/wiring.ts";
import { outcomeOf } from "./compare.ts";
import { runGolden } from "./loop.ts";
import type { Plan } from "./loop.ts";
import { faultPlans, stopPlans, stormPlans } from "./plans.ts";

const RECORDS = 150;

/** Set to look longer. */
const numRuns = Number(process.env["MILLRACE_RUNS"] ?? 10);

async function asInterpreted(
  given: { readonly description: ExactDescription; readonly plan: Plan; readonly alignment: Alignment },
  count: PauseCount,
): Promise<void> {
  const { description, plan, alignment } = given;
  const run = await runGolden(aligned(exactPipeline(description), alignment, count), plan);
  const expected = expectedOf(description, run.drained && positionsIn(run.drained));
  const about = `${codeOf(description)}\n${JSON.stringify(given)}\n${run.warnings.join("\n")}`;
  expect(run.outside.violations, about).toEqual([]);
  const difference = differenceOf(outcomeOf(run), expected);
  expect(difference, `${about}\n${difference ?? ""}`).toBeUndefined();
}

describe("aligned pipelines", { timeout: 900_000 }, () => {
  test.each([
    ["stopped and resumed with another parallelism", stopPlans(RECORDS)],
    ["with failures", faultPlans],
    ["with both", stormPlans(RECORDS)],
  ])("%s", async (_, plans) => {
    const count: PauseCount = { pauses: 0 };
    const given = fc.record({ description: exactDescriptions, plan: plans, alignment: alignments([1, 2, 7]) });
    await fc.assert(
      fc.asyncProperty(given, (one) => asInterpreted(one, count)),
      { numRuns, ...replay },
    );
    if (Object.keys(replay).length === 0) expect(count.pauses).toBeGreaterThan(0);
  });
});
