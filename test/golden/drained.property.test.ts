/**
 * Goal:   a drain ends time, and what starts from its savepoint begins it anew: nothing that is read afterwards is late, windows take it, and state that
 *         does not depend on time goes on.
 * Method: windows that emit what they hold, and a count per key, over records that are never late within one run; drained once to three times, each time
 *         resumed with another parallelism. Time is made at the source, or by an assigner in mid-stream, whose own state knows about the end.
 * Replay: a failure prints its plan and seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OutputTag, session, sliding, tumbling, value, WatermarkStrategy } from "../../core/index.ts";
import type { Collector, WindowAssigner } from "../../core/index.ts";
import { SeededRandom } from "../../core/util/random.ts";
import { replay } from "../harness/replay.ts";
import { listSource } from "../sim/pipelines/list-source.ts";
import { commitsOf, runGolden } from "./loop.ts";
import type { GoldenResult, Plan } from "./loop.ts";
import type { Pipeline } from "../sim/pipelines/pipeline.ts";
import { drainedPlans } from "./plans.ts";

const numRuns = Number(process.env["MILLRACE_RUNS"] ?? 4);

interface Numbered {
  readonly id: number;
  readonly key: string;
}

const JITTER_MS = 20;
const RECORDS = recordsOf(11);
const COUNT = RECORDS.flat().length;
const LATE = new OutputTag<Numbered>("late");

function recordsOf(seed: number): { readonly value: Numbered; readonly timestampMs: number }[][] {
  const random = new SeededRandom(seed);
  return [0, 1, 2].map((split) =>
    Array.from({ length: 60 }, (_, n) => ({
      value: { id: split * 1_000 + n, key: `k${Math.floor(random.next() * 3)}` },
      timestampMs: n * 6 - Math.floor(random.next() * JITTER_MS),
    })),
  );
}

type TimeMadeAt = "the source" | "an assigner";

function pipelineOf(assigner: WindowAssigner<Numbered>, timeMadeAt: TimeMadeAt): Pipeline {
  return {
    name: `${assigner.kind}, time made at ${timeMadeAt}`,
    promise: "conserving",
    build({ read, write }) {
      const bounded = WatermarkStrategy.forBoundedOutOfOrderness<Numbered>(JITTER_MS);
      const none = WatermarkStrategy.noWatermarks<Numbered>();
      const records = read(listSource("records", RECORDS), timeMadeAt === "the source" ? bounded : none, "records");
      // Splits come together in any order, so the bound is beyond all timestamps.
      const anyOrder = WatermarkStrategy.forBoundedOutOfOrderness<Numbered>("10s");
      const timed =
        timeMadeAt === "the source" ? records : records.assignTimestampsAndWatermarks(anyOrder).uid("assigner");
      const keyed = timed.keyBy(({ key }) => key);
      const windows = keyed
        .window(assigner)
        .sideOutputLateData(LATE)
        .process({
          process(_ctx, elements, out: Collector<number[]>) {
            out.collect([...elements].map(({ id }) => id));
          },
        })
        .uid("windows");
      const counts = keyed
        .process({
          state: { count: value({ default: 0 }) },
          processElement({ key }, { state }, out: Collector<string>) {
            state.count.update(state.count.value() + 1);
            out.collect(`${key} ${state.count.value()}`);
          },
        })
        .uid("counts");
      write(
        windows.map((ids) => ({ lane: "fired", value: ids })),
        "fired",
      );
      write(
        windows.getSideOutput(LATE).map(({ id }) => ({ lane: "late", value: id })),
        "late",
      );
      write(
        counts.map((count) => ({ lane: "counts", value: count })),
        "counts",
      );
    },
  };
}

function valuesOf<T>({ outside }: GoldenResult, lane: string): T[] {
  const written = commitsOf(outside).filter((commit) => commit.lane === lane);
  return written.map((commit) => commit.value as T); // as the pipeline wrote it
}

function sorted(ids: readonly number[]): number[] {
  return ids.toSorted((left, right) => left - right);
}

/** `windowsPerRecord`: a drain may cut a window in two, but each record is in as many as ever. */
function check(run: GoldenResult, plan: Plan, windowsPerRecord: number): void {
  const about = `${JSON.stringify(plan)}\n${run.warnings.join("\n")}`;
  const each = RECORDS.flat().map((record) => record.value);
  expect(run.outside.violations, about).toEqual([]);
  expect(valuesOf(run, "late"), about).toEqual([]);
  const fired = valuesOf<number[]>(run, "fired").flat();
  const expected = each.flatMap(({ id }) => Array.from({ length: windowsPerRecord }, () => id));
  expect(sorted(fired), about).toEqual(sorted(expected));
  const perKey = new Map<string, number>();
  const counts = each.map(({ key }) => {
    perKey.set(key, (perKey.get(key) ?? 0) + 1);
    return `${key} ${perKey.get(key) ?? 0}`;
  });
  expect(valuesOf<string>(run, "counts").toSorted(), about).toEqual(counts.toSorted());
}

describe.each<TimeMadeAt>(["the source", "an assigner"])("time made at %s", (timeMadeAt) => {
  test.each([
    { kind: "tumbling", assigner: tumbling<Numbered>(25), windowsPerRecord: 1 },
    { kind: "sliding", assigner: sliding<Numbered>(30, 10), windowsPerRecord: 3 },
    { kind: "session", assigner: session<Numbered>(8), windowsPerRecord: 1 },
  ])("drained, resumed, and nothing is late: $kind windows", { timeout: 300_000 }, async ({ assigner, windowsPerRecord }) => {
    const pipeline = pipelineOf(assigner, timeMadeAt);
    let resumed = 0;
    const property = fc.asyncProperty(drainedPlans(COUNT), async (plan) => {
      const run = await runGolden(pipeline, plan);
      check(run, plan, windowsPerRecord);
      resumed += run.stops;
    });
    await fc.assert(property, { numRuns, ...replay });
    expect(resumed).toBeGreaterThan(0);
  });
});
