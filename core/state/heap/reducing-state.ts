/** `reducing()` state on the heap. */
import type { ReducingDescriptor } from "../descriptors.ts";
import type { ReduceFunction } from "../descriptors.ts";
import type { ReducingState } from "../handles.ts";
import type { StateContext } from "./state-context.ts";
import { ValueCells } from "./value-cells.ts";

export class HeapReducingState<T> implements ReducingState<T> {
  readonly #cells: ValueCells;
  readonly #reduce: ReduceFunction<T>;

  constructor(context: StateContext, descriptor: ReducingDescriptor<T>) {
    this.#cells = new ValueCells(context);
    this.#reduce = descriptor.reduce;
  }

  get(): T | undefined {
    return this.#cells.read() as T | undefined; // what `add` made
  }

  /** Hot. */
  add(value: T): void {
    const before = this.#cells.read() as T | undefined; // what `add` made
    this.#cells.write(before === undefined ? value : this.#reduce(before, value));
  }

  clear(): void {
    this.#cells.clear();
  }
}
