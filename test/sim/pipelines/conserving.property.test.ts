/**
 * Goal:   conserving pipelines keep their laws, in peace and whatever is stopped, resumed with another parallelism, or fails.
 * Method: pipelines and plans by chance, in virtual time; laws over what was committed. Broken outputs must not pass: a record lost, doubled, moved.
 * Replay: a failure prints the pipeline as code and as data, the plan and the seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CALM, commitsOf, runGolden } from "../../golden/loop.ts";
import type { Plan } from "../../golden/loop.ts";
import { drainPlans, stormPlans } from "../../golden/plans.ts";
import { replay } from "../../harness/replay.ts";
import { conservingDescriptions, describeConserving } from "./conserving/generate.ts";
import { brokenLawOf, codeOfConserving, conservingPipeline } from "./conserving/index.ts";
import type { ConservingDescription } from "./conserving/index.ts";
import type { Out } from "./pipeline.ts";
import { positionsIn } from "./positions.ts";

const numRuns = Number(process.env["MILLRACE_RUNS"] ?? 25);

async function keepsItsLaws(description: ConservingDescription, plan: Plan): Promise<void> {
  const run = await runGolden(conservingPipeline(description), plan);
  const about = `${codeOfConserving(description)}\n${JSON.stringify(description)}\n${JSON.stringify(plan)}\n${run.warnings.join("\n")}`;
  expect(run.outside.violations, about).toEqual([]);
  const broken = brokenLawOf(description, commitsOf(run.outside), run.drained && positionsIn(run.drained));
  expect(broken, `${broken ?? ""}\n${about}`).toBeUndefined();
}

describe("conserving pipelines keep their laws", { timeout: 900_000 }, () => {
  test("in peace", async () => {
    const property = fc.asyncProperty(conservingDescriptions, (description) => keepsItsLaws(description, CALM));
    await fc.assert(property, { numRuns, ...replay });
  });

  test("drained", async () => {
    await fc.assert(fc.asyncProperty(conservingDescriptions, drainPlans(100), keepsItsLaws), { numRuns, ...replay });
  });

  test("stopped, rescaled, and with failures", async () => {
    await fc.assert(fc.asyncProperty(conservingDescriptions, stormPlans(100), keepsItsLaws), { numRuns, ...replay });
  });
});

/** A full snapshot is written while time goes on: what has expired by then, and not at the barrier, belongs to it. */
test("state that is alive at the barrier is in a savepoint", async () => {
  const description: ConservingDescription = {
    source: {
      splits: 2,
      records: 17,
      keys: 2,
      stepMs: 6,
      behindPercent: 35,
      behindMs: 1,
      boundMs: 10,
      seed: 2_030_935_891,
    },
    of: { kind: "expiring", ttlMs: 1 },
  };
  for (let seed = 0; seed < 100; seed += 1) {
    const stop = { how: "savepoint", after: 15 + (seed % 15), slack: 4 } as const;
    const legs = [{ parallelism: 5, stop }, { parallelism: 1 }];
    await keepsItsLaws(description, { ...CALM, seed, legs, burst: 1, checkpointMs: 5, capacity: 3, chaining: false });
  }
});

/** Ways in which an output can be wrong. Each changes what a committed value says, or which there are. */
const DAMAGES: readonly (readonly [name: string, damage: (written: readonly Out[]) => readonly Out[]])[] = [
  ["a value is lost", (written) => written.toSpliced(Math.floor(written.length / 2), 1)],
  ["a value comes twice", (written) => written.flatMap((out, at) => (at === 0 ? [out, out] : [out]))],
];

describe("broken outputs are found", () => {
  test.each(DAMAGES)("%s", async (_name, damage) => {
    let judged = 0;
    for (let seed = 0; seed < 40; seed += 1) {
      const description = describeConserving(seed);
      const { of } = description;
      const run = await runGolden(conservingPipeline(description), CALM);
      const written = commitsOf(run.outside);
      // Of windows and timers of processing time any number may be missing; a value that fires early may come again.
      const tolerant =
        of.kind === "processing-windows" ||
        (of.kind === "timers" && of.time === "processing") ||
        (of.kind === "time-windows" && (of.earlyMs > 0 || of.latenessMs > 0 || of.assigner === "sliding"));
      if (tolerant || written.length < 2) continue;
      judged += 1;
      expect(brokenLawOf(description, damage(written)), codeOfConserving(description)).toBeDefined();
    }
    expect(judged).toBeGreaterThan(8);
  });
});
