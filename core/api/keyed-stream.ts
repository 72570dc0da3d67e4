/**
 * `KeyedStream<K, T>`: a stream partitioned by key, where each key has its own state, timers and windows.
 *
 * It is no `DataStream`: what would lose the key (a map, a union) goes before `keyBy`, or after what the key was for.
 */
import type { Instantiable, KeyedProcessFunction } from "../operators/contracts/functions.ts";
import type { GlobalWindow, TimeWindow, WindowAssigner } from "../operators/window/assigners.ts";
import type { StateDeclarations } from "../state/descriptors.ts";
import { KeyedConnectedStreams } from "./connected-streams.ts";
import type { KeyedHandle } from "./connected-streams.ts";
import type { DataStream } from "./data-stream.ts";
import { declarationsOf } from "./declared-functions.ts";
import type { NoState } from "./declared-functions.ts";
import type { StreamHandle } from "./pipeline.ts";
import { refuse, requireCallable } from "./refuse.ts";
import { ADD, HIGHER, LOWER, comparableOf, foldField, foldSelected, pickBy } from "./rolling.ts";
import type { Comparable, FoldNumber, Reducer } from "./rolling.ts";
import { addCustomOperator } from "./transform.ts";
import type { LoopOptions, MakeOperator, TransformOptions } from "./transform.ts";
import { countWindows, timeWindows } from "./window-spec.ts";
import { WindowedStream } from "./windowed-stream.ts";

/** A stream partitioned by key. Made by `DataStream.keyBy`. */
export class KeyedStream<out K, out T> {
  readonly #handle: StreamHandle;
  readonly #keyOf: (value: never) => unknown;

  /** @internal Made by `DataStream.keyBy`; every end of `handle` is hash partitioned by `keyOf`. */
  constructor(handle: StreamHandle, keyOf: (value: never) => unknown) {
    this.#handle = handle;
    this.#keyOf = keyOf;
  }

  /**
   * Hands each value to a process function with its key's state and timers in view. All types but the output's are inferred.
   *
   * Shape:  `DataStream<O>`; `O` is what the function's collectors take.
   * Time:   timers of the current key in event and processing time, at most one per time; what `onTimer` emits is stamped with the timer's time.
   * State:  per key, declared under `state` and found as `ctx.state`; operator lists too.
   * Errors: `MR1056` not a process function, `MR1057` a state that is not declared as one. What the function throws fails the task.
   * Source: Flink's `KeyedStream#process`, `KeyedProcessFunction`.
   *
   * @example
   * const greetings = clicks
   *   .keyBy((click) => click.user)
   *   .process({
   *     state: { seen: value({ default: 0 }), last: value<Date>() },
   *     processElement(click, ctx, out: Collector<{ user: string; seen: number }>) {
   *       const seen = ctx.state.seen.value() + 1;
   *       ctx.state.seen.update(seen);
   *       ctx.state.last.update(new Date(click.atMs));
   *       out.collect({ user: ctx.key, seen });
   *       ctx.timers.registerEventTime(click.atMs + 60_000);
   *     },
   *     onTimer(timeMs, ctx, out) {
   *       ctx.state.seen.clear();
   *     },
   *   });
   * greetings.print();
   */
  process<O, S extends StateDeclarations = NoState>(fn: Instantiable<KeyedProcessFunction<K, T, O, S>>): DataStream<O> {
    const { stateful } = declarationsOf(fn, "process", ["processElement"]);
    return this.#add<O>("keyed-process", { module: "keyed-process", functions: { process: fn }, stateful });
  }

  /**
   * Folds the values of each key into one, and emits it anew for each value.
   *
   * Shape:  `DataStream<T>`, one element per element; the first of a key comes out as it is.
   * State:  the folded value of each key, for ever.
   * Errors: `MR1064` no function. What it throws fails the task.
   * Source: Flink's `KeyedStream#reduce`.
   *
   * @example
   * numbers
   *   .keyBy((n) => n % 10)
   *   .reduce((left, right) => left + right)
   *   .print();
   */
  reduce(reduce: Instantiable<Reducer<T>>): DataStream<T> {
    requireCallable(reduce, "reduce");
    return this.#reduce("reduce", reduce);
  }

  /**
   * The sum of a field, or of what a selector returns, over the values of each key; emitted anew for each value.
   *
   * Shape:  by field `DataStream<T>`, the first element of the key with the sum in that field; by selector `DataStream<number>`.
   * State:  one element, or one number, per key, for ever.
   * Errors: `MR1066` neither a field's name nor a function.
   * Source: Flink's `KeyedStream#sum`.
   *
   * @example
   * numbers.keyBy((n) => n % 10).sum((n) => n).print();
   * clicks.keyBy((click) => click.user).sum("atMs").print();
   */
  sum<N extends keyof T & string>(this: KeyedStream<K, Readonly<Record<N, number>>>, field: N): DataStream<T>;
  sum(selector: (value: T) => number): DataStream<number>;
  sum(by: string | ((value: T) => number)): DataStream<T> | DataStream<number> {
    return this.#fold("sum", by, ADD);
  }

