/**
 * Goal:   a job that keeps several checkpoints keeps all files that any of them names, and whatever goes wrong goes on from the newest.
 * Method: exact pipelines under plans by chance that keep two to four checkpoints, also when they are cancelled and go on as another job, judged by all checkers of the simulator.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` begins there, and `MILLRACE_RUNS` looks longer.
 */
import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { SharedFiles } from "../../core/checkpoint/shared-files.ts";
import type { LiveChecker } from "./checkers/checker.ts";
import { committedOutput } from "./checkers/committed-output.ts";
import { plans } from "./generate-plan.ts";
import { codeOf, exactPipeline, expectedOf } from "./pipelines/exact.ts";
import { exactDescriptions, sampled } from "./pipelines/generate.ts";
import { positionsIn } from "./pipelines/positions.ts";
import { arbitrarySeedOf } from "./search.ts";
import { examineTrial } from "./trial.ts";
import type { Examined } from "./trial.ts";

const RUNS = Number(process.env["MILLRACE_RUNS"] ?? 12);
const FROM = Number(process.env["MILLRACE_SEED"] ?? 1);

const scenarios = fc.record({
  description: exactDescriptions,
  drawn: plans,
  retained: fc.integer({ min: 2, max: 4 }),
});

/** How many checkpoints there were at a time, at most. */
class Kept implements LiveChecker {
  readonly name = "kept";
  most = 0;
  readonly #ids = new Set<number>();

  completed({ pointer }: Parameters<NonNullable<LiveChecker["completed"]>>[0]): void {
    this.#ids.add(pointer.checkpointId);
    this.most = Math.max(this.most, this.#ids.size);
  }

  forgotten(checkpointId: number): void {
    this.#ids.delete(checkpointId);
  }

  check(): undefined {
    return undefined;
  }
}

async function examineSeed(seed: number): Promise<Examined & { readonly most: number; readonly retained: number }> {
  const { description, drawn, retained } = sampled(scenarios, arbitrarySeedOf(seed));
  const plan = { ...drawn, retained };
  const kept = new Kept();
  const examined = await examineTrial({
    pipeline: exactPipeline(description),
    plan,
    live: [kept],
    output: committedOutput(({ drained }) => expectedOf(description, drained && positionsIn(drained))),
    about: `${codeOf(description)}\n${JSON.stringify(plan)}`,
  });
  return { ...examined, most: kept.most, retained };
}

afterEach(() => {
  vi.restoreAllMocks();
});

test("a job keeps as many checkpoints as it was told, with all their files", { timeout: 900_000 }, async () => {
  let full = 0;
  for (let seed = FROM; seed < FROM + RUNS; seed += 1) {
    const { violation, most, retained } = await examineSeed(seed);
    expect(violation, `seed ${seed}`).toBeUndefined();
    if (most >= retained) full += 1;
  }
  if (FROM === 1) expect(full).toBeGreaterThan(0);
});

test("files that are deleted though a later checkpoint refers to them are seen", { timeout: 120_000 }, async () => {
  const retain = SharedFiles.prototype.retain;
  vi.spyOn(SharedFiles.prototype, "retain").mockImplementation(function (this: SharedFiles, id, paths) {
    const own = paths.filter((path) => path.includes(`/chk-${id}/`));
    retain.call(this, id, own);
  });
  const seen: unknown[] = [];
  for (let seed = 1; seed <= 12; seed += 1) seen.push((await examineSeed(seed)).violation?.checker);
  expect(seen).toContain("files");
});
