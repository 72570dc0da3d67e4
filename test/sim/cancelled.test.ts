/**
 * Goal:   a job that is cancelled, at whatever moment, leaves its newest checkpoint, and another one that starts from it commits what is missing, once.
 * Method: exact pipelines under plans by chance, in which whatever stops a leg cancels it instead, judged by all checkers of the simulator. That jobs were really cancelled is counted.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` begins there, and `MILLRACE_RUNS` looks longer.
 */
import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { committedOutput } from "./checkers/committed-output.ts";
import { SimElection } from "./election.ts";
import { plans } from "./generate-plan.ts";
import { codeOf, exactPipeline, expectedOf } from "./pipelines/exact.ts";
import { exactDescriptions, sampled } from "./pipelines/generate.ts";
import { positionsIn } from "./pipelines/positions.ts";
import type { Leg, SimPlan } from "./plan.ts";
import { arbitrarySeedOf } from "./search.ts";
import { examineTrial } from "./trial.ts";
import type { Examined } from "./trial.ts";

const RUNS = Number(process.env["MILLRACE_RUNS"] ?? 12);
const FROM = Number(process.env["MILLRACE_SEED"] ?? 1);

const scenarios = fc.record({
  description: exactDescriptions,
  plan: plans,
  parallelism: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
  after: fc.integer({ min: 0, max: 60 }),
});

/** One cancelled leg per parallelism, and then the plan's last one. */
function withCancels(plan: SimPlan, parallelism: readonly number[], after: number): SimPlan {
  const cancelled = parallelism.map((each): Leg => ({ parallelism: each, stop: { how: "cancel", after } }));
  const last = plan.legs.at(-1) ?? { parallelism: 1 };
  return { ...plan, legs: [...cancelled, last] };
}

function examineSeed(seed: number): Promise<Examined> {
  const { description, plan: drawn, parallelism, after } = sampled(scenarios, arbitrarySeedOf(seed));
  const plan = withCancels(drawn, parallelism, after);
  return examineTrial({
    pipeline: exactPipeline(description),
    plan,
    output: committedOutput(({ drained }) => expectedOf(description, drained && positionsIn(drained))),
    about: `${codeOf(description)}\n${JSON.stringify(plan)}`,
  });
}

afterEach(() => {
  vi.restoreAllMocks();
});

test("a job that was cancelled goes on as another one", { timeout: 900_000 }, async () => {
  let [cancelled, completed] = [0, 0];
  for (let seed = FROM; seed < FROM + RUNS; seed += 1) {
    const { run, violation } = await examineSeed(seed);
    expect(violation, `seed ${seed}`).toBeUndefined();
    cancelled += run?.history.lines().filter((line) => / phase \d+ canceled$/.test(line)).length ?? 0;
    completed += run?.completed ?? 0;
  }
  if (FROM === 1) expect([cancelled > 0, completed > 0]).toEqual([true, true]);
});

test("a job that begins anew instead is seen", { timeout: 120_000 }, async () => {
  const outcome = Object.getOwnPropertyDescriptor(SimElection.prototype, "outcome")?.get;
  vi.spyOn(SimElection.prototype, "outcome", "get").mockImplementation(function (this: SimElection) {
    const kept = outcome?.call(this) as SimElection["outcome"]; // as the getter says
    return kept && { ...kept, newest: undefined };
  });
  const seen: unknown[] = [];
  for (let seed = 1; seed <= 12; seed += 1) seen.push((await examineSeed(seed)).violation?.checker);
  expect(seen).toContain("committed output");
});
