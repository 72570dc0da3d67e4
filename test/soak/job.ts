/**
 * The soak's job: counts and sums per key and window, with a checkpoint every second. Each thread says how much memory it holds after a collection.
 *
 * In:    `SoakArgs` as JSON. Out: rows in files; the metrics `heapHeld` and `externalHeld` of the operator `windows`' input.
 */
import { defineJob, tumbling, WatermarkStrategy } from "millrace";
import type { JobDefinition, RuntimeContext } from "millrace";
import { dataGenerator } from "millrace/connectors/datagen";
import { fileSink, ndjson } from "millrace/connectors/files";
import { KEYS, readingOf, SPLITS, timeOf, WINDOW_MS } from "./layout.ts";
import type { Reading, Row } from "./layout.ts";
import { Memory } from "./memory.ts";

export interface SoakArgs {
  readonly out: string;
  /** 0: as fast as it goes. */
  readonly ratePerSecond: number;
}

export const HEAP_METRIC = "heapHeld";
export const EXTERNAL_METRIC = "externalHeld";

/** A metric is read every second; a collection every time would cost more than the job. Attempts that do not live so long say nothing. */
const COLLECT_EVERY_MS = 2_000;

function tellMemory({ metrics }: RuntimeContext): void {
  const memory = new Memory(COLLECT_EVERY_MS);
  metrics.gauge(HEAP_METRIC, () => memory.held().heapBytes);
  metrics.gauge(EXTERNAL_METRIC, () => memory.held().externalBytes);
}

const job: JobDefinition = defineJob("soak", (env, [json = "{}"]) => {
  const { out, ratePerSecond } = JSON.parse(json) as SoakArgs; // as main.ts writes it
  const rate = ratePerSecond === 0 ? {} : { ratePerSecond };
  const strategy = WatermarkStrategy.forMonotonousTimestamps<Reading>().withTimestampAssigner(timeOf);
  env
    .fromSource(dataGenerator({ splits: SPLITS, generate: readingOf, ...rate }), strategy, "readings")
    .uid("readings")
    .map({ open: tellMemory, map: (reading: Reading) => reading })
    .name("memory")
    .keyBy(({ key }) => key % KEYS)
    .window(tumbling(WINDOW_MS))
    .aggregate({
      createAccumulator: () => ({ count: 0, sum: 0 }),
      add: ({ index }: Reading, { count, sum }) => ({ count: count + 1, sum: sum + index }),
      getResult: (accumulator) => accumulator,
      merge: (left, right) => ({ count: left.count + right.count, sum: left.sum + right.sum }),
    })
    .uid("windows")
    .map(({ key, window, value }): Row => ({ key, window: window.startMs / WINDOW_MS, ...value }))
    .sinkTo(fileSink({ path: out, format: ndjson<Row>() }))
    .uid("rows");
});

export default job;
