/** Stateless chains: what a hop from operator to operator costs. */
import type { Collector } from "millrace";
import type { BenchCase } from "../case.ts";

export const chain: BenchCase = {
  name: "chain",
  records: 40_000_000,
  flinkMillions: 18,
  build(env, records) {
    env
      .fromSequence(1, records)
      .map((n) => n + 1)
      .map((n) => n * 3)
      .filter((n) => n % 5 !== 0)
      .map((n) => n - 7)
      .map((n) => n % 1_000_003)
      .discard();
  },
  plain(records) {
    let sum = 0;
    for (let n = 1; n <= records; n += 1) {
      const scaled = (n + 1) * 3;
      if (scaled % 5 === 0) continue;
      sum += (scaled - 7) % 1_000_003;
    }
    return sum;
  },
};

export const processChain: BenchCase = {
  name: "chain of process functions",
  records: 20_000_000,
  build(env, records) {
    env
      .fromSequence(1, records)
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
  },
  plain: (records) => chain.plain(records),
};