  /**
   * The lowest value of a field, or of what a selector returns, among the values of each key; emitted anew for each value.
   *
   * Shape:  by field `DataStream<T>`, the first element of the key with the lowest value in that field (its other fields stay: for the whole element, use
   *         `minBy`); by selector `DataStream<number>`.
   * State:  one element, or one number, per key, for ever.
   * Errors: `MR1066` neither a field's name nor a function.
   * Source: Flink's `KeyedStream#min`.
   *
   * @example
   * clicks.keyBy((click) => click.user).min("atMs").print();
   */
  min<N extends keyof T & string>(this: KeyedStream<K, Readonly<Record<N, number>>>, field: N): DataStream<T>;
  min(selector: (value: T) => number): DataStream<number>;
  min(by: string | ((value: T) => number)): DataStream<T> | DataStream<number> {
    return this.#fold("min", by, LOWER);
  }

  /**
   * The highest value of a field, or of what a selector returns, among the values of each key; emitted anew for each value.
   *
   * Shape:  by field `DataStream<T>`, the first element of the key with the highest value in that field (its other fields stay: for the whole element, use
   *         `maxBy`); by selector `DataStream<number>`.
   * State:  one element, or one number, per key, for ever.
   * Errors: `MR1066` neither a field's name nor a function.
   * Source: Flink's `KeyedStream#max`.
   *
   * @example
   * clicks.keyBy((click) => click.user).max((click) => click.atMs).print();
   */
  max<N extends keyof T & string>(this: KeyedStream<K, Readonly<Record<N, number>>>, field: N): DataStream<T>;
  max(selector: (value: T) => number): DataStream<number>;
  max(by: string | ((value: T) => number)): DataStream<T> | DataStream<number> {
    return this.#fold("max", by, HIGHER);
  }

  /**
   * The element of each key with the lowest value so far, by a field or a selector; the earlier one of equals. Emitted anew for each value.
   *
   * Shape:  `DataStream<T>`.
   * State:  one element per key, for ever.
   * Errors: `MR1066` neither a field's name nor a function.
   * Source: Flink's `KeyedStream#minBy`.
   *
   * @example
   * clicks.keyBy((click) => click.user).minBy("atMs").print();
   */
  minBy<N extends keyof T & string>(this: KeyedStream<K, Readonly<Record<N, Comparable>>>, field: N): DataStream<T>;
  minBy(selector: (value: T) => Comparable): DataStream<T>;
  minBy(by: string | ((value: T) => Comparable)): DataStream<T> {
    requireField(by, "minBy");
    return this.#reduce("min-by", pickBy(comparableOf(by), "lowest"));
  }

  /**
   * The element of each key with the highest value so far, by a field or a selector; the earlier one of equals. Emitted anew for each value.
   *
   * Shape:  `DataStream<T>`.
   * State:  one element per key, for ever.
   * Errors: `MR1066` neither a field's name nor a function.
   * Source: Flink's `KeyedStream#maxBy`.
   *
   * @example
   * clicks.keyBy((click) => click.user).maxBy((click) => click.page.length).print();
   */
  maxBy<N extends keyof T & string>(this: KeyedStream<K, Readonly<Record<N, Comparable>>>, field: N): DataStream<T>;
  maxBy(selector: (value: T) => Comparable): DataStream<T>;
  maxBy(by: string | ((value: T) => Comparable)): DataStream<T> {
    requireField(by, "maxBy");
    return this.#reduce("max-by", pickBy(comparableOf(by), "highest"));
  }

