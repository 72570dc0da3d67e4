/** `aggregating()` state on the heap: the accumulator is what is kept. */
import type { AggregateFunction, AggregatingDescriptor } from "../descriptors.ts";
import type { AggregatingState } from "../handles.ts";
import type { StateContext } from "./state-context.ts";
import { ValueCells } from "./value-cells.ts";

export class HeapAggregatingState<I, A, R> implements AggregatingState<I, R> {
  readonly #cells: ValueCells;
  readonly #aggregate: AggregateFunction<I, A, R>;

  constructor(context: StateContext, descriptor: AggregatingDescriptor<I, A, R>) {
    this.#cells = new ValueCells(context);
    this.#aggregate = descriptor.aggregate;
  }

  get(): R | undefined {
    const accumulator = this.#cells.read() as A | undefined; // what `add` made
    return accumulator === undefined ? undefined : this.#aggregate.getResult(accumulator);
  }

  /** Hot. */
  add(value: I): void {
    const before = this.#cells.read() as A | undefined; // what `add` made
    this.#cells.write(this.#aggregate.add(value, before === undefined ? this.#aggregate.createAccumulator() : before));
  }

  clear(): void {
    this.#cells.clear();
  }
}
