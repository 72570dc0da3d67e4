/** Two streams of different types for one function: without keys (`ConnectedStreams`) or with (`KeyedConnectedStreams`). */
import type {
  CoProcessFunction,
  Instantiable,
  KeyedCoProcessFunction,
  KeySelector,
} from "../operators/contracts/functions.ts";
import type { StateDeclarations } from "../state/descriptors.ts";
import type { DataStream } from "./data-stream.ts";
import { declarationsOf, refuseKeyed } from "./declared-functions.ts";
import type { NoState, OperatorStateDeclarations } from "./declared-functions.ts";
import type { StreamHandle } from "./pipeline.ts";
import { requireFunction } from "./refuse.ts";
import { addCustomOperator } from "./transform.ts";
import type { MakeOperator, TransformOptions } from "./transform.ts";

const METHODS = ["processElement1", "processElement2"];

/** Two streams of different types for one function. Made by `DataStream.connect`. */
export class ConnectedStreams<out A, out B> {
  readonly #first: StreamHandle;
  readonly #second: StreamHandle;

  /** @internal Made by `DataStream.connect`. */
  constructor(first: StreamHandle, second: StreamHandle) {
    this.#first = first;
    this.#second = second;
  }

  /**
   * Hands the values of both streams to one function, as they come: there is no order between the two.
   *
   * Shape:  `DataStream<O>`; `O` is what the function's collectors take.
   * State:  lists per subtask. State per key and timers need keys: call `keyBy` before.
   * Errors: `MR1051` keyed state, `MR1055` timers, `MR1056` not a process function of two inputs. What the function throws fails the task.
   * Source: Flink's `ConnectedStreams#process`, `CoProcessFunction`.
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
  process<O, S extends OperatorStateDeclarations = NoState>(
    fn: Instantiable<CoProcessFunction<A, B, O, S>>,
  ): DataStream<O> {
    const declarations = declarationsOf(fn, "process", METHODS);
    refuseKeyed(declarations, "process");
    const spec = { module: "co-process", functions: { process: fn }, parameters: {} };
    return this.#first.pipeline.addOperator<O>({ kind: "co-process", spec, stateful: declarations.stateful }, [
      this.#first,
      this.#second,
    ]);
  }

  /**
   * Partitions both streams by keys of one type: records of either stream with one key meet in one subtask and share its state.
   *
   * Shape:  `KeyedConnectedStreams<K, A, B>`.
   * Cost:   an exchange between all subtasks for each stream.
   * Errors: `MR1064` a selector is no function.
   * Source: Flink's `ConnectedStreams#keyBy`.
   *
   * @example
   * numbers
   *   .connect(clicks)
   *   .keyBy((n) => n, (click) => click.page.length)
   *   .process({
   *     processElement1: (n, ctx, out: Collector<string>) => out.collect(`length ${ctx.key}`),
   *     processElement2: (click, ctx, out) => out.collect(click.page),
   *   })
   *   .print();
   */
  keyBy<K extends NonNullable<unknown>>(
    first: KeySelector<A, K>,
    second: KeySelector<B, K>,
  ): KeyedConnectedStreams<K, A, B> {
    requireFunction(first, "keyBy", "a key selector for the first stream");
    requireFunction(second, "keyBy", "a key selector for the second stream");
    return new KeyedConnectedStreams<K, A, B>(keyed(this.#first, first), keyed(this.#second, second));
  }

  /**
   * Adds an operator of two inputs that users of the API wrote themselves.
   *
   * Shape:  `DataStream<O>`. The operator has two `inputs`, in the order of the streams.
   * Errors: `MR1064` `makeOperator` is no function.
   * Source: Flink's `ConnectedStreams#transform`.
   *
   * @example
   * const echo = (output: Output<number>): Input<number> => ({
   *   processRecord: (n, timestampMs) => output.processRecord(n, timestampMs),
   *   processWatermark: () => undefined,
   *   processIdle: () => undefined,
   * });
   * numbers.connect(numbers).transform<number>("echo", ({ output }) => ({ inputs: [echo(output), echo(output)] })).print();
   */
  transform<O>(name: string, makeOperator: MakeOperator<O>, options: TransformOptions = {}): DataStream<O> {
    return addCustomOperator<O>([this.#first, this.#second], { name, makeOperator, keyed: false, options });
  }
}

/** A stream whose records go to the subtask of their key. */
export interface KeyedHandle {
  readonly handle: StreamHandle;
  readonly keyOf: (value: never) => unknown;
}

export function keyed<T, K>({ pipeline, ends }: StreamHandle, keyOf: KeySelector<T, K>): KeyedHandle {
  pipeline.assertOpen();
  return { handle: { pipeline, ends: ends.map((end) => ({ ...end, partitioning: { kind: "hash", keyOf } })) }, keyOf };
}

/** Two streams with keys of one type, whose records share the state of their key. Made by `ConnectedStreams.keyBy` and `KeyedStream.connect`. */
export class KeyedConnectedStreams<out K, out A, out B> {
  readonly #first: KeyedHandle;
  readonly #second: KeyedHandle;

  /** @internal Made by `ConnectedStreams.keyBy` and `KeyedStream.connect`. */
  constructor(first: KeyedHandle, second: KeyedHandle) {
    this.#first = first;
    this.#second = second;
  }

  /**
   * Hands the values of both streams to one function, always with one key's state in view; the two share it.
   *
   * Shape:  `DataStream<O>`; `O` is what the function's collectors take.
   * Time:   timers of the current key in event and processing time; event time is the lower watermark of the two.
   * State:  per key, declared under `state`; operator lists too.
   * Errors: `MR1056` not a process function of two inputs. What the function throws fails the task.
   * Source: Flink's `ConnectedStreams#process`, `KeyedCoProcessFunction`.
   *
   * @example
   * numbers
   *   .keyBy((n) => n)
   *   .connect(clicks.keyBy((click) => click.page.length))
   *   .process({
   *     state: { wanted: value({ default: false }) },
   *     processElement1(n, ctx, out: Collector<string>) {
   *       ctx.state.wanted.update(true);
   *     },
   *     processElement2(click, ctx, out) {
   *       if (ctx.state.wanted.value()) out.collect(click.page);
   *     },
   *   })
   *   .print();
   */
  process<O, S extends StateDeclarations = NoState>(
    fn: Instantiable<KeyedCoProcessFunction<K, A, B, O, S>>,
  ): DataStream<O> {
    const { stateful } = declarationsOf(fn, "process", METHODS);
    const parameters = { keyOf1: this.#first.keyOf, keyOf2: this.#second.keyOf };
    const spec = { module: "keyed-co-process", functions: { process: fn }, parameters };
    const inputs = [this.#first.handle, this.#second.handle];
    return this.#first.handle.pipeline.addOperator<O>(
      { kind: "keyed-co-process", spec, keyed: true, stateful },
      inputs,
    );
  }

  /**
   * Adds an operator of two keyed inputs that users of the API wrote themselves.
   *
   * Shape:  `DataStream<O>`. The operator sets the current key itself, with `services.keyedState.setCurrentKey`.
   * Errors: `MR1064` `makeOperator` is no function.
   * Source: Flink's `ConnectedStreams#transform`.
   *
   * @example
   * const echo = (output: Output<number>): Input<number> => ({
   *   processRecord: (n, timestampMs) => output.processRecord(n, timestampMs),
   *   processWatermark: () => undefined,
   *   processIdle: () => undefined,
   * });
   * numbers
   *   .connect(numbers)
   *   .keyBy((n) => n, (n) => n)
   *   .transform<number>("echo", ({ output }) => ({ inputs: [echo(output), echo(output)] }))
   *   .print();
   */
  transform<O>(name: string, makeOperator: MakeOperator<O>, options: TransformOptions = {}): DataStream<O> {
    return addCustomOperator<O>([this.#first.handle, this.#second.handle], {
      name,
      makeOperator,
      keyed: true,
      options,
    });
  }
}
