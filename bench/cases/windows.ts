/** Event-time windows: one record per millisecond and 100 keys a second's worth, so that windows close all the time. */
import { sliding, tumbling, WatermarkStrategy } from "millrace";
import type { AggregateFunction } from "millrace";
import type { BenchCase } from "../case.ts";

const count: AggregateFunction<number, { count: number }, number> = {
  createAccumulator: () => ({ count: 0 }),
  add(_value, accumulator) {
    accumulator.count += 1;
    return accumulator;
  },
  getResult: (accumulator) => accumulator.count,
  merge(left, right) {
    left.count += right.count;
    return left;
  },
};

/** Records per millisecond of event time. */
const RECORDS_PER_MS = 100;

const eventTime: WatermarkStrategy<number> = WatermarkStrategy.forMonotonousTimestamps<number>().withTimestampAssigner(
  (n) => Math.floor(n / RECORDS_PER_MS),
);

function naiveWindows(records: number, options: { readonly keys: number; readonly sizeMs: number }): number {
  let counts = new Map<number, number>();
  let endMs = options.sizeMs;
  let sum = 0;
  for (let n = 1; n <= records; n += 1) {
    const timeMs = Math.floor(n / RECORDS_PER_MS);
    if (timeMs >= endMs) {
      for (const seen of counts.values()) sum += seen;
      counts = new Map();
      endMs += options.sizeMs;
    }
    const key = (n * 7919) % options.keys;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const seen of counts.values()) sum += seen;
  return sum;
}

export const tumblingWindow: BenchCase = {
  name: "tumbling window 1 s, 1,000 keys",
  records: 30_000_000,
  flinkMillions: 1.6,
  config: { "execution.checkpointing.interval": "1s" },
  build(env, records) {
    env
      .fromSequence(1, records)
      .assignTimestampsAndWatermarks(eventTime)
      .keyBy((n) => (n * 7919) % 1_000)
      .window(tumbling("1s"))
      .aggregate(count)
      .discard();
  },
  plain: (records) => naiveWindows(records, { keys: 1_000, sizeMs: 1_000 }),
};

/** The size must not matter: each record goes into one slice, however many windows it is in. */
function slidingWindow(sizeS: number, flinkMillions: number | undefined): BenchCase {
  return {
    name: `sliding window ${sizeS} s / 1 s, 10,000 keys`,
    records: 10_000_000,
    ...(flinkMillions === undefined ? {} : { flinkMillions }),
    config: { "execution.checkpointing.interval": "1s" },
    build(env, records) {
      env
        .fromSequence(1, records)
        .assignTimestampsAndWatermarks(eventTime)
        .keyBy((n) => (n * 7919) % 10_000)
        .window(sliding(sizeS * 1_000, 1_000))
        .aggregate(count)
        .discard();
    },
    /** A slice per slide, merged when a window closes. */
    plain(records) {
      const slices: Map<number, number>[] = [];
      let current = new Map<number, number>();
      let endMs = 1_000;
      let sum = 0;
      const close = (): void => {
        slices.push(current);
        if (slices.length > sizeS) slices.shift();
        const merged = new Map<number, number>();
        for (const slice of slices) for (const [key, seen] of slice) merged.set(key, (merged.get(key) ?? 0) + seen);
        for (const seen of merged.values()) sum += seen;
        current = new Map();
      };
      for (let n = 1; n <= records; n += 1) {
        if (Math.floor(n / RECORDS_PER_MS) >= endMs) {
          close();
          endMs += 1_000;
        }
        const key = (n * 7919) % 10_000;
        current.set(key, (current.get(key) ?? 0) + 1);
      }
      for (let rest = 0; rest < sizeS; rest += 1) close();
      return sum;
    },
  };
}

export const slidingWindowShort: BenchCase = slidingWindow(10, 0.15);
export const slidingWindowLong: BenchCase = slidingWindow(60, undefined);
