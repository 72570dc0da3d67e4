/**
 * What users write for windows, what they get, and the options of all window operators.
 */
import type { MetricGroup } from "../../metrics/registry.ts";
import type { AggregateFunction, ReduceFunction, StateDeclarations, StateHandles } from "../../state/descriptors.ts";
import type { TimeMs } from "../../time/clock.ts";
import type { Collector, LifeCycle, OutputTag, TaskInfo } from "../contracts/functions.ts";
import type { TimeWindow, WindowAssigner } from "./assigners.ts";
import type { Trigger } from "./trigger.ts";

/** What `reduce` and `aggregate` emit for each firing of a window. */
export interface WindowResult<K, W, R> {
  readonly key: K;
  readonly window: W;
  readonly value: R;
}

/** What a process window function sees of the window at hand. One per subtask, overwritten for every call. */
export interface ProcessWindowContext<
  K,
  W extends TimeWindow = TimeWindow,
  S extends StateDeclarations = StateDeclarations,
  P extends StateDeclarations = StateDeclarations,
> {
  readonly key: K;
  readonly window: W;
  readonly currentWatermarkMs: TimeMs;
  processingTimeMs(): TimeMs;
  /** What the function declared under `state`: per key, over all windows. */
  readonly state: StateHandles<S>;
  /** What the function declared under `windowState`: per key and window, forgotten with the window. */
  readonly windowState: StateHandles<P>;
  readonly task: TaskInfo;
  readonly metrics: MetricGroup;
  /** Emits to a side output, stamped as the window's results; dropped if nobody reads it. */
  output<T>(tag: OutputTag<T>, value: T): void;
}

/**
 * Called once per firing of a window with all its records, or with the one result of `reduce` or `aggregate`.
 *
 * What it emits is stamped with the last ms inside the window.
 */
export interface ProcessWindowFunction<
  K,
  I,
  O,
  W extends TimeWindow = TimeWindow,
  S extends StateDeclarations = StateDeclarations,
  P extends StateDeclarations = StateDeclarations,
> extends LifeCycle {
  readonly state?: S;
  /** Not for session windows, whose windows merge. */
  readonly windowState?: P;
  process(ctx: ProcessWindowContext<K, W, S, P>, elements: Iterable<I>, out: Collector<O>): void;
  /** The window is forgotten; `windowState` goes by itself. */
  clear?(ctx: ProcessWindowContext<K, W, S, P>): void;
}

/** Exactly one of `reduce`, `aggregate` or, for windows that collect their records, neither and `process`. */
export interface WindowFunctions<K, T, A, R, O> {
  readonly reduce?: ReduceFunction<T> | { reduce(left: T, right: T): T } | undefined;
  readonly aggregate?: AggregateFunction<T, A, R> | undefined;
  /** Gets the result of `reduce` or `aggregate`, or the records. */
  readonly process?: ProcessWindowFunction<K, never, O> | undefined;
}

/** What `createOperator` of every time or global window gets. */
export interface WindowOperatorOptions<K, T, A, R, O> extends WindowFunctions<K, T, A, R, O> {
  readonly keyOf: (value: T) => K;
  readonly assigner: WindowAssigner<T>;
  /** Undefined: the end of the window, in the assigner's time; never for global windows. */
  readonly trigger?: Trigger<T> | undefined;
  /** How long after its end a window is kept for late records. Event time only. Default: 0. */
  readonly allowedLatenessMs?: number | undefined;
  /** The side output of records that are too late; undefined: they are dropped and counted. */
  readonly lateTag?: string | undefined;
}
