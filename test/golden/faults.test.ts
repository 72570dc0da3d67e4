/**
 * Goal:   every place where something can go wrong is really reached, at any parallelism, and the job survives it.
 * Method: the same small pipeline with one kind of fault at a time; each must have struck, and restarted the job where it should.
 */
import { describe, expect, test } from "vitest";
import { tumbling, WatermarkStrategy } from "../../core/index.ts";
import { outcomeOf } from "./compare.ts";
import { FAULT_SITES } from "./faults.ts";
import type { FaultPlan, FaultSite } from "./faults.ts";
import { CALM, runGolden } from "./loop.ts";
import type { GoldenResult, Plan } from "./loop.ts";
import type { Pipeline } from "../sim/pipelines/pipeline.ts";
import { listSource } from "../sim/pipelines/list-source.ts";

const SPLITS = [0, 1, 2].map((split) =>
  Array.from({ length: 60 }, (_, n) => ({ value: { key: `${n % 4}`, split, n }, timestampMs: n * 5 - ((n * 7) % 11) })),
);

const pipeline: Pipeline = {
  name: "sums",
  promise: "exact",
  build({ read, write }) {
    const numbers = read(listSource("numbers", SPLITS), WatermarkStrategy.forBoundedOutOfOrderness(11), "numbers");
    const sums = numbers
      .keyBy(({ key }) => key)
      .window(tumbling(30))
      .reduce((left, right) => ({ ...left, n: left.n + right.n }))
      .uid("sums");
    write(sums.map(({ key, window, value: { n } }) => ({ lane: key, value: [window.startMs, n] })));
  },
};

/** Strikes early and later; a fault in a recovery needs a failure before it. */
const PLANS: Readonly<Record<FaultSite, FaultPlan>> = {
  record: { record: [40, 150] },
  snapshot: { snapshot: [2, 9] },
  state: { state: [10, 30] },
  recovery: { record: [40], recovery: [1, 2] },
  "commit-before": { "commit-before": [1, 3] },
  "commit-after": { "commit-after": [1, 3] },
  write: { write: [2, 10] },
  "write-unknown": { "write-unknown": [2, 10] },
  read: { record: [100], read: [1, 3] },
  delete: { delete: [1, 2, 3] },
  enumerator: { enumerator: [1, 3] },
};

const HARMLESS: ReadonlySet<FaultSite> = new Set(["delete", "enumerator"]);

describe.each(FAULT_SITES)("%s", (site) => {
  test.each([1, 2, 3, 5])("with %i subtasks", async (parallelism) => {
    const calm: GoldenResult = await runGolden(pipeline, CALM);
    const plan: Plan = { ...CALM, legs: [{ parallelism }], burst: 4, checkpointMs: 2, faults: PLANS[site] };
    const run = await runGolden(pipeline, plan);
    expect(run.outside.violations).toEqual([]);
    expect(outcomeOf(run)).toEqual(outcomeOf(calm));
    expect(run.struck.get(site)).toBe(PLANS[site][site]?.length);
    if (HARMLESS.has(site)) expect(run.restarts).toBe(0);
    else expect(run.restarts).toBeGreaterThan(0);
  });
});
