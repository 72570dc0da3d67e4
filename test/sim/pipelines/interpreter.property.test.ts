/**
 * Goal:   the engine, left in peace, writes what the naive interpreter says.
 * Method: exact pipelines by chance, each run once with one subtask, and compared lane by lane.
 * Replay: a failure prints the pipeline as code and as data, and its seed; `MILLRACE_SEED=<seed>` runs it again, `MILLRACE_RUNS=<count>` looks longer.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { CALM, commitsOf, runGolden } from "../../golden/loop.ts";
import { replay } from "../../harness/replay.ts";
import { codeOf, exactPipeline, expectedOf } from "./exact.ts";
import { exactDescriptions } from "./generate.ts";
import { differenceOf, outcomeOf } from "./outcome.ts";

const numRuns = Number(process.env["MILLRACE_RUNS"] ?? 60);

test("the engine writes what the interpreter says", { timeout: 900_000 }, async () => {
  const property = fc.asyncProperty(exactDescriptions, async (description) => {
    const run = await runGolden(exactPipeline(description), CALM);
    const about = `${codeOf(description)}\n${JSON.stringify(description)}`;
    expect(run.outside.violations, about).toEqual([]);
    const difference = differenceOf(outcomeOf(commitsOf(run.outside)), expectedOf(description));
    expect(difference, `${about}\n${difference ?? ""}`).toBeUndefined();
  });
  await fc.assert(property, { numRuns, ...replay });
});
