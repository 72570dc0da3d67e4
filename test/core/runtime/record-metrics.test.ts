/**
 * Goal:   the records of operators, derived from what is counted anyway, are right wherever they are told; and all are told with `metrics.operator-records`.
 * Method: random jobs, run both ways; functions and sinks count for themselves what they get and emit.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
// covers: core/runtime/output-counts.ts
// covers: core/runtime/counting-output.ts
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MetricSample } from "../../../core/api/job-client.ts";
import { OutputTag, WatermarkStrategy } from "../../../core/index.ts";
import type { Collector, DataStream, Sink } from "../../../core/index.ts";
import { replay } from "../../harness/replay.ts";
import { Scene } from "../cluster/scene.ts";

const STEPS = ["map", "filter", "flatMap", "stamp", "side", "branch", "rebalance", "broadcast", "reduce"] as const;
type Step = (typeof STEPS)[number];

const RECORDS = 40;

/** Records by operator, over all subtasks. */
type Records = Map<string, number>;

interface Truth {
  readonly received: Records;
  readonly emitted: Records;
}

function add(records: Records, name: string, count: number): void {
  records.set(name, (records.get(name) ?? 0) + count);
}

/** A sink without transactions. */
function sinkTo(stream: DataStream<number>, name: string, truth: Truth): void {
  const sink: Sink<number> = { createWriter: () => ({ write: () => add(truth.received, `Sink: ${name}`, 1) }) };
  stream.sinkTo(sink).name(name).uid(name);
}

/** The stream with one operator more, and what hangs on that beside the main stream. */
function append(stream: DataStream<number>, step: Step, name: string, truth: Truth): DataStream<number> {
  const seen = (n: number, emitted: number): number => {
    add(truth.received, name, 1);
    add(truth.emitted, name, emitted);
    return n;
  };
  switch (step) {
    case "map":
      return stream.map((n) => seen(n + 1, 1)).name(name);
    case "filter":
      return stream.filter((n) => seen(n, n % 3 === 0 ? 0 : 1) % 3 !== 0).name(name);
    case "flatMap":
      return stream.flatMap((n) => Array.from({ length: seen(n, n % 3) % 3 }, (_, more) => n + more)).name(name);
    case "side": {
      const odd = new OutputTag<number>(name);
      const even = stream
        .process({
          processElement(n, ctx, out: Collector<number>) {
            if (n % 2 === 0) out.collect(seen(n, 1));
            else ctx.output(odd, seen(n, 1));
          },
        })
        .name(name)
        .uid(name);
      sinkTo(even.getSideOutput(odd), `odd ${name}`, truth);
      return even;
    }
    case "branch":
      sinkTo(stream, `branch ${name}`, truth);
      return stream;
    case "stamp":
      return stream.assignTimestampsAndWatermarks(WatermarkStrategy.noWatermarks<number>()).name(name);
    case "reduce":
      return stream
        .keyBy((n) => n % 5)
        .reduce((_, right) => right) // the same records in any order of the splits
        .name(name);
    case "rebalance":
      return stream.rebalance();
    case "broadcast":
      return stream.broadcast();
  }
}

interface Run {
  readonly truth: Truth;
  readonly metrics: readonly MetricSample[];
}

async function run(
  steps: readonly Step[],
  options: { readonly parallelism: number; readonly all: boolean },
): Promise<Run> {
  const scene = new Scene();
  const truth: Truth = { received: new Map(), emitted: new Map() };
  const env = scene.env({ "parallelism.default": options.parallelism, "metrics.operator-records": options.all });
  const numbers = scene.numbers(env, RECORDS, { splits: 2 });
  sinkTo(
    steps.reduce<DataStream<number>>((stream, step, index) => append(stream, step, `${step} ${index}`, truth), numbers),
    "end",
    truth,
  );
  return scene.play(async () => {
    const job = scene.start(env);
    await job.result();
    return { truth, metrics: job.metrics() };
  });
}

