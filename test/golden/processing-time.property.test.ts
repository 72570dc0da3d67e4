/**
 * Goal:   timers of processing time are neither lost nor fired twice: what waits for one comes out once, in order, wherever the job is stopped or fails.
 * Method: each record waits 2 ms of virtual time in its key's state. What has not come due at the end of the input is dropped, so that of each origin
 *         and key a prefix comes out.
 * Replay: a failure prints its plan and seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { map, WatermarkStrategy } from "../../core/index.ts";
import type { Collector } from "../../core/index.ts";
import { replay } from "../harness/replay.ts";
import { listSource } from "../sim/pipelines/list-source.ts";
import { lanesOf, runGolden } from "./loop.ts";
import type { Out, Pipeline } from "../sim/pipelines/pipeline.ts";
import { stormPlans } from "./plans.ts";

const numRuns = Number(process.env["MILLRACE_RUNS"] ?? 15);
const WAIT_MS = 2;
const SPLITS = [0, 1, 2].map((split) =>
  Array.from({ length: 60 }, (_, n) => ({ value: { lane: `${split}/${(n * 3 + split) % 4}`, n }, timestampMs: n })),
);

const pipeline: Pipeline = {
  name: "waiting",
  promise: "conserving",
  build({ read, write }) {
    const numbers = read(listSource("numbers", SPLITS), WatermarkStrategy.noWatermarks(), "numbers");
    const waited = numbers
      .keyBy(({ lane }) => lane)
      .process({
        state: { due: map<number, readonly number[]>() },
        processElement({ n }, ctx) {
          const dueMs = ctx.processingTimeMs() + WAIT_MS;
          ctx.state.due.put(dueMs, [...(ctx.state.due.get(dueMs) ?? []), n]);
          ctx.timers.registerProcessingTime(dueMs);
        },
        onTimer(timeMs, ctx, out: Collector<Out>) {
          for (const n of ctx.state.due.get(timeMs) ?? [-1]) out.collect({ lane: ctx.key, value: n });
          ctx.state.due.remove(timeMs);
        },
      })
      .uid("waiting");
    write(waited);
  },
};

const expected = new Map<string, number[]>();
for (const { value } of SPLITS.flat()) expected.set(value.lane, [...(expected.get(value.lane) ?? []), value.n]);

test("what waits for a timer comes out once, in order", { timeout: 300_000 }, async () => {
  let came = 0;
  const property = fc.asyncProperty(stormPlans(180), async (plan) => {
    const run = await runGolden(pipeline, plan);
    const about = `${JSON.stringify(plan)}\n${run.warnings.join("\n")}`;
    expect(run.outside.violations, about).toEqual([]);
    for (const [lane, values] of Object.entries(lanesOf(run.outside))) {
      expect(values, about).toEqual(expected.get(lane)?.slice(0, values.length));
      came += values.length;
    }
  });
  await fc.assert(property, { numRuns, ...replay });
  if (numRuns > 5) expect(came / numRuns).toBeGreaterThan(60);
});
