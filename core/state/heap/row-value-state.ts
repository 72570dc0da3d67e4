/**
 * The ordinary value state, and the hottest code of the project: its value stands in the row, it has no TTL, and nobody checks what is written.
 * Everything but reading and replacing a value is done by `ValueCells`.
 */
import type { ValueDescriptor } from "../descriptors.ts";
import type { OperatorValueState } from "../keyed-state.ts";
import type { Cursor } from "./cursor.ts";
import type { Epochs } from "./epochs.ts";
import type { StateContext } from "./state-context.ts";
import { IN_ROW } from "./state-table.ts";
import { ValueCells } from "./value-cells.ts";
import { InitialValue } from "./initial-value.ts";

export class RowValueState<T, R> implements OperatorValueState<T, R> {
  readonly #cursor: Cursor;
  readonly #epochs: Epochs;
  readonly #cells: ValueCells;
  readonly #default: InitialValue<R>;

  constructor(context: StateContext, descriptor: ValueDescriptor<T, R>) {
    this.#cursor = context.cursor;
    this.#epochs = context.epochs;
    this.#cells = new ValueCells(context);
    this.#default = new InitialValue(descriptor.default);
  }

  /** Whether a state is of this kind. */
  static fits({ state, check }: StateContext): boolean {
    return state.slot === IN_ROW && state.ttl === undefined && check === undefined;
  }

  /** Hot (bench: keyed count). */
  value(): R {
    const { row } = this.#cursor;
    const { value } = row;
    if (value === undefined) return this.#default.get();
    // Whoever gets an object may change it in place; nobody can change a primitive.
    if (typeof value === "object" && value !== null && row.stamp < this.#epochs.dirtyFrom) this.#epochs.touch(row);
    return value as R; // what `update` was given
  }

  peek(): R {
    const { value } = this.#cursor.row;
    return value === undefined ? this.#default.get() : (value as R); // as above
  }

  /** Hot (bench: keyed count). `undefined` clears. */
  update(value: T): void {
    const { row } = this.#cursor;
    if (value !== undefined && row.stamp >= this.#epochs.dirtyFrom) row.value = value;
    else this.#updateFirst(value);
  }

  clear(): void {
    this.#cells.clear();
  }

  /** The first update in an epoch, or of a key. */
  #updateFirst(value: T): void {
    if (value === undefined) this.#cells.clear();
    else this.#cells.write(value);
  }
}
