/** Tumbling windows of event time: one count per key and second. */
import { defineJob, tumbling } from "millrace";
import type { JobDefinition } from "millrace";
import type { BenchCase } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";
import { count, timedNumbers, timeOf } from "./event-time.ts";

const KEYS = 1_000;
const SIZE_MS = 1_000;

const job: JobDefinition = defineJob("tumbling-window", (env, args) => {
  timedNumbers(env, jobArguments(args).records)
    .keyBy((n) => (n * 7919) % KEYS)
    .window(tumbling(SIZE_MS))
    .aggregate(count)
    .discard();
});
export default job;

export const tumblingWindow: BenchCase = {
  name: "tumbling window 1 s, 1,000 keys",
  module: import.meta.url,
  records: 30_000_000,
  config: { "execution.checkpointing.interval": "1s" },
  plain(records) {
    let counts = new Map<number, number>();
    let endMs = SIZE_MS;
    let sum = 0;
    for (let n = 0; n < records; n += 1) {
      if (timeOf(n) >= endMs) {
        for (const seen of counts.values()) sum += seen;
        counts = new Map();
        endMs += SIZE_MS;
      }
      const key = (n * 7919) % KEYS;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    for (const seen of counts.values()) sum += seen;
    return sum;
  },
};
