/** Counting per key, with a checkpoint every second: what an access to state costs, in cache and out of it. */
import { defineJob, value } from "millrace";
import type { Collector, JobDefinition } from "millrace";
import type { BenchCase } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";

const job: JobDefinition = defineJob("keyed-count", (env, args) => {
  const { records, own } = jobArguments(args);
  const keys = Number(own[0]);
  env
    .fromSequence(1, records)
    .keyBy((n) => (n * 7919) % keys)
    .process({
      state: { seen: value({ default: 0 }) },
      processElement(_n, ctx, out: Collector<number>) {
        const seen = ctx.state.seen.value() + 1;
        ctx.state.seen.update(seen);
        out.collect(seen);
      },
    })
    .discard();
});
export default job;

function keyedCount(keys: number, records: number): BenchCase {
  return {
    name: `keyed count, ${keys.toLocaleString("en")} keys`,
    module: import.meta.url,
    records,
    args: [String(keys)],
    config: { "execution.checkpointing.interval": "1s" },
    plain(count) {
      const counts = new Map<number, number>();
      let sum = 0;
      for (let n = 1; n <= count; n += 1) {
        const key = (n * 7919) % keys;
        const seen = (counts.get(key) ?? 0) + 1;
        counts.set(key, seen);
        sum += seen;
      }
      return sum;
    },
  };
}

export const keyedCounts: readonly BenchCase[] = [keyedCount(1_000, 40_000_000), keyedCount(1_000_000, 20_000_000)];
