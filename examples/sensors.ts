/**
 * Means and peaks of temperature sensors: `npx millrace run examples/sensors.ts -- --count 5000`.
 *
 * What one learns: tumbling and sliding windows over one keyed stream, a watermark generator of one's own, and what becomes of late records: the short
 * windows send them to a side output, while the long ones still take most of them.
 *
 * In:    generated readings, some of which come half a minute late. Out: a row per sensor and window, and the late readings, printed.
 * State: one accumulator per sensor and open window; the sliding windows share theirs.
 */
import { defineJob, OutputTag, sliding, tumbling, WatermarkStrategy } from "millrace";
import type {
  AggregateFunction,
  DataStream,
  JobDefinition,
  StreamExecutionEnvironment,
  WatermarkGenerator,
} from "millrace";
import { dataGenerator } from "millrace/connectors/datagen";
import { clockTime } from "./support/clock-time.ts";
import { dice } from "./support/dice.ts";
import { loadOptions, loadSpecs, usageOf } from "./support/options.ts";
import type { Load } from "./support/options.ts";

/** Unless `--count` says otherwise. */
const COUNT = 1_000;
const START_MS = Date.UTC(2026, 0, 1);
const SENSORS = 10;
const BOUND_MS = 3_000;

export interface Reading {
  readonly sensor: string;
  /** In steps of a quarter, which binary fractions hold exactly: their sum does not depend on their order. */
  readonly celsius: number;
  readonly atMs: number;
}

export interface Mean {
  readonly sensor: string;
  readonly fromMs: number;
  readonly readings: number;
  readonly celsius: number;
}

/** The hottest reading of a minute that ends at `toMs`. */
export interface Peak {
  readonly sensor: string;
  readonly toMs: number;
  readonly celsius: number;
}

const job: JobDefinition = defineJob(
  "sensors",
  (env, args) => {
    const { means, peaks, late } = pipeline(env, loadOptions(args, COUNT));
    means
      .filter(({ sensor }) => sensor === "s0")
      .map(({ fromMs, celsius }) => `${clockTime(fromMs)} ${celsius.toFixed(2)} °C`)
      .print("s0, mean of 10 s");
    peaks
      .filter(({ celsius }) => celsius >= 28)
      .map(({ sensor, toMs, celsius }) => `until ${clockTime(toMs)} ${sensor}: ${celsius} °C`)
      .print("hot minute");
    late.map(({ sensor, atMs }) => `${clockTime(atMs)} ${sensor}`).print("late");
  },
  { usage: usageOf(loadSpecs(COUNT)) },
);
export default job;

export function pipeline(
  env: StreamExecutionEnvironment,
  load: Load,
): { means: DataStream<Mean>; peaks: DataStream<Peak>; late: DataStream<Reading> } {
  const strategy = WatermarkStrategy.forGenerator(newWatermarks).withTimestampAssigner(
    (reading: Reading) => reading.atMs,
  );
  const bySensor = env
    .fromSource(dataGenerator({ ...load, generate: readingOf }), strategy, "readings")
    .uid("readings")
    .keyBy((reading) => reading.sensor);
  const lateTag = new OutputTag<Reading>("late");
  const windowMeans = bySensor
    .window(tumbling("10s"))
    .sideOutputLateData(lateTag)
    .aggregate(mean)
    .name("means")
    .uid("means");
  const peaks = bySensor
    .window(sliding("1min", "10s"))
    .reduce((left, right) => (right.celsius > left.celsius ? right : left))
    .name("peaks")
    .uid("peaks")
    .map(({ key, window, value }): Peak => ({ sensor: key, toMs: window.endMs, celsius: value.celsius }));
  return {
    means: windowMeans.map(({ key, window, value }): Mean => ({ sensor: key, fromMs: window.startMs, ...value })),
    peaks,
    late: windowMeans.getSideOutput(lateTag),
  };
}

interface Sum {
  readonly readings: number;
  readonly celsius: number;
}

const mean: AggregateFunction<Reading, Sum, Pick<Mean, "readings" | "celsius">> = {
  createAccumulator: () => ({ readings: 0, celsius: 0 }),
  add: (reading, sum) => ({ readings: sum.readings + 1, celsius: sum.celsius + reading.celsius }),
  getResult: ({ readings, celsius }) => ({ readings, celsius: celsius / readings }),
};

/**
 * A watermark after every record, so that windows close without delay. `forBoundedOutOfOrderness` asks only every 200 ms, in which a job at full speed
 * may be done. What `snapshot` returns keeps a restart from taking time back.
 */
function newWatermarks(): WatermarkGenerator<Reading> {
  let highestMs = -Infinity;
  return {
    onEvent(_reading, timestampMs, out) {
      highestMs = Math.max(highestMs, timestampMs);
      out.emitWatermark(highestMs - BOUND_MS - 1);
    },
    onPeriodicEmit: () => undefined,
    snapshot: () => highestMs,
    restore: (saved) => {
      highestMs = Number(saved);
    },
  };
}

/** Every sensor once a second, up to 2 s out of order; one reading in fifty was held up on its way. */
export function readingOf(index: number): Reading {
  const heldUpMs = dice(index, 0) < 0.02 ? 10_000 + Math.floor(dice(index, 1) * 70_000) : 0;
  const atMs = START_MS + Math.floor(index / SENSORS) * 1_000 - Math.floor(dice(index, 2) * 2_000) - heldUpMs;
  const daily = Math.sin(atMs / 600_000) * 8;
  return { sensor: `s${index % SENSORS}`, celsius: Math.round((18 + daily + dice(index, 3) * 4) * 4) / 4, atMs };
}
