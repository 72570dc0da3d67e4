/**
 * `DataStream<T>`: a stream of values of one type, and what can be made of it. Every transformation adds one node to the graph; nothing runs.
 *
 * Read this file first. `keyed-stream.ts`, `windowed-stream.ts` and `connected-streams.ts` continue it; `stream-partitioning.ts`, `stream-results.ts` and
 * `modifiers.ts` document the rest of its methods.
 */
import type { Partitioning } from "../graph/stream-graph.ts";
import type {
  FilterFunction,
  FlatMapFunction,
  Instantiable,
  KeySelector,
  MapFunction,
  OutputTag,
  Partitioner,
  ProcessFunction,
} from "../operators/contracts/functions.ts";
import type { Sink } from "../operators/contracts/sink.ts";
import type { WatermarkStrategy } from "../time/watermark-strategy.ts";
import { ConnectedStreams } from "./connected-streams.ts";
import type { DataStreamSink } from "./data-stream-sink.ts";
import { declarationsOf, refuseKeyed } from "./declared-functions.ts";
import type { NoState, OperatorStateDeclarations } from "./declared-functions.ts";
import { KeyedStream } from "./keyed-stream.ts";
import { modifiersOf, operatorOf } from "./modifiers.ts";
import type { OperatorModifiers } from "./modifiers.ts";
import type { StreamHandle } from "./pipeline.ts";
import { refuse, requireCallable, requireFunction, requireStrategy, requireTag } from "./refuse.ts";
import { collectAsync, discard, executeAndCollect, print, sinkTo } from "./results.ts";
import type { StreamPartitioning } from "./stream-partitioning.ts";
import type { CollectOptions, PrintOptions, StreamResults } from "./stream-results.ts";
import { addCustomOperator } from "./transform.ts";
import type { MakeOperator, TransformOptions } from "./transform.ts";

/** A stream of values of one type. Made by the sources of `StreamExecutionEnvironment` and by the methods of streams. */
export class DataStream<out T> implements OperatorModifiers, StreamPartitioning<T>, StreamResults<T> {
  readonly #handle: StreamHandle;

  /** @internal Made by the environment and by the methods of streams. */
  constructor(handle: StreamHandle) {
    this.#handle = handle;
  }

  /**
   * Makes one value of each value.
   *
   * Shape:  `DataStream<O>`, one element per element; timestamps stay.
   * Cost:   a direct call where it can be chained, which is the rule.
   * Errors: what the function throws fails the task; the job restarts from the last checkpoint.
   * Source: Flink's `DataStream#map`.
   *
   * @example
   * clicks.map((click) => click.page.length).print();
   */
  map<O>(fn: Instantiable<MapFunction<T, O>>): DataStream<O> {
    requireCallable(fn, "map");
    return this.#add<O>("map", { map: fn });
  }

  /**
   * Keeps the values for which the function returns true.
   *
   * Shape:  `DataStream<T>`.
   * Cost:   a direct call where it can be chained, which is the rule.
   * Errors: as for `map`.
   * Source: Flink's `DataStream#filter`.
   *
   * @example
   * numbers.filter((n) => n % 2 === 0).print();
   */
  filter(fn: Instantiable<FilterFunction<T>>): DataStream<T> {
    requireCallable(fn, "filter");
    return this.#add<T>("filter", { filter: fn });
  }

  /**
   * Makes any number of values of each value: what the function hands to the collector, or the iterable that it returns.
   *
   * Shape:  `DataStream<O>`; timestamps are those of the input.
   * Cost:   an iterable is pulled only as fast as downstream takes it, so that it may be long; prefer the collector where it is short.
   * Errors: as for `map`.
   * Source: Flink's `DataStream#flatMap`.
   *
   * @example
   * clicks.flatMap((click) => click.page.split("/")).print();
   * clicks.flatMap((click, out: Collector<string>) => out.collect(click.user)).print();
   */
  flatMap<O>(fn: Instantiable<FlatMapFunction<T, O>>): DataStream<O> {
    requireCallable(fn, "flatMap");
    return this.#add<O>("flat-map", { flatMap: fn });
  }

  /**
   * Hands each value to a process function, with its time, side outputs and operator state at hand.
   *
   * Shape:  `DataStream<O>`; `O` is what the function's collector takes.
   * State:  lists per subtask, declared with `operatorList` and `unionList`. State per key and timers need `keyBy` before.
   * Errors: `MR1051` keyed state, `MR1055` timers, `MR1056` not a process function. What the function throws fails the task.
   * Source: Flink's `DataStream#process`, `ProcessFunction`.
   *
   * @example
   * const odd = new OutputTag<number>("odd");
   * const even = numbers.process({
   *   processElement(n, ctx, out: Collector<number>) {
   *     if (n % 2 === 0) out.collect(n);
   *     else ctx.output(odd, n);
   *   },
   * });
   * even.getSideOutput(odd).print("odd");
   */
  process<O, S extends OperatorStateDeclarations = NoState>(fn: Instantiable<ProcessFunction<T, O, S>>): DataStream<O> {
    const declarations = declarationsOf(fn, "process", ["processElement"]);
    refuseKeyed(declarations, "process");
    return this.#add<O>("process", { process: fn }, { stateful: declarations.stateful });
  }

