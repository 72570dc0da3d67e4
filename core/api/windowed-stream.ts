/** `WindowedStream<K, T, W>`: a keyed stream cut into windows, waiting to be told what to make of each window. */
import type { Instantiable, OutputTag } from "../operators/contracts/functions.ts";
import type { TimeWindow } from "../operators/window/assigners.ts";
import type { ProcessWindowFunction, WindowResult } from "../operators/window/functions.ts";
import type { Trigger } from "../operators/window/trigger.ts";
import type { AggregateFunction, StateDeclarations } from "../state/descriptors.ts";
import type { Duration } from "../util/duration.ts";
import type { DataStream } from "./data-stream.ts";
import type { NoState } from "./declared-functions.ts";
import type { StreamHandle } from "./pipeline.ts";
import { requireCallable, requireTag } from "./refuse.ts";
import type { Reducer } from "./rolling.ts";
import { checkAggregate, windowOperator, withLateTag, withLateness, withTrigger } from "./window-spec.ts";
import type { WindowFunctionSet, WindowSpec } from "./window-spec.ts";

/** A keyed stream cut into windows. Made by `KeyedStream.window` and `countWindow`. */
export class WindowedStream<out K, out T, out W extends TimeWindow> {
  readonly #handle: StreamHandle;
  readonly #keyOf: (value: never) => unknown;
  readonly #spec: WindowSpec<T>;

  /** @internal Made by `KeyedStream.window` and `KeyedStream.countWindow`. */
  constructor(handle: StreamHandle, keyOf: (value: never) => unknown, spec: WindowSpec<T>) {
    this.#handle = handle;
    this.#keyOf = keyOf;
    this.#spec = spec;
  }

  /**
   * Keeps each window open for records up to `lateness` behind the watermark; every such record fires the window again, with the whole result so far.
   *
   * Shape:  `WindowedStream<K, T, W>`, a new one; this one is unchanged.
   * Units:  `lateness` in ms, or text such as `"30s"`. Default: 0, so that late records are dropped and counted.
   * State:  a window is kept until its end plus `lateness`.
   * Errors: `MR1001` no duration, `MR1205` the windows are not of event time, `MR1207` a negative duration.
   * Source: Flink's `WindowedStream#allowedLateness`.
   *
   * @example
   * clicks
   *   .keyBy((click) => click.page)
   *   .window(tumbling("1min"))
   *   .allowedLateness("30s")
   *   .reduce((first, last) => last)
   *   .print();
   */
  allowedLateness(lateness: Duration): WindowedStream<K, T, W> {
    return this.#with(withLateness(this.#spec, lateness));
  }

  /**
   * Sends records that are too late for all their windows to a side output instead of dropping them.
   *
   * Shape:  `WindowedStream<K, T, W>`, a new one; this one is unchanged. Read them with `getSideOutput(tag)` on the result.
   * Errors: `MR1205` the windows are not of event time; `MR1065` no tag.
   * Source: Flink's `WindowedStream#sideOutputLateData`.
   *
   * @example
   * const late = new OutputTag<Click>("late");
   * const latest = clicks
   *   .keyBy((click) => click.page)
   *   .window(tumbling("1min"))
   *   .sideOutputLateData(late)
   *   .reduce((first, last) => last);
   * latest.getSideOutput(late).print("late");
   */
  sideOutputLateData(tag: OutputTag<T>): WindowedStream<K, T, W> {
    return this.#with(withLateTag(this.#spec, requireTag(tag, "sideOutputLateData")));
  }

  /**
   * Says when windows fire and what is forgotten then. It replaces the default, so that a window with `count(3)` does not fire at its end.
   *
   * Shape:  `WindowedStream<K, T, W>`, a new one; this one is unchanged.
   * State:  what the trigger declares, per key and window.
   * Errors: `MR1209` a trigger that cannot merge on session windows, one that waits for the other time than the windows are of, one of processing time on
   *         global windows, or any on windows by count; `MR1065` no trigger.
   * Source: Flink's `WindowedStream#trigger`.
   *
   * @example
   * clicks
   *   .keyBy((click) => click.user)
   *   .window(global())
   *   .trigger(purging(count(3)))
   *   .reduce((first, last) => last)
   *   .print();
   */
  trigger<S extends StateDeclarations>(trigger: Trigger<T, W, S>): WindowedStream<K, T, W> {
    return this.#with(withTrigger(this.#spec, trigger));
  }

