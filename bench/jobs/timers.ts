/** One event timer per record, rounded up to the second, over 100,000 keys: registering, deduplicating and firing. */
import { defineJob } from "millrace";
import type { Collector, JobDefinition } from "millrace";
import type { BenchCase } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";
import { timedNumbers, timeOf } from "./event-time.ts";

const KEYS = 100_000;
const GRID_MS = 1_000;

const job: JobDefinition = defineJob("timers", (env, args) => {
  timedNumbers(env, jobArguments(args).records)
    .keyBy((n) => (n * 7919) % KEYS)
    .process({
      processElement(_n, ctx) {
        ctx.timers.registerEventTime(Math.ceil((ctx.timestampMs + 1) / GRID_MS) * GRID_MS);
      },
      onTimer(timeMs, _ctx, out: Collector<number>) {
        out.collect(timeMs);
      },
    })
    .discard();
});
export default job;

export const timers: BenchCase = {
  name: "timers, 100,000 keys",
  module: import.meta.url,
  records: 10_000_000,
  config: { "execution.checkpointing.interval": "1s" },
  plain(records) {
    let due = new Set<number>();
    let endMs = GRID_MS;
    let sum = 0;
    for (let n = 0; n < records; n += 1) {
      if (timeOf(n) >= endMs) {
        for (const key of due) sum += key;
        due = new Set();
        endMs += GRID_MS;
      }
      due.add((n * 7919) % KEYS);
    }
    return sum + due.size;
  },
};
