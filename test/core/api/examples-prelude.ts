/**
 * What the examples in doc comments may use without declaring it: everything public, and the streams below. Each example gets an environment of its own.
 *
 * `finishExample` executes what an example built but did not execute, and makes new streams for the next one.
 */
import { StreamExecutionEnvironment, WatermarkStrategy, tumbling } from "../../../core/index.ts";
import type { DataStream, KeyedStream, Source, TimeWindow, WindowedStream } from "../../../core/index.ts";
import { DataSource } from "../../../core/api/sources/data-source.ts";
import type { RangeSplit } from "../../../core/api/sources/range-splits.ts";

export {
  Config,
  MillraceError,
  OutputTag,
  StreamExecutionEnvironment,
  WatermarkStrategy,
  aggregating,
  continuousEventTime,
  continuousProcessingTime,
  count,
  defineJob,
  delta,
  eventTime,
  exponentialDelay,
  failureRate,
  fixedDelay,
  global,
  isJobDefinition,
  isMillraceError,
  list,
  map,
  never,
  noRestart,
  operatorList,
  processingTime,
  processingTimeout,
  purging,
  reducing,
  session,
  sliding,
  tumbling,
  unionList,
  value,
} from "../../../core/index.ts";

export type {
  Collector,
  DataStream,
  Input,
  JobClient,
  KeyedStream,
  Operator,
  OperatorServices,
  Output,
  Sink,
  Source,
  SourceSplit,
  WindowedStream,
} from "../../../core/index.ts";

export interface Click {
  readonly user: string;
  readonly page: string;
  readonly atMs: number;
  readonly mobile: boolean;
}

export interface Car {
  readonly id: string;
  readonly metres: number;
}

const CLICKS: readonly Click[] = [
  { user: "ann", page: "/", atMs: 0, mobile: false },
  { user: "bob", page: "/cart", atMs: 1_000, mobile: true },
  { user: "ann", page: "/cart", atMs: 61_000, mobile: false },
  { user: "ann", page: "/", atMs: 130_000, mobile: true },
];

export const clickSource: Source<Click, RangeSplit, readonly RangeSplit[]> = new DataSource(CLICKS);

/** Replaced after each example; importers see the new one. */
export let env: StreamExecutionEnvironment = new StreamExecutionEnvironment();
export let numbers: DataStream<number> = numbersOf(env);
export let clicks: DataStream<Click> = clicksOf(env);
export let cars: DataStream<Car> = carsOf(env);
export let keyed: KeyedStream<string, Click> = clicks.keyBy((click) => click.page);
export let windowed: WindowedStream<string, Click, TimeWindow> = keyed.window(tumbling("1min"));

export async function finishExample(): Promise<void> {
  try {
    if (env.getStreamGraph().nodes.some((node) => node.kind.endsWith("sink"))) await env.execute();
  } catch (error) {
    if (!String(error).includes("MR1054")) throw error; // the example executed it
  } finally {
    env = new StreamExecutionEnvironment();
    numbers = numbersOf(env);
    clicks = clicksOf(env);
    cars = carsOf(env);
    keyed = clicks.keyBy((click) => click.page);
    windowed = keyed.window(tumbling("1min"));
  }
}

function numbersOf(environment: StreamExecutionEnvironment): DataStream<number> {
  return environment.fromSequence(1, 20);
}

function clicksOf(environment: StreamExecutionEnvironment): DataStream<Click> {
  const strategy = WatermarkStrategy.forBoundedOutOfOrderness("5s").withTimestampAssigner((click: Click) => click.atMs);
  return environment.fromSource(clickSource, strategy, "all clicks");
}

function carsOf(environment: StreamExecutionEnvironment): DataStream<Car> {
  return environment.fromData<Car>({ id: "a", metres: 0 }, { id: "a", metres: 30 }, { id: "a", metres: 90 });
}
