/**
 * Goal:   the golden loop is a net without holes: what is wrong in a sink, a source or a function does not pass.
 * Method: one small pipeline, sound and with one bug each, under plans that bring the bug out. The sound one passes all of them.
 */
// covers: core/runtime/custom.ts
// covers: core/runtime/pump.ts
// covers: core/runtime/services.ts
// covers: core/runtime/chain-builder.ts
// covers: core/runtime/slot-channels.ts
// covers: core/runtime/deployment.ts
import { describe, expect, test } from "vitest";
import { value, WatermarkStrategy } from "../../core/index.ts";
import type { Collector, Source } from "../../core/index.ts";
import type { CommittedSinkOptions } from "../sim/committed-sink.ts";
import { outcomeOf } from "./compare.ts";
import { CALM, runGolden } from "./loop.ts";
import type { Plan } from "./loop.ts";
import type { Out, Pipeline } from "../sim/pipelines/pipeline.ts";
import { listSource } from "../sim/pipelines/list-source.ts";
import type { ListSplit } from "../sim/pipelines/list-source.ts";

type Bug = "position behind" | "position ahead" | "forgets a split" | "state in a closure" | "order across splits";

const SPLITS = [0, 1, 2].map((split) =>
  Array.from({ length: 40 }, (_, n) => ({ value: { split, n }, timestampMs: n })),
);

/** A reader that saves other positions than it has read to. */
function shifted<T>(source: Source<T, ListSplit, readonly ListSplit[]>, bug: Bug | undefined): typeof source {
  const saved = (splits: readonly ListSplit[]): readonly ListSplit[] => {
    if (bug === "forgets a split") return splits.slice(1);
    const by = bug === "position behind" ? -1 : bug === "position ahead" ? 1 : 0;
    return splits.map((split) => ({ ...split, position: Math.max(split.position + by, 0) }));
  };
  return {
    ...source,
    createReader: (ctx) => {
      const reader = source.createReader(ctx);
      const snapshot = reader.snapshot.bind(reader);
      reader.snapshot = (checkpointId) => saved(snapshot(checkpointId));
      return reader;
    },
  };
}

function pipelineWith(bug?: Bug): Pipeline {
  const counts = new Map<string, number>();
  return {
    name: bug ?? "sound",
    promise: "exact",
    build({ read, write }) {
      const numbers = read(shifted(listSource("numbers", SPLITS), bug), WatermarkStrategy.noWatermarks(), "numbers");
      const keyOf = ({ split, n }: { split: number; n: number }): string =>
        bug === "order across splits" ? `${n % 3}` : `${split} ${n % 3}`;
      const counted = numbers
        .keyBy(keyOf)
        .process({
          state: { count: value({ default: 0 }) },
          processElement({ n }, ctx, out: Collector<Out>) {
            const before = bug === "state in a closure" ? (counts.get(ctx.key) ?? 0) : ctx.state.count.value();
            counts.set(ctx.key, before + 1);
            ctx.state.count.update(before + 1);
            out.collect({ lane: ctx.key, value: `${n} is number ${before + 1}` });
          },
        })
        .uid("count");
      write(counted);
    },
  };
}

const BUSY: Plan = { ...CALM, burst: 3, checkpointMs: 2 };

const PLANS: readonly (readonly [name: string, plan: Plan])[] = [
  ["a failing record", { ...BUSY, faults: { record: [70] } }],
  ["a failing commit", { ...BUSY, legs: [{ parallelism: 2 }], faults: { "commit-after": [3] } }],
  [
    "a stop and another parallelism",
    { ...BUSY, legs: [{ parallelism: 2, stop: { how: "suspend", after: 50, slack: 5 } }, { parallelism: 3 }] },
  ],
  [
    "a savepoint and a cancel",
    { ...BUSY, legs: [{ parallelism: 3, stop: { how: "savepoint", after: 50, slack: 5 } }, { parallelism: 1 }] },
  ],
  [
    "a cancel and the newest checkpoint",
    { ...BUSY, legs: [{ parallelism: 2, stop: { how: "checkpoint", after: 50, slack: 5 } }, { parallelism: 2 }] },
  ],
];

/** What the loop has to say about a run, as one text; empty if nothing. */
async function complaints(
  plan: Plan,
  bug: Bug | undefined,
  sinkBug?: CommittedSinkOptions<Out>["bug"],
): Promise<string> {
  const calm = await runGolden(pipelineWith(), CALM);
  const run = await runGolden(pipelineWith(bug), plan, sinkBug);
  const differs = JSON.stringify(outcomeOf(run)) !== JSON.stringify(outcomeOf(calm));
  return [...run.outside.violations, ...(differs ? ["another outcome"] : [])].join("; ");
}

describe("the sound pipeline passes", () => {
  test.each(PLANS)("%s", async (_name, plan) => expect(await complaints(plan, undefined)).toBe(""));
});

describe("caught", () => {
  test.each<[Bug, string]>([
    ["position behind", "a failing record"],
    ["position behind", "a stop and another parallelism"],
    ["position ahead", "a failing record"],
    ["position ahead", "a cancel and the newest checkpoint"],
    ["forgets a split", "a savepoint and a cancel"],
    ["state in a closure", "a failing record"],
    ["order across splits", "a stop and another parallelism"],
  ])("%s, by %s", async (bug, name) => {
    const plan = new Map(PLANS).get(name);
    if (plan === undefined) throw new Error(`there is no plan "${name}"`);
    expect(await complaints(plan, bug)).toContain("another outcome");
  });

  test("a sink that commits at the barrier", async () => {
    const early = await complaints({ ...BUSY, faults: { record: [70] } }, undefined, "commit-early");
    expect(early).toContain("but the newest complete checkpoint is");
    expect(early).toContain("another outcome");
  });

  test("a committer that does not know what it has applied", async () => {
    expect(await complaints({ ...BUSY, faults: { "commit-after": [3] } }, undefined, "new-id-on-retry")).toContain(
      "another outcome",
    );
  });
});

test("a job that waits for ever is found at once", async () => {
  const stuck: Pipeline = {
    name: "stuck",
    promise: "exact",
    build({ read, write }) {
      const source = listSource("numbers", SPLITS);
      const deaf: typeof source = {
        ...source,
        createEnumerator: (ctx, restored) => ({
          ...source.createEnumerator(ctx, restored),
          handleSplitRequest: () => undefined,
          snapshot: () => [],
        }),
      };
      write(read(deaf, WatermarkStrategy.noWatermarks(), "numbers").map(({ n }) => ({ lane: "all", value: n })));
    },
  };
  // Without checkpoints and periodic watermarks nothing is left to happen.
  await expect(runGolden(stuck, CALM)).rejects.toThrow(/waits for ever|does not end/);
});
