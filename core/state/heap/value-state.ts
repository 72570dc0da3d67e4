/** `value()` state on the heap, in general; see `row-value-state.ts` for the ordinary case. */
import type { ValueDescriptor } from "../descriptors.ts";
import type { OperatorValueState } from "../keyed-state.ts";
import type { StateContext } from "./state-context.ts";
import { ValueCells } from "./value-cells.ts";
import { InitialValue } from "./initial-value.ts";

export class HeapValueState<T, R> implements OperatorValueState<T, R> {
  readonly #cells: ValueCells;
  readonly #default: InitialValue<R>;

  constructor(context: StateContext, descriptor: ValueDescriptor<T, R>) {
    this.#cells = new ValueCells(context);
    this.#default = new InitialValue(descriptor.default);
  }

  value(): R {
    const value = this.#cells.read();
    return value === undefined ? this.#default.get() : (value as R); // what `update` was given
  }

  peek(): R {
    const value = this.#cells.peek();
    return value === undefined ? this.#default.get() : (value as R); // as above
  }

  /** `undefined` clears. */
  update(value: T): void {
    if (value === undefined) this.#cells.clear();
    else this.#cells.write(value);
  }

  clear(): void {
    this.#cells.clear();
  }
}
