/**
 * The operator behind `keyed.reduce(fn)`, and so behind `sum`, `min`, `max`, `minBy` and `maxBy`: a rolling reduction per key.
 *
 * In:    records of one input, already routed to this subtask by key group.
 * Out:   for each record the reduction of all records of its key so far, with the timestamp of the record; watermarks as they come.
 * State: one value per key. It is the very object that was emitted last, so `fn` must return a new one instead of changing an argument.
 */
import { value as valueState } from "../state/descriptors.ts";
import type { ReduceFunction } from "../state/descriptors.ts";
import type { ValueState } from "../state/handles.ts";
import type { KeyedState } from "../state/keyed-state.ts";
import type { TimeMs } from "../time/clock.ts";
import type { Input, Operator, OperatorServices, Output } from "./operator.ts";

export interface ReduceOptions<K, T> {
  readonly reduce: ReduceFunction<T> | { reduce(left: T, right: T): T };
  readonly keyOf: (value: T) => K;
}

class ReduceOperator<K, T> implements Operator, Input<T> {
  readonly inputs: readonly Input<never>[];
  readonly #reduce: ReduceFunction<T>;
  readonly #keyOf: (value: T) => K;
  readonly #keyedState: KeyedState;
  readonly #reduced: ValueState<T>;
  readonly #output: Output<T>;

  constructor(services: OperatorServices<T>, options: ReduceOptions<K, T>) {
    const { reduce } = options;
    this.inputs = [this];
    this.#reduce = typeof reduce === "function" ? reduce : (left, right) => reduce.reduce(left, right);
    this.#keyOf = options.keyOf;
    this.#keyedState = services.keyedState;
    this.#reduced = services.keyedState.value("reduce", valueState<T>());
    this.#output = services.output;
  }

  /** Hot. */
  processRecord(value: T, timestampMs: TimeMs): void {
    this.#keyedState.setCurrentKey(this.#keyOf(value));
    const sofar = this.#reduced.value();
    const reduced = sofar === undefined ? value : this.#reduce(sofar, value);
    this.#reduced.update(reduced);
    this.#output.processRecord(reduced, timestampMs);
  }

  processWatermark(watermarkMs: TimeMs): void {
    this.#output.processWatermark(watermarkMs);
  }

  processIdle(idle: boolean): void {
    this.#output.processIdle(idle);
  }
}

export function createOperator<K, T>(services: OperatorServices<T>, options: ReduceOptions<K, T>): Operator {
  return new ReduceOperator(services, options);
}
