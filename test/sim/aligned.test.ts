/**
 * Goal:   aligned sources come to their end, and commit what they commit without alignment, whatever fails: slots, masters, connections, storage.
 * Method: exact pipelines under plans by chance, as the simulator runs them, with an alignment by chance, judged by all its checkers. That splits are really paused is counted.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` begins there, and `MILLRACE_RUNS` looks longer.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { committedOutput } from "./checkers/committed-output.ts";
import { plans } from "./generate-plan.ts";
import { aligned, alignments } from "./pipelines/aligned.ts";
import type { PauseCount } from "./pipelines/aligned.ts";
import { codeOf, exactPipeline, expectedOf } from "./pipelines/exact.ts";
import { exactDescriptions, sampled } from "./pipelines/generate.ts";
import { positionsIn } from "./pipelines/positions.ts";
import { arbitrarySeedOf } from "./search.ts";
import { examineTrial } from "./trial.ts";

const RUNS = Number(process.env["MILLRACE_RUNS"] ?? 6);
const FROM = Number(process.env["MILLRACE_SEED"] ?? 1);

const scenarios = fc.record({
  description: exactDescriptions,
  plan: plans,
  alignment: alignments([100, 1_000, 5_000]),
});

test("aligned pipelines on a simulated cluster", { timeout: 900_000 }, async () => {
  const count: PauseCount = { pauses: 0 };
  for (let seed = FROM; seed < FROM + RUNS; seed += 1) {
    const { description, plan, alignment } = sampled(scenarios, arbitrarySeedOf(seed));
    const { violation } = await examineTrial({
      pipeline: aligned(exactPipeline(description), alignment, count),
      plan,
      output: committedOutput(({ drained }) => expectedOf(description, drained && positionsIn(drained))),
      about: `${codeOf(description)}\n${JSON.stringify(alignment)}\n${JSON.stringify(plan)}`,
    });
    expect(violation, `seed ${seed}`).toBeUndefined();
  }
  if (FROM === 1) expect(count.pauses).toBeGreaterThan(0);
});