/** By operator; those of tasks by their name, apart. */
function recordsOf({ metrics }: Run, name: string): Records {
  const records: Records = new Map();
  for (const { name: metric, scope, value } of metrics)
    if (metric === name && scope.task !== undefined)
      add(records, scope.operator ?? `task ${scope.task}`, Number(value));
  return records;
}

/** What `told` says of the operators that the other one knows. */
function inCommon(told: Records, known: Records): Record<string, number> {
  return Object.fromEntries([...told].filter(([name]) => known.has(name)));
}

describe("the records of operators", () => {
  test("agree with what functions and sinks see", async () => {
    const jobs = fc.record({
      steps: fc.array(fc.constantFrom(...STEPS), { maxLength: 7 }),
      parallelism: fc.integer({ min: 1, max: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(jobs, async ({ steps, parallelism }) => {
        const derived = await run(steps, { parallelism, all: false });
        const counted = await run(steps, { parallelism, all: true });
        expect(counted.truth).toEqual(derived.truth);
        for (const [metric, truth] of [
          ["numRecordsIn", counted.truth.received],
          ["numRecordsOut", counted.truth.emitted],
        ] as const) {
          const told = recordsOf(derived, metric);
          const all = recordsOf(counted, metric);
          expect(inCommon(told, truth)).toEqual(inCommon(truth, told));
          expect(inCommon(all, truth)).toEqual(Object.fromEntries(truth));
          // Also those of operators without a function that counts.
          expect(inCommon(all, told)).toEqual(Object.fromEntries(told));
        }
      }),
      { numRuns: 40, ...replay },
    );
  });

  test("are derived through operators that emit one for each, from below and from above", async () => {
    const job = await run(["map", "stamp", "map", "filter", "map"], { parallelism: 1, all: false });
    expect([...recordsOf(job, "numRecordsIn")]).toEqual(
      expect.arrayContaining([
        ["Source: numbers", 40],
        ["map 0", 40],
        ["map 2", 40],
        ["filter 3", 40],
        ["map 4", job.truth.received.get("map 4")],
        ["Sink: end", job.truth.received.get("map 4")],
      ]),
    );
  });

  test("are not told between two operators that do not, unless asked for", async () => {
    const steps: Step[] = ["filter", "flatMap"];
    const unknown = await run(steps, { parallelism: 1, all: false });
    expect(recordsOf(unknown, "numRecordsOut").has("filter 0")).toBe(false);
    expect(recordsOf(unknown, "numRecordsIn").has("flatMap 1")).toBe(false);
    const known = await run(steps, { parallelism: 1, all: true });
    expect(recordsOf(known, "numRecordsOut").get("filter 0")).toBe(known.truth.emitted.get("filter 0"));
    expect(recordsOf(known, "numRecordsIn").get("flatMap 1")).toBe(known.truth.received.get("flatMap 1"));
  });

  test("of a task are those that went through its edges, a copy for everybody counted once", async () => {
    const job = await run(["map", "broadcast", "map"], { parallelism: 2, all: false });
    const sent = recordsOf(job, "numRecordsOut");
    const received = recordsOf(job, "numRecordsIn");
    expect(sent.get("task Source: numbers -> map 0")).toBe(RECORDS);
    expect(received.get("task map 2 -> Sink: end")).toBe(2 * RECORDS);
    expect(received.get("task Source: numbers -> map 0")).toBe(0);
  });

  test("leave alone what a user has called so", async () => {
    const scene = new Scene();
    const env = scene.env();
    const stream = scene.numbers(env, 5).process({
      processElement(n, ctx, out: Collector<number>) {
        ctx.metrics.counter("numRecordsIn").count += 2;
        out.collect(n);
      },
      open: (ctx) => void ctx.metrics.counter("numRecordsIn"),
    });
    sinkTo(stream.name("mine"), "end", { received: new Map(), emitted: new Map() });
    await scene.play(async () => {
      const job = scene.start(env);
      expect((await job.result()).records).toBe(5);
      const mine = job.metrics().filter(({ name, scope }) => name === "numRecordsIn" && scope.operator === "mine");
      expect(mine.map(({ value }) => value)).toEqual([10]);
    });
  });
});
