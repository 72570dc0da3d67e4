/**
 * Checkpoints and recovery of a million keys with 100 bytes each, at 20,000 records per second: the state is filled at once, then every record changes one
 * key; after some seconds the job fails, and starts again from its newest checkpoint without delay.
 *
 * Recovery counts from the failure to the first record that the new attempt puts out.
 */
import { defineJob, value, WatermarkStrategy } from "millrace";
import type { Collector, JobDefinition, KeyedProcessContext } from "millrace";
import type { BenchCase, Figures } from "../case.ts";
import { jobArguments } from "../job-arguments.ts";
import { Durations } from "../measure/durations.ts";
import { mark, markedMs } from "../measure/marks.ts";
import { paced } from "../sources/paced.ts";
import type { Paced } from "../sources/paced.ts";

const KEYS = 1_000_000;
const PER_SECOND = 20_000;
const TEXT = "x".repeat(90);

/** A sixth of the records come at the rate, the others fill the state before. */
const PACED_SHARE = 1 / 6;

const job: JobDefinition = defineJob("recovery", (env, args) => {
  const { records, directory } = jobArguments(args);
  const atOnce = Math.floor(records * (1 - PACED_SHARE));
  const failAt = Math.floor(records * (1 - PACED_SHARE / 3));
  const keys = Math.min(KEYS, atOnce);
  class Failing {
    #isPast = false;
    map(record: Paced): Paced {
      if (!this.#isPast && record.n > failAt) {
        this.#isPast = true;
        if (mark(directory, "failure")) throw new Error("the benchmark wants to see a recovery");
      }
      return record;
    }
  }
  class Texts {
    readonly state = { text: value<string>() };
    #isMarked = false;
    processElement({ n }: Paced, ctx: KeyedProcessContext<number, Texts["state"]>, out: Collector<number>): void {
      ctx.state.text.update(`${TEXT}${n}`);
      if (!this.#isMarked && n > atOnce && ctx.task.attempt > 0) {
        this.#isMarked = true;
        mark(directory, "recovered");
      }
      out.collect(n);
    }
  }
  const source = paced({ records, perSecond: PER_SECOND, atOnce, directory });
  env
    .fromSource(source, WatermarkStrategy.noWatermarks<Paced>(), "paced")
    .map(Failing)
    .keyBy(({ n }) => n % keys)
    .process(Texts)
    .discard();
});
export default job;

export const recovery: BenchCase = {
  name: "checkpoints and recovery, 1,000,000 keys x 100 bytes",
  module: import.meta.url,
  records: 1_200_000,
  config: {
    "execution.checkpointing.interval": "1s",
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.delay": "0ms",
  },
  checkpointsToFiles: true,
  isPaced: true,
  figures(directory): Figures {
    const failedMs = markedMs(directory, "failure");
    const recoveredMs = markedMs(directory, "recovered");
    const recovery = failedMs === undefined || recoveredMs === undefined ? Number.NaN : recoveredMs - failedMs;
    return {
      "recovery, failure to first output (ms)": Math.round(recovery),
      "longest pause of input (ms)": Math.round(Durations.load(directory, "lag").longestMs * 10) / 10,
    };
  },
};
