/** Large state: a checkpoint of a million keys with values of 100 bytes while records flow, and one key with a map of a million entries. */
import { map, value } from "millrace";
import type { Collector, StreamExecutionEnvironment } from "millrace";
import type { BenchCase } from "../case.ts";

const KEYS = 1_000_000;
const TEXT = "x".repeat(90);

/** The longest time between two records, looked at every 64 records. */
class PauseMeter {
  longestMs = 0;
  #count = 0;
  #lastMs = 0;

  /** Pauses before the state is full are those of growing it. */
  record(counts: boolean): void {
    this.#count += 1;
    if ((this.#count & 63) !== 0) return;
    const nowMs = performance.now();
    if (counts && this.#lastMs > 0) this.longestMs = Math.max(this.longestMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }
}

let meter = new PauseMeter();

export const largeCheckpoint: BenchCase = {
  name: "checkpoints of 1,000,000 keys x 100 bytes",
  records: 8_000_000,
  config: { "execution.checkpointing.interval": "1s" },
  build(env: StreamExecutionEnvironment, records: number) {
    meter = new PauseMeter();
    const keys = Math.min(KEYS, Math.max(1, Math.floor(records / 8)));
    env
      .fromSequence(1, records)
      .map((n) => {
        meter.record(n > keys);
        return n;
      })
      .keyBy((n) => n % keys)
      .process({
        state: { text: value<string>() },
        processElement(n, ctx, out: Collector<number>) {
          // Every key once, then only every hundredth changes.
          if (n <= keys || n % 100 === 0) ctx.state.text.update(`${TEXT}${n}`);
          out.collect(n);
        },
      })
      .discard();
  },
  plain(records) {
    const keys = Math.min(KEYS, Math.max(1, Math.floor(records / 8)));
    const texts = new Map<number, { text: string }>();
    let length = 0;
    for (let n = 1; n <= records; n += 1) {
      const row = texts.get(n % keys);
      if (row === undefined) texts.set(n % keys, { text: `${TEXT}${n}` });
      else if (n % 100 === 0) row.text = `${TEXT}${n}`;
      else length += row.text.length;
    }
    return length;
  },
  extra: () => ({ "longest pause of input (ms)": Math.round(meter.longestMs * 10) / 10 }),
};

export const largeMap: BenchCase = {
  name: "one key with a map of 1,000,000 entries",
  records: 4_000_000,
  config: { "execution.checkpointing.interval": "1s" },
  build(env, records) {
    env
      .fromSequence(1, records)
      .keyBy(() => "all")
      .process({
        state: { seen: map<number, number>() },
        processElement(n, ctx, out: Collector<number>) {
          const entry = (n * 7919) % KEYS;
          const seen = (ctx.state.seen.get(entry) ?? 0) + 1;
          ctx.state.seen.put(entry, seen);
          out.collect(seen);
        },
      })
      .discard();
  },
  plain(records) {
    const counts = new Map<number, number>();
    let sum = 0;
    for (let n = 1; n <= records; n += 1) {
      const entry = (n * 7919) % KEYS;
      const seen = (counts.get(entry) ?? 0) + 1;
      counts.set(entry, seen);
      sum += seen;
    }
    return sum;
  },
};
