/** One key with a map of a million entries: a change to one entry must not cost more for the others. */
import { defineJob, map } from "millrace";
import type { Collector, JobDefinition } from "millrace";
import type { BenchCase } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";

const ENTRIES = 1_000_000;

const job: JobDefinition = defineJob("large-map", (env, args) => {
  env
    .fromSequence(1, jobArguments(args).records)
    .keyBy(() => "all")
    .process({
      state: { seen: map<number, number>() },
      processElement(n, ctx, out: Collector<number>) {
        const entry = (n * 7919) % ENTRIES;
        const seen = (ctx.state.seen.get(entry) ?? 0) + 1;
        ctx.state.seen.put(entry, seen);
        out.collect(seen);
      },
    })
    .discard();
});
export default job;

export const largeMap: BenchCase = {
  name: "one key with a map of 1,000,000 entries",
  module: import.meta.url,
  records: 4_000_000,
  config: { "execution.checkpointing.interval": "1s" },
  plain(records) {
    const counts = new Map<number, number>();
    let sum = 0;
    for (let n = 1; n <= records; n += 1) {
      const entry = (n * 7919) % ENTRIES;
      const seen = (counts.get(entry) ?? 0) + 1;
      counts.set(entry, seen);
      sum += seen;
    }
    return sum;
  },
};
