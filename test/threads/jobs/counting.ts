/**
 * A job that counts records per key, of which every row can be known before: for tests that run it on threads.
 *
 * In:    `CountingArgs` as JSON. Out: one row per record, in files. State: a count per key.
 *
 * All records of a key come from one split, so that they have one order, whatever the parallelism.
 */
import { defineJob, value, WatermarkStrategy } from "millrace";
import type { Collector, JobDefinition } from "millrace";
import { dataGenerator } from "millrace/connectors/datagen";
import { fileSink, ndjson } from "millrace/connectors/files";
import { disasterAt } from "./disaster.ts";
import type { Disaster } from "./disaster.ts";

export interface CountingArgs {
  /** Directory of the rows. */
  readonly out: string;
  readonly count: number;
  /** Default: as fast as it goes. */
  readonly ratePerSecond?: number;
  readonly disaster?: Disaster;
}

export interface Row {
  readonly key: number;
  readonly n: number;
  /** Records of the key so far, with this one. */
  readonly seen: number;
}

const SPLITS = 4;
export const KEYS: number = SPLITS * 3;

/** What an undisturbed run writes, as lines, sorted. */
export function expectedRows(count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) =>
    JSON.stringify({ key: n % KEYS, n, seen: Math.floor(n / KEYS) + 1 } satisfies Row),
  ).toSorted();
}

const job: JobDefinition = defineJob("counting", (env, [json = "{}"]) => {
  const { out, count, ratePerSecond, disaster } = JSON.parse(json) as CountingArgs; // as the test writes it
  const rate = ratePerSecond === undefined ? {} : { ratePerSecond };
  const source = dataGenerator({ count, splits: SPLITS, generate: (index) => index, ...rate });
  const numbers = env.fromSource(source, WatermarkStrategy.noWatermarks(), "numbers").uid("numbers");
  (disaster === undefined ? numbers : numbers.map(disasterAt(disaster)).name("disaster"))
    .keyBy((n) => n % KEYS)
    .process({
      state: { seen: value({ default: 0 }) },
      open: (ctx) => ctx.accumulate("opened", 1),
      processElement(n, ctx, rows: Collector<Row>) {
        const seen = ctx.state.seen.value() + 1;
        ctx.state.seen.update(seen);
        rows.collect({ key: ctx.key, n, seen });
      },
    })
    .name("count")
    .uid("count")
    .sinkTo(fileSink({ path: out, format: ndjson<Row>() }))
    .name("rows")
    .uid("rows");
});

export default job;
