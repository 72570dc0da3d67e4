/** A million keys with 100 bytes each, a checkpoint every second while records flow as fast as they can: what that costs, and the longest pause of the input. */
import { defineJob, value } from "millrace";
import type { Collector, JobDefinition, MapFunction } from "millrace";
import type { BenchCase } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";
import { Durations } from "../measure/durations.ts";
import { PauseMeter } from "../measure/pause-meter.ts";

const KEYS = 1_000_000;
const TEXT = "x".repeat(90);
const PAUSES = "pauses";

/** Fewer in a quick run, in which each key has to come up too. */
function keysOf(records: number): number {
  return Math.min(KEYS, Math.max(1, Math.floor(records / 8)));
}

const job: JobDefinition = defineJob("large-state", (env, args) => {
  const { records, directory } = jobArguments(args);
  const keys = keysOf(records);
  class Metered {
    readonly #meter = new PauseMeter(directory, PAUSES);
    map(n: number): number {
      this.#meter.record(n > keys);
      return n;
    }
    close(): void {
      this.#meter.close();
    }
  }
  env
    .fromSequence(1, records)
    .map(Metered satisfies new () => MapFunction<number, number>)
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
});
export default job;

export const largeState: BenchCase = {
  name: "checkpoints of 1,000,000 keys x 100 bytes",
  module: import.meta.url,
  records: 8_000_000,
  config: { "execution.checkpointing.interval": "1s" },
  plain(records) {
    const keys = keysOf(records);
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
  figures: (directory) => ({
    "longest pause of input (ms)": Math.round(Durations.load(directory, PAUSES).longestMs * 10) / 10,
  }),
};
