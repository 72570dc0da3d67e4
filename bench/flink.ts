/**
 * What Flink does, to compare with: the better of 1.20.5 and 2.3.0 on a machine like ours (two cores), object reuse on, a checkpoint every second, state on the
 * heap; millions of records per second at parallelism 1 and 2. Parallelism 1 already uses up to 1.8 cores there. Functions: Apache Flink Stateful Functions 3.3, millions
 * of messages per second; its ping-pong is local at parallelism 1, and half remote at 2.
 */
import type { FlinkFigures } from "./case.ts";

export const FLINK: Readonly<Record<string, FlinkFigures>> = {
  chain: { one: 20, two: 34 },
  shuffle: { two: 7 },
  "keyed count, 1,000 keys": { one: 5.6, two: 6.6 },
  "keyed count, 1,000,000 keys": { one: 1.3, two: 1.4 },
  "word count": { one: 5.9, two: 6.1 },
  "tumbling window 1 s, 1,000 keys": { one: 2.4, two: 3.1 },
  "sliding window 10 s / 1 s, 10,000 keys": { one: 0.19, two: 0.34 },
  "timers, 100,000 keys": { one: 1.1, two: 2.1 },
  "nexmark: generator alone": { one: 10, two: 20 },
  "nexmark q0": { one: 9, two: 17 },
  "nexmark q1": { one: 6.5, two: 12.9 },
  "nexmark q2": { one: 6.3, two: 12.7 },
  "nexmark q3": { one: 6, two: 8 },
  "nexmark q4": { one: 1.9, two: 1.6 },
  "nexmark q5": { one: 0.92, two: 1.1 },
  "nexmark q7": { one: 2.5, two: 3 },
  "nexmark q8": { one: 4.8, two: 4.5 },
  "nexmark q9": { one: 1.6, two: 1.6 },
  "nexmark q11": { one: 0.9, two: 1.2 },
  "functions: greeter, 100,000 users": { one: 0.94, two: 1.47 },
  "functions: ping-pong, local": { one: 12.5 },
  "functions: ping-pong, half remote": { two: 3.1 },
  "functions: fan-out, 1 to 3 and back": { one: 3.7, two: 1.9 },
};

/** What is no rate, as text for the page of figures. */
export const FLINK_FIGURES: Readonly<Record<string, string>> = {
  "end-to-end latency at 100,000 records/s":
    "Flink p50 / p99 by buffer timeout: 100 ms (its default) 11 / 26 ms, 1 ms 0.6 / 1.2 ms, 0 ms 0.02 / 0.26 ms",
  "checkpoints and recovery, 1,000,000 keys x 100 bytes":
    "Flink: a checkpoint takes 506 ms on the heap (111 MB, full each time), 44 ms incremental with RocksDB; recovery 1.1 s, 0.2 to 0.3 s",
  "functions: one hop at 1,000 messages/s":
    "Stateful Functions p50 / p99: default buffering 43 / 99 ms, none 0.02 / 0.13 ms",
};
