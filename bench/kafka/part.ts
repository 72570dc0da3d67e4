/** The parts of the benchmark with Kafka, what a process is told to measure, and what it says. */
import type { Taken } from "./stop-watch.ts";

/** A loop of kafkajs alone, or a job; a job that only reads has no guarantee to choose. */
export type Way = "bare loop" | "job" | "at least once" | "exactly once";

export type Work = "reading" | "writing" | "through";

export interface SpeedCase {
  readonly work: Work;
  /** The bare loop first. */
  readonly ways: readonly Way[];
}

export const SPEEDS: readonly SpeedCase[] = [
  { work: "reading", ways: ["bare loop", "job"] },
  { work: "writing", ways: ["bare loop", "at least once", "exactly once"] },
  { work: "through", ways: ["bare loop", "at least once", "exactly once"] },
];

export interface LatencyCase {
  readonly guarantee: "at least once" | "exactly once";
  readonly intervalMs: number;
}

export const LATENCIES: readonly LatencyCase[] = [
  { guarantee: "at least once", intervalMs: 1_000 },
  { guarantee: "exactly once", intervalMs: 100 },
  { guarantee: "exactly once", intervalMs: 1_000 },
];

/** Topics that are there, and how many records go from one to the other. */
export interface Load {
  readonly servers: readonly string[];
  /** Holds so many records. Not read by those that only write. */
  readonly from: string;
  /** Is empty. Not written by those that only read. */
  readonly to: string;
  readonly records: number;
}

export interface SpeedOrder {
  readonly kind: "speed";
  readonly work: Work;
  readonly way: Way;
  readonly load: Load;
  /** The same with fewer records first; undefined: nothing. */
  readonly warmUp: Load | undefined;
}

export interface LatencyOrder extends LatencyCase {
  readonly kind: "latency";
  readonly load: Load;
  readonly perSecond: number;
}

/** Started by a process that measures latency. */
export interface LatencyJobOrder extends LatencyCase {
  readonly kind: "latency job";
  readonly load: Load;
}

/** What one process is asked for, as JSON in its only argument. */
export type Order = SpeedOrder | LatencyOrder | LatencyJobOrder;

export interface SpeedResult extends Taken {
  readonly work: Work;
  readonly way: Way;
}

export interface LatencyFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
  /** Until the broker had acknowledged the record that the job was to read. */
  readonly producerP50Ms: number;
  readonly producerP99Ms: number;
}

export interface LatencyResult extends LatencyCase {
  readonly figures: LatencyFigures;
}
