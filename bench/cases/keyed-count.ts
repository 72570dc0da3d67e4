/** Counting per key, with a checkpoint every second: what an access to state costs, in cache and out of it. */
import { value } from "millrace";
import type { Collector } from "millrace";
import type { BenchCase } from "../case.ts";

function keyedCount(keys: number, records: number, flinkMillions: number): BenchCase {
  return {
    name: `keyed count, ${keys.toLocaleString("en")} keys`,
    records,
    flinkMillions,
    config: { "execution.checkpointing.interval": "1s" },
    build(env, count) {
      env
        .fromSequence(1, count)
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
    },
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

export const keyedCountSmall: BenchCase = keyedCount(1_000, 40_000_000, 3.2);
export const keyedCountLarge: BenchCase = keyedCount(1_000_000, 20_000_000, 0.7);
