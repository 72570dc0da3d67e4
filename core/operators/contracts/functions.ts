/**
 * What users implement: functions, objects or classes that process one record at a time.
 *
 * An object is shared by all subtasks of a thread, so it keeps per-key data in its state and resources in what `open` makes. A class is instantiated
 * once per subtask.
 */
import type { MetricGroup } from "../../metrics/registry.ts";
import type { StateDeclarations, StateHandles } from "../../state/descriptors.ts";
import type { TimeMs } from "../../time/clock.ts";
import { MillraceError } from "../../util/errors.ts";

export interface TaskInfo {
  readonly jobName: string;
  /** Of this run of the job alone: whoever submits it again, also to go on from a savepoint, has another one. */
  readonly jobId: string;
  /** The operator's name, and of the task when the task itself speaks. */
  readonly name: string;
  readonly subtaskIndex: number;
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** 0 for the first run, one more after each restart by the same master. */
  readonly attempt: number;
  /** Grows with each master that leads the job. Of two attempts the one with the greater token is the later, and with equal ones the one with the greater `attempt`. */
  readonly masterToken: number;
}

/** What `open` gets. */
export interface RuntimeContext {
  readonly task: TaskInfo;
  readonly metrics: MetricGroup;
  /** Adds to a job-wide total that `JobClient.accumulators` returns. */
  accumulate(name: string, amount: number): void;
}

/** `open` is awaited before the first record, `close` is called in every case. */
export interface LifeCycle {
  open?(ctx: RuntimeContext): void | Promise<void>;
  close?(): void | Promise<void>;
}

/** Emits records downstream, stamped with the time of the record or timer at hand. */
export interface Collector<O> {
  collect(value: O): void;
}

/**
 * Names a side output; the type travels with it. Two tags are equal if their ids are.
 *
 * Shape:  `OutputTag<T>`: what `ctx.output` takes and `getSideOutput` returns are of type `T`.
 * Errors: `MR1053` the id is empty, or no text.
 * Source: Flink's `OutputTag`.
 *
 * @example
 * const odd = new OutputTag<string>("odd");
 * const even = numbers.process({
 *   processElement(n, ctx, out: Collector<number>) {
 *     if (n % 2 === 0) out.collect(n);
 *     else ctx.output(odd, `${n} is odd`);
 *   },
 * });
 * even.getSideOutput(odd).print();
 */
export class OutputTag<T> {
  readonly id: string;
  declare readonly __type?: (value: T) => void; // carries the type only, as something that takes T, so that no part of a T passes for one; never set

  constructor(id: string) {
    if (typeof id !== "string" || id.trim() === "")
      throw new MillraceError("MR1053", "new OutputTag(id) takes text that is not empty", { retryable: false });
    this.id = id;
  }
}

export interface TimeContext {
  /** The time of the record or timer at hand; `-Infinity` if the record has none. */
  readonly timestampMs: TimeMs;
  /** Never goes back for a key, also where it is restored beside keys that were behind; except that a job that goes on after it was drained begins time anew. */
  readonly currentWatermarkMs: TimeMs;
  processingTimeMs(): TimeMs;
}

export interface ProcessContext<S extends StateDeclarations = StateDeclarations> extends TimeContext {
  readonly state: StateHandles<S>;
  readonly task: TaskInfo;
  readonly metrics: MetricGroup;
  /** Emits to a side output; dropped if nobody reads it. */
  output<T>(tag: OutputTag<T>, value: T): void;
}

/** Timers of the current key, at most one per time and domain. */
export interface TimerService {
  registerEventTime(timeMs: TimeMs): void;
  registerProcessingTime(timeMs: TimeMs): void;
  deleteEventTime(timeMs: TimeMs): void;
  deleteProcessingTime(timeMs: TimeMs): void;
}

export interface KeyedProcessContext<K, S extends StateDeclarations = StateDeclarations> extends ProcessContext<S> {
  readonly key: K;
  readonly timers: TimerService;
}

export interface OnTimerContext<K, S extends StateDeclarations = StateDeclarations> extends KeyedProcessContext<K, S> {
  readonly timeDomain: "event" | "processing";
}

/** On streams without a key: operator state only, no timers. */
export interface ProcessFunction<I, O, S extends StateDeclarations = StateDeclarations> extends LifeCycle {
  readonly state?: S;
  processElement(value: I, ctx: ProcessContext<S>, out: Collector<O>): void;
}

export interface KeyedProcessFunction<K, I, O, S extends StateDeclarations = StateDeclarations> extends LifeCycle {
  readonly state?: S;
  processElement(value: I, ctx: KeyedProcessContext<K, S>, out: Collector<O>): void;
  onTimer?(timeMs: TimeMs, ctx: OnTimerContext<K, S>, out: Collector<O>): void;
}

export interface CoProcessFunction<A, B, O, S extends StateDeclarations = StateDeclarations> extends LifeCycle {
  readonly state?: S;
  processElement1(value: A, ctx: ProcessContext<S>, out: Collector<O>): void;
  processElement2(value: B, ctx: ProcessContext<S>, out: Collector<O>): void;
}

export interface KeyedCoProcessFunction<K, A, B, O, S extends StateDeclarations = StateDeclarations> extends LifeCycle {
  readonly state?: S;
  processElement1(value: A, ctx: KeyedProcessContext<K, S>, out: Collector<O>): void;
  processElement2(value: B, ctx: KeyedProcessContext<K, S>, out: Collector<O>): void;
  onTimer?(timeMs: TimeMs, ctx: OnTimerContext<K, S>, out: Collector<O>): void;
}

export type MapFunction<I, O> = ((value: I) => O) | ({ map(value: I): O } & LifeCycle);
export type FilterFunction<T> = ((value: T) => boolean) | ({ filter(value: T): boolean } & LifeCycle);
/** Emits through the collector, or returns an iterable, which is pulled only as fast as downstream takes it. */
export type FlatMapFunction<I, O> =
  | ((value: I, out: Collector<O>) => Iterable<O> | void)
  | ({ flatMap(value: I, out: Collector<O>): Iterable<O> | void } & LifeCycle);
export type KeySelector<T, K> = (value: T) => K;
/** Returns the index of the target, from 0 to `partitions - 1`. */
export type Partitioner<K> = (key: K, partitions: number) => number;

/** A function object, or a class of such: the class is instantiated once per subtask. */
export type Instantiable<F> = F | (new () => F);
