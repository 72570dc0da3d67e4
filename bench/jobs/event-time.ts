/** The numbers that the windows and timers of the benchmark run over: a hundred per millisecond of event time, so that windows close all the time. */
import { WatermarkStrategy } from "millrace";
import type { AggregateFunction, DataStream, StreamExecutionEnvironment } from "millrace";
import { stripes } from "../sources/stripes.ts";

const RECORDS_PER_MS = 100;

export function timeOf(n: number): number {
  return Math.floor(n / RECORDS_PER_MS);
}

export function timedNumbers(env: StreamExecutionEnvironment, records: number): DataStream<number> {
  const eventTime = WatermarkStrategy.forMonotonousTimestamps<number>().withTimestampAssigner(timeOf);
  return env.fromSource(stripes(records, itself), eventTime, "numbers");
}

function itself(n: number): number {
  return n;
}

export const count: AggregateFunction<number, { count: number }, number> = {
  createAccumulator: () => ({ count: 0 }),
  add(_value, accumulator) {
    accumulator.count += 1;
    return accumulator;
  },
  getResult: (accumulator) => accumulator.count,
  merge(left, right) {
    left.count += right.count;
    return left;
  },
};
