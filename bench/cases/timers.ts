/** One event timer per record, rounded up to the second, over 100,000 keys: registering, deduplicating and firing. */
import { WatermarkStrategy } from "millrace";
import type { Collector } from "millrace";
import type { BenchCase } from "../case.ts";

const KEYS = 100_000;
const RECORDS_PER_MS = 100;

export const timers: BenchCase = {
  name: "timers, 100,000 keys",
  records: 10_000_000,
  flinkMillions: 0.8,
  config: { "execution.checkpointing.interval": "1s" },
  build(env, records) {
    env
      .fromSequence(1, records)
      .assignTimestampsAndWatermarks(
        WatermarkStrategy.forMonotonousTimestamps<number>().withTimestampAssigner((n) =>
          Math.floor(n / RECORDS_PER_MS),
        ),
      )
      .keyBy((n) => (n * 7919) % KEYS)
      .process({
        processElement(_n, ctx) {
          ctx.timers.registerEventTime(Math.ceil((ctx.timestampMs + 1) / 1_000) * 1_000);
        },
        onTimer(timeMs, _ctx, out: Collector<number>) {
          out.collect(timeMs);
        },
      })
      .discard();
  },
  plain(records) {
    let due = new Set<number>();
    let endMs = 1_000;
    let sum = 0;
    for (let n = 1; n <= records; n += 1) {
      if (Math.floor(n / RECORDS_PER_MS) >= endMs) {
        for (const key of due) sum += key;
        due = new Set();
        endMs += 1_000;
      }
      due.add((n * 7919) % KEYS);
    }
    return sum + due.size;
  },
};
