/** A stateless chain: what a hop from operator to operator costs. */
import { defineJob } from "millrace";
import type { JobDefinition } from "millrace";
import type { BenchCase } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";

const job: JobDefinition = defineJob("chain", (env, args) => {
  env
    .fromSequence(1, jobArguments(args).records)
    .map((n) => n + 1)
    .map((n) => n * 3)
    .filter((n) => n % 5 !== 0)
    .map((n) => n - 7)
    .map((n) => n % 1_000_003)
    .discard();
});
export default job;

/** Also the loop of the same chain of process functions. */
export function plainChain(records: number): number {
  let sum = 0;
  for (let n = 1; n <= records; n += 1) {
    const scaled = (n + 1) * 3;
    if (scaled % 5 === 0) continue;
    sum += (scaled - 7) % 1_000_003;
  }
  return sum;
}

export const chain: BenchCase = { name: "chain", module: import.meta.url, records: 40_000_000, plain: plainChain };
