/** The chain again, each step a process function. */
import { defineJob } from "millrace";
import type { Collector, JobDefinition } from "millrace";
import type { BenchCase } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";
import { plainChain } from "./chain.ts";

const job: JobDefinition = defineJob("process-chain", (env, args) => {
  env
    .fromSequence(1, jobArguments(args).records)
    .process({ processElement: (n, _ctx, out: Collector<number>) => out.collect(n + 1) })
    .process({ processElement: (n, _ctx, out: Collector<number>) => out.collect(n * 3) })
    .process({
      processElement(n, _ctx, out: Collector<number>) {
        if (n % 5 !== 0) out.collect(n);
      },
    })
    .process({ processElement: (n, _ctx, out: Collector<number>) => out.collect(n - 7) })
    .process({ processElement: (n, _ctx, out: Collector<number>) => out.collect(n % 1_000_003) })
    .discard();
});
export default job;

export const processChain: BenchCase = {
  name: "chain of process functions",
  module: import.meta.url,
  records: 20_000_000,
  plain: plainChain,
};
