/**
 * Two aligned sources, of which the second never gets beyond its first records: for a test that looks at them on threads.
 *
 * In:    nothing. Out: nothing. The first is held back after a while, for ever; the job has to be cancelled.
 */
import { defineJob, WatermarkStrategy } from "millrace";
import type { JobDefinition } from "millrace";
import { dataGenerator } from "millrace/connectors/datagen";

/** One per subtask, since generators cannot pause splits one by one. */
const SPLITS = 2;

/** A record per subtask, and the next after days. */
const HARDLY_EVER = 0.000_01;

const job: JobDefinition = defineJob("aligned", (env) => {
  env.configure({ "pipeline.auto-watermark-interval": "2ms", "parallelism.default": SPLITS });
  const aligned = WatermarkStrategy.forMonotonousTimestamps<number>()
    .withTimestampAssigner((n: number) => n)
    .withWatermarkAlignment("numbers", "10ms", "5ms");
  const numbers = { splits: SPLITS, generate: (index: number) => index };
  env.fromSource(dataGenerator(numbers), aligned, "fast").discard();
  env.fromSource(dataGenerator({ ...numbers, ratePerSecond: HARDLY_EVER }), aligned, "slow").discard();
});

export default job;
