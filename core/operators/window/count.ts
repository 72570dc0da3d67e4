/**
 * Windows by count: after every `slide` records of a key, a result of its last `size` records. Behind `keyed.countWindow(size, slide)`.
 *
 * In:    records of one keyed input; time plays no part.
 * Out:   a `WindowResult` with the global window, or what the process function emits; stamped with the time of the record that completed the count.
 * State: per key the position within the slide, and either an accumulator (windows that do not overlap, folded) or the records that a coming window may
 *        need. What stays incomplete at the end of the input is not emitted, as in Flink.
 *
 * Self-contained, since the task runs a fresh copy per position.
 */
import type { AggregateFunction, ReduceFunction } from "../../state/descriptors.ts";
import { list as listState, value as valueState } from "../../state/descriptors.ts";
import type { ListState, ValueState } from "../../state/handles.ts";
import type { KeyedState } from "../../state/keyed-state.ts";
import type { TimeMs } from "../../time/clock.ts";
import { assert } from "../../util/errors.ts";
import type { Input, Operator, OperatorServices, Output } from "../operator.ts";
import { GLOBAL_WINDOW } from "./assigners.ts";
import type { GlobalWindow } from "./assigners.ts";
import type { WindowFunctions, WindowResult } from "./functions.ts";
import { ProcessCall } from "./process-call.ts";

export interface CountWindowOptions<K, T, A, R, O> extends WindowFunctions<K, T, A, R, O> {
  readonly keyOf: (value: T) => K;
  /** Records per window. */
  readonly size: number;
  /** Records from one window's end to the next one's; may be more than `size`, and then some belong to no window. Default: `size`. */
  readonly slide?: number | undefined;
}

type ReduceOption<A> = ReduceFunction<A> | { reduce(left: A, right: A): A } | undefined;

class CountWindowOperator<K, T, A, R, O> implements Operator, Input<T> {
  readonly inputs: readonly Input<never>[];
  readonly #keyOf: (value: T) => K;
  readonly #size: number;
  readonly #slide: number;
  readonly #reduce: ReduceFunction<A> | undefined;
  readonly #aggregate: AggregateFunction<T, A, R> | undefined;
  readonly #process: ProcessCall<K, O> | undefined;
  readonly #state: KeyedState;
  readonly #position: ValueState<number, number>;
  /** One of the two. */
  readonly #folded: ValueState<A> | undefined;
  readonly #collected: ListState<T> | undefined;
  readonly #output: Output<O>;
  /** For the process function's context only. */
  #watermarkMs: TimeMs;

  constructor(services: OperatorServices<O>, options: CountWindowOptions<K, T, A, R, O>) {
    const { reduce, aggregate, process, size } = options;
    const slide = options.slide ?? size;
    const folds = slide >= size && (reduce !== undefined || aggregate !== undefined);
    assert(size >= 1 && slide >= 1, "counts are positive");
    assert(reduce !== undefined || aggregate !== undefined || process !== undefined, "windows have a function");
    this.inputs = [this];
    this.#keyOf = options.keyOf;
    this.#size = size;
    this.#slide = slide;
    this.#reduce = reduceFunction(reduce as ReduceOption<A>); // with reduce, records are the accumulators
    this.#aggregate = aggregate;
    this.#state = services.keyedState;
    this.#position = services.keyedState.value("window:position", valueState({ default: 0 }));
    this.#folded = folds ? services.keyedState.value("window:contents", valueState<A>()) : undefined;
    this.#collected = folds ? undefined : services.keyedState.list("window:contents", listState<T>());
    this.#output = services.output;
    this.#watermarkMs = services.restoredWatermarkMs;
    this.#process = process && new ProcessCall(services, process, this);
  }

  get watermarkMs(): TimeMs {
    return this.#watermarkMs;
  }

  /** Hot. */
  processRecord(value: T, timestampMs: TimeMs): void {
    this.#state.setCurrentKey(this.#keyOf(value));
    const position = this.#position.value() + 1;
    const complete = position === this.#slide;
    this.#position.update(complete ? 0 : position);
    if (position > this.#slide - this.#size) this.#add(value);
    if (complete) this.#fire(timestampMs);
  }

  processWatermark(watermarkMs: TimeMs): void {
    this.#watermarkMs = watermarkMs;
    this.#state.advanceWatermark(watermarkMs);
    this.#output.processWatermark(watermarkMs);
  }

  processIdle(idle: boolean): void {
    this.#output.processIdle(idle);
  }

  #add(value: T): void {
    this.#collected?.add(value);
    this.#folded?.update(this.#added(value, this.#folded.value()));
  }

  #added(value: T, before: A | undefined): A {
    if (this.#reduce !== undefined) {
      const record = value as unknown as A; // with reduce, records are the accumulators
      return before === undefined ? record : this.#reduce(before, record);
    }
    const aggregate = this.#aggregate as AggregateFunction<T, A, R>; // what folds is one of the two
    return aggregate.add(value, before === undefined ? aggregate.createAccumulator() : before);
  }

  #fire(timestampMs: TimeMs): void {
    this.#state.setCurrentNamespace(0);
    if (this.#folded !== undefined) {
      const contents = this.#folded.value() as A; // the record at hand was added
      this.#folded.clear();
      this.#emit(contents, timestampMs);
      return;
    }
    const records = this.#collected?.get() ?? [];
    const last = records.slice(-this.#size);
    if (this.#slide >= this.#size) this.#collected?.clear();
    else if (last.length > this.#size - this.#slide) this.#collected?.update(last.slice(this.#slide - this.#size));
    if (this.#reduce === undefined && this.#aggregate === undefined) {
      this.#process?.call(GLOBAL_WINDOW, timestampMs, last);
      return;
    }
    const contents = last.reduce<A | undefined>((before, record) => this.#added(record, before), undefined);
    this.#emit(contents as A, timestampMs); // the record at hand is in it
  }

  #emit(contents: A, timestampMs: TimeMs): void {
    const value = this.#aggregate === undefined ? (contents as unknown as R) : this.#aggregate.getResult(contents); // reduce: the record is the result
    if (this.#process !== undefined) {
      this.#process.call(GLOBAL_WINDOW, timestampMs, [value]);
      return;
    }
    const key = this.#state.getCurrentKey() as K; // set from the key selector
    const result: WindowResult<K, GlobalWindow, R> = { key, window: GLOBAL_WINDOW, value };
    this.#output.processRecord(result as O, timestampMs); // without a process function, this is the output's type
  }
}

function reduceFunction<A>(reduce: ReduceOption<A>): ReduceFunction<A> | undefined {
  return typeof reduce === "object" ? (left, right) => reduce.reduce(left, right) : reduce;
}

export function createOperator<K, T, A, R, O>(
  services: OperatorServices<O>,
  options: CountWindowOptions<K, T, A, R, O>,
): Operator {
  return new CountWindowOperator(services, options);
}