  /**
   * The open door for authors of operators: adds an operator of their own.
   *
   * Shape:  `DataStream<O>`. `makeOperator` is called once per subtask; `services.output` takes `O`.
   * State:  the operator's, behind `services.operatorState`; behind `services.keyedState` if it is added to a keyed stream.
   * Errors: `MR1064` `makeOperator` is no function.
   * Source: Flink's `DataStream#transform`; the contract is `core/operators/operator.ts`.
   *
   * @example
   * const negated = numbers.transform<number>("negate", ({ output }) => ({
   *   inputs: [
   *     {
   *       processRecord: (n: number, timestampMs: number) => output.processRecord(-n, timestampMs),
   *       processWatermark: (watermarkMs: number) => output.processWatermark(watermarkMs),
   *       processIdle: (idle: boolean) => output.processIdle(idle),
   *     },
   *   ],
   * }));
   * negated.print();
   */
  transform<O>(name: string, makeOperator: MakeOperator<O>, options: TransformOptions = {}): DataStream<O> {
    return addCustomOperator<O>([this.#handle], { name, makeOperator, keyed: false, options });
  }

  /**
   * This stream and others of the same type as one, without any order among them.
   *
   * Shape:  `DataStream<T>`; a stream that is given twice comes twice. The watermark is the lowest of all.
   * Cost:   none of its own; operators behind it are not chained to those before.
   * Errors: `MR1059` no other stream; `MR1050` a stream of another environment; `MR1065` what is no stream, or one with keys.
   * Source: Flink's `DataStream#union`.
   *
   * @example
   * numbers.union(numbers.map((n) => -n)).print();
   */
  union(...others: readonly DataStream<T>[]): DataStream<T> {
    if (others.length === 0) refuse("MR1059", "union() takes at least one other stream");
    const { pipeline, ends } = this.#handle;
    pipeline.assertOpen();
    const handles = others.map((other) => DataStream.#handleOf(other, "union"));
    for (const handle of handles) pipeline.assertOwns(handle);
    return new DataStream<T>({ pipeline, ends: [...ends, ...handles.flatMap((handle) => handle.ends)] });
  }

  /**
   * This stream and one of another type, for a function that sees both.
   *
   * Shape:  `ConnectedStreams<T, B>`.
   * Errors: `MR1050` a stream of another environment; `MR1065` what is no stream, or one with keys.
   * Source: Flink's `DataStream#connect`.
   *
   * @example
   * numbers
   *   .connect(clicks)
   *   .process({
   *     processElement1: (n, ctx, out: Collector<string>) => out.collect(String(n)),
   *     processElement2: (click, ctx, out) => out.collect(click.page),
   *   })
   *   .print();
   */
  connect<B>(other: DataStream<B>): ConnectedStreams<T, B> {
    const handle = DataStream.#handleOf(other, "connect");
    this.#handle.pipeline.assertOwns(handle);
    return new ConnectedStreams<T, B>(this.#handle, handle);
  }

  /**
   * Partitions the stream by a key: all records of one key go to one subtask, in order, and share that key's state.
   *
   * Shape:  `KeyedStream<K, T>`. Keys are compared by value: primitives, or tuples and plain objects of them; `1`, `"1"` and `1n` differ.
   * Cost:   an exchange between all subtasks; the selector runs on both sides of it, so it must be cheap and always return the same.
   * Errors: `MR1064` no function. A key that is null, undefined, NaN, a function or an object with identity fails the task with `MR4001`.
   * Source: Flink's `DataStream#keyBy`.
   *
   * @example
   * clicks.keyBy((click) => click.user).maxBy("atMs").print();
   */
  keyBy<K extends NonNullable<unknown>>(keySelector: KeySelector<T, K>): KeyedStream<K, T> {
    requireFunction(keySelector, "keyBy", "a key selector");
    return new KeyedStream<K, T>(this.#partitioned({ kind: "hash", keyOf: keySelector }), keySelector);
  }

  /**
   * Gives records their event time and the stream its watermarks.
   *
   * Shape:  `DataStream<T>`.
   * Time:   timestamps in ms since the epoch, as the strategy's assigner says; watermarks are made per subtask. At the source they are made per split: prefer that.
   * State:  the generator of each subtask, so that a restore does not forget how far time had come.
   * Errors: `MR1065` not a strategy; `MR1069` one with watermark alignment, which only a source can keep. What its functions throw fails the task.
   * Source: Flink's `DataStream#assignTimestampsAndWatermarks`.
   *
   * @example
   * clicks
   *   .assignTimestampsAndWatermarks(
   *     WatermarkStrategy.forBoundedOutOfOrderness("5s").withTimestampAssigner((click: Click) => click.atMs),
   *   )
   *   .print();
   */
  assignTimestampsAndWatermarks(strategy: WatermarkStrategy<T>): DataStream<T> {
    requireStrategy(strategy, "assignTimestampsAndWatermarks");
    if (strategy.alignment !== undefined)
      refuse("MR1069", "withWatermarkAlignment() is for env.fromSource(): behind a source nothing can be held back");
    const spec = { module: "timestamps", functions: {}, parameters: { strategy } };
    return this.#handle.pipeline.addOperator<T>({ kind: "timestamps", spec, stateful: true }, [this.#handle]);
  }

  /**
   * What the operator before emitted to a side output.
   *
   * Shape:  `DataStream<X>`; timestamps are those the operator gave. Tags are equal if their ids are.
   * Errors: `MR1052` on a stream that does not come right from an operator; `MR1065` no tag.
   * Source: Flink's `SingleOutputStreamOperator#getSideOutput`.
   *
   * @example
   * const mobile = new OutputTag<Click>("mobile");
   * const desktop = clicks.process({
   *   processElement(click, ctx, out: Collector<Click>) {
   *     if (click.mobile) ctx.output(mobile, click);
   *     else out.collect(click);
   *   },
   * });
   * desktop.getSideOutput(mobile).print("mobile");
   */
  getSideOutput<X>(tag: OutputTag<X>): DataStream<X> {
    const node = operatorOf(this.#handle, "getSideOutput");
    return new DataStream<X>({
      pipeline: this.#handle.pipeline,
      ends: [{ node, sideOutput: requireTag(tag, "getSideOutput"), partitioning: undefined }],
    });
  }

  forward(): DataStream<T> {
    return new DataStream<T>(this.#partitioned({ kind: "forward" }));
  }

  rebalance(): DataStream<T> {
    return new DataStream<T>(this.#partitioned({ kind: "rebalance" }));
  }

  rescale(): DataStream<T> {
    return new DataStream<T>(this.#partitioned({ kind: "rescale" }));
  }

  shuffle(): DataStream<T> {
    return new DataStream<T>(this.#partitioned({ kind: "shuffle" }));
  }

  broadcast(): DataStream<T> {
    return new DataStream<T>(this.#partitioned({ kind: "broadcast" }));
  }

  global(): DataStream<T> {
    return new DataStream<T>(this.#partitioned({ kind: "global" }));
  }

  partitionCustom<K>(partitioner: Partitioner<K>, keySelector: KeySelector<T, K>): DataStream<T> {
    requireFunction(partitioner, "partitionCustom", "a partitioner");
    requireFunction(keySelector, "partitionCustom", "a key selector");
    return new DataStream<T>(this.#partitioned({ kind: "custom", keyOf: keySelector, partitioner }));
  }

  sinkTo<W, C>(sink: Sink<T, W, C>): DataStreamSink {
    return sinkTo(this.#handle, sink);
  }

  print(options?: string | PrintOptions): DataStreamSink {
    return print(this.#handle, options);
  }

  discard(): DataStreamSink {
    return discard(this.#handle);
  }

  executeAndCollect(limit?: number): Promise<T[]> {
    return executeAndCollect<T>(this.#handle, limit);
  }

  collectAsync(options?: CollectOptions): AsyncIterableIterator<T, undefined> {
    return collectAsync<T>(this.#handle, options);
  }

  name(name: string): this {
    modifiersOf(this.#handle, "name").name(name);
    return this;
  }

  uid(uid: string): this {
    modifiersOf(this.#handle, "uid").uid(uid);
    return this;
  }

  setParallelism(parallelism: number): this {
    modifiersOf(this.#handle, "setParallelism").setParallelism(parallelism);
    return this;
  }

  setMaxParallelism(maxParallelism: number): this {
    modifiersOf(this.#handle, "setMaxParallelism").setMaxParallelism(maxParallelism);
    return this;
  }

  disableChaining(): this {
    modifiersOf(this.#handle, "disableChaining").disableChaining();
    return this;
  }

  startNewChain(): this {
    modifiersOf(this.#handle, "startNewChain").startNewChain();
    return this;
  }

  slotSharingGroup(group: string): this {
    modifiersOf(this.#handle, "slotSharingGroup").slotSharingGroup(group);
    return this;
  }

  static #handleOf(other: DataStream<unknown>, caller: string): StreamHandle {
    if (typeof other === "object" && other !== null && #handle in other) return other.#handle;
    return refuse("MR1065", `${caller}() takes a stream, which has no keys yet: call keyBy(...) behind it`);
  }

  /** An operator of one input; its module has the name of its kind. */
  #add<O>(
    kind: string,
    functions: Readonly<Record<string, unknown>>,
    options: { readonly stateful?: boolean } = {},
  ): DataStream<O> {
    const spec = { module: kind, functions, parameters: {} };
    return this.#handle.pipeline.addOperator<O>({ kind, spec, stateful: options.stateful ?? false }, [this.#handle]);
  }

  #partitioned(partitioning: Partitioning): StreamHandle {
    const { pipeline, ends } = this.#handle;
    pipeline.assertOpen();
    return { pipeline, ends: ends.map((end) => ({ ...end, partitioning })) };
  }
}
