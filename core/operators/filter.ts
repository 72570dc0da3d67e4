/**
 * The operator behind `stream.filter(fn)`: lets the records pass for which `fn` returns true.
 *
 * In:    records of one input.
 * Out:   some of them, unchanged, with their timestamps; watermarks as they come.
 * State: none.
 */
import type { TimeMs } from "../time/clock.ts";
import type { FilterFunction } from "./contracts/functions.ts";
import type { Input, Operator, OperatorServices, Output } from "./operator.ts";

export interface FilterOptions<T> {
  readonly filter: FilterFunction<T>;
}

class FilterOperator<T> implements Operator, Input<T> {
  readonly inputs: readonly Input<never>[];
  readonly #filter: (value: T) => boolean;
  readonly #output: Output<T>;

  constructor(services: OperatorServices<T>, options: FilterOptions<T>) {
    const { filter } = options;
    this.inputs = [this];
    this.#filter = typeof filter === "function" ? filter : (value) => filter.filter(value);
    this.#output = services.output;
  }

  /** Hot. */
  processRecord(value: T, timestampMs: TimeMs): void {
    if (this.#filter(value)) this.#output.processRecord(value, timestampMs);
  }

  processWatermark(watermarkMs: TimeMs): void {
    this.#output.processWatermark(watermarkMs);
  }

  processIdle(idle: boolean): void {
    this.#output.processIdle(idle);
  }
}

export function createOperator<T>(services: OperatorServices<T>, options: FilterOptions<T>): Operator {
  return new FilterOperator(services, options);
}