  /**
   * Cuts each key's stream into windows of time.
   *
   * Shape:  `WindowedStream<K, T, W>`, to be told what to make of each window. Assigners: `tumbling`, `sliding`, `session`, `global`, or your own.
   * Time:   event time, unless the assigner says `time: "processing"`. Windows of processing time that are still open when a bounded input ends emit
   *         nothing; those of event time are completed by the last watermark.
   * Errors: `MR1065` no assigner, `MR1217` an unknown `time`.
   * Source: Flink's `KeyedStream#window`.
   *
   * @example
   * clicks
   *   .keyBy((click) => click.page)
   *   .window(tumbling("1min"))
   *   .reduce((first, last) => last)
   *   .print();
   */
  window<W extends TimeWindow>(assigner: WindowAssigner<T, W>): WindowedStream<K, T, W> {
    return new WindowedStream<K, T, W>(this.#handle, this.#keyOf, timeWindows<T>(assigner));
  }

  /**
   * Cuts each key's stream into windows of a number of elements.
   *
   * Shape:  `WindowedStream<K, T, GlobalWindow>`: fires for every `size` elements; with `slide`, for every `slide` elements over the last `size`.
   * Time:   none; results carry the time of the element that fired the window.
   * State:  what has come since the last firing; with `slide`, the last `size` elements of each key.
   * Errors: `MR1206` size or slide is not a whole number of 1 or more.
   * Source: Flink's `KeyedStream#countWindow`.
   *
   * @example
   * numbers
   *   .keyBy((n) => n % 10)
   *   .countWindow(5)
   *   .reduce((left, right) => left + right)
   *   .print();
   */
  countWindow(size: number, slide?: number): WindowedStream<K, T, GlobalWindow> {
    return new WindowedStream<K, T, GlobalWindow>(this.#handle, this.#keyOf, countWindows<T>(size, slide));
  }

  /**
   * This stream and another with keys of the same type: records with one key share its state, whichever stream they come from.
   *
   * Shape:  `KeyedConnectedStreams<K, T, B>`.
   * Errors: `MR1050` a stream of another environment, `MR1065` a stream without keys.
   * Source: Flink's `ConnectedStreams` of two keyed streams.
   *
   * @example
   * numbers
   *   .keyBy((n) => n)
   *   .connect(clicks.keyBy((click) => click.page.length))
   *   .process({
   *     processElement1: (n, ctx, out: Collector<string>) => out.collect(`length ${ctx.key}`),
   *     processElement2: (click, ctx, out) => out.collect(click.page),
   *   })
   *   .print();
   */
  connect<B>(other: KeyedStream<K, B>): KeyedConnectedStreams<K, T, B> {
    if (!(#handle in other)) refuse("MR1065", "connect() of a keyed stream takes another one, made with keyBy(...)");
    this.#handle.pipeline.assertOwns(other.#handle);
    return new KeyedConnectedStreams<K, T, B>(this.#keyed(), other.#keyed());
  }

  /**
   * Adds an operator that users of the API wrote themselves, with keyed state.
   *
   * Shape:  `DataStream<O>`. The operator sets the current key itself, with `services.keyedState.setCurrentKey`, by the selector of `keyBy`.
   *         With `loopBy`, what the operator emits on its main output also comes back to it, at the second of its inputs, to the subtask that owns the key which
   *         `loopBy` names. What is in the loop is part of every checkpoint; it never blocks the operator. A bounded job ends when the loop has come to rest.
   * Errors: `MR1064` `makeOperator`, or `loopBy`, is no function.
   * Source: Flink's `DataStream#transform` on a keyed stream.
   *
   * @example
   * const seen = numbers
   *   .keyBy((n) => n)
   *   .transform<number>("first of each", ({ output, keyedState }) => {
   *     const seen = keyedState.value("seen", value({ default: false }));
   *     const input: Input<number> = {
   *       processRecord(n, timestampMs) {
   *         keyedState.setCurrentKey(n);
   *         if (!seen.value()) output.processRecord(n, timestampMs);
   *         seen.update(true);
   *       },
   *       processWatermark: (watermarkMs) => output.processWatermark(watermarkMs),
   *       processIdle: (idle) => output.processIdle(idle),
   *     };
   *     return { inputs: [input] };
   *   });
   * seen.print();
   */
  transform<O>(
    name: string,
    makeOperator: MakeOperator<O>,
    options: TransformOptions | LoopOptions<O> = {},
  ): DataStream<O> {
    return addCustomOperator<O>([this.#handle], { name, makeOperator, keyed: true, options });
  }

  #keyed(): KeyedHandle {
    return { handle: this.#handle, keyOf: this.#keyOf };
  }

  #fold(kind: string, by: string | ((value: T) => number), fold: FoldNumber): DataStream<T> | DataStream<number> {
    requireField(by, kind);
    if (typeof by === "string") return this.#reduce(kind, foldField<T>(by, fold));
    return this.#add<number>(kind, {
      module: "keyed-process",
      functions: { process: foldSelected<K, T>(by, fold) },
      stateful: true,
    });
  }

  #reduce(kind: string, reduce: Instantiable<Reducer<T>>): DataStream<T> {
    return this.#add<T>(kind, { module: "reduce", functions: { reduce }, stateful: true });
  }

  #add<O>(
    kind: string,
    operator: {
      readonly module: string;
      readonly functions: Readonly<Record<string, unknown>>;
      readonly stateful: boolean;
    },
  ): DataStream<O> {
    const { module, functions, stateful } = operator;
    const spec = { module, functions, parameters: { keyOf: this.#keyOf } };
    return this.#handle.pipeline.addOperator<O>({ kind, spec, stateful, keyed: true }, [this.#handle]);
  }
}

function requireField(by: unknown, method: string): void {
  if (typeof by !== "function" && (typeof by !== "string" || by === ""))
    refuse("MR1066", `${method}() takes the name of a field, or a function of the element`);
}