  /**
   * Folds the records of each window into one, as they come.
   *
   * Shape:  `DataStream<WindowResult<K, W, T>>`, one element per key, window and firing; with a process window function, what that emits.
   * Time:   results are stamped with the last ms inside the window, `endMs - 1`.
   * State:  one value per key and open window.
   * Errors: `MR1064` no function, `MR1215` global windows without a trigger. What it throws fails the task.
   * Source: Flink's `WindowedStream#reduce`.
   *
   * @example
   * clicks
   *   .keyBy((click) => click.page)
   *   .window(tumbling("1min"))
   *   .reduce((first, last) => last)
   *   .map(({ key, window, value }) => `${key} ${window.endMs} ${value.user}`)
   *   .print();
   */
  reduce(reduce: Instantiable<Reducer<T>>): DataStream<WindowResult<K, W, T>>;
  reduce<O, S extends StateDeclarations = NoState, P extends StateDeclarations = NoState>(
    reduce: Instantiable<Reducer<T>>,
    process: Instantiable<ProcessWindowFunction<K, T, O, W, S, P>>,
  ): DataStream<O>;
  reduce(reduce: Instantiable<Reducer<T>>, process?: unknown): DataStream<unknown> {
    requireCallable(reduce, "reduce");
    return this.#add("window.reduce", { reduce, process });
  }

  /**
   * Folds the records of each window into an accumulator, as they come, and makes a result of it at each firing.
   *
   * Shape:  `DataStream<WindowResult<K, W, R>>`, one element per key, window and firing; with a process window function, what that emits.
   * Time:   results are stamped with the last ms inside the window, `endMs - 1`.
   * State:  one accumulator `A` per key and open window (not the records: for those, use `process`). Sliding windows share accumulators if it can merge.
   * Errors: `MR1208` an aggregate without `merge` on session windows, `MR1215` global windows without a trigger. What it throws fails the task.
   * Source: Flink's `WindowedStream#aggregate`; Akidau et al., The Dataflow Model, VLDB 2015, section 2.
   *
   * @example
   * clicks
   *   .keyBy((click) => click.page)
   *   .window(sliding("1min", "10s"))
   *   .aggregate({
   *     createAccumulator: () => 0,
   *     add: (click, count) => count + 1,
   *     getResult: (count) => count,
   *     merge: (left, right) => left + right,
   *   })
   *   .print();
   */
  aggregate<A, R>(aggregate: Instantiable<AggregateFunction<T, A, R>>): DataStream<WindowResult<K, W, R>>;
  aggregate<A, R, O, S extends StateDeclarations = NoState, P extends StateDeclarations = NoState>(
    aggregate: Instantiable<AggregateFunction<T, A, R>>,
    process: Instantiable<ProcessWindowFunction<K, R, O, W, S, P>>,
  ): DataStream<O>;
  aggregate(aggregate: unknown, process?: unknown): DataStream<unknown> {
    checkAggregate(this.#spec, aggregate);
    return this.#add("window.aggregate", { aggregate, process });
  }

  /**
   * Hands all records of a window to a function at each firing.
   *
   * Shape:  `DataStream<O>`; `O` is what the function's collector takes.
   * Time:   what it emits is stamped with the last ms inside the window, `endMs - 1`.
   * State:  every record of every open window, so prefer `reduce` or `aggregate`, with a process window function where the window is needed.
   *         The function's own state per key (`state`) and per key and window (`windowState`).
   * Errors: `MR1056` not a process window function, `MR1214` `windowState` on session windows, `MR1215` global windows without a trigger.
   * Source: Flink's `WindowedStream#process`, `ProcessWindowFunction`.
   *
   * @example
   * clicks
   *   .keyBy((click) => click.page)
   *   .window(tumbling("1min"))
   *   .process({
   *     process(ctx, elements, out: Collector<{ page: string; users: number; untilMs: number }>) {
   *       const users = new Set([...elements].map((click) => click.user)).size;
   *       out.collect({ page: ctx.key, users, untilMs: ctx.window.endMs });
   *     },
   *   })
   *   .print();
   */
  process<O, S extends StateDeclarations = NoState, P extends StateDeclarations = NoState>(
    fn: Instantiable<ProcessWindowFunction<K, T, O, W, S, P>>,
  ): DataStream<O> {
    return this.#add<O>("window.process", { process: fn });
  }

  #with(spec: WindowSpec<T>): WindowedStream<K, T, W> {
    return new WindowedStream<K, T, W>(this.#handle, this.#keyOf, spec);
  }

  #add<O>(kind: string, functions: WindowFunctionSet): DataStream<O> {
    const spec = windowOperator(this.#spec, this.#keyOf, functions);
    return this.#handle.pipeline.addOperator<O>({ kind, spec, stateful: true, keyed: true }, [this.#handle]);
  }
}
