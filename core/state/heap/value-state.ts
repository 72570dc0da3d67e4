/** `value()` state on the heap. */
import { decodeValue, encodeValue } from "../../types/value-codec.ts";
import type { ValueDescriptor } from "../descriptors.ts";
import type { ValueState } from "../handles.ts";
import type { StateContext } from "./state-context.ts";
import { ValueCells } from "./value-cells.ts";

export class HeapValueState<T, R> implements ValueState<T, R> {
  readonly #cells: ValueCells;
  readonly #default: T | undefined;
  /** A default that could be changed in place is handed out as a copy of these bytes. */
  readonly #defaultBytes: Uint8Array | undefined;

  constructor(context: StateContext, descriptor: ValueDescriptor<T, R>) {
    this.#cells = new ValueCells(context);
    this.#default = descriptor.default;
    this.#defaultBytes = typeof descriptor.default === "object" && descriptor.default !== null ? encodeValue(descriptor.default) : undefined;
  }

  /** Hot. */
  value(): R {
    const value = this.#cells.read();
    if (value !== undefined) return value as R; // what `update` was given
    if (this.#defaultBytes !== undefined) return decodeValue(this.#defaultBytes) as R; // a copy of the default
    return this.#default as R; // `R` admits undefined if there is no default
  }

  /** Hot. `undefined` clears. */
  update(value: T): void {
    if (value === undefined) this.#cells.clear();
    else this.#cells.write(value);
  }

  clear(): void {
    this.#cells.clear();
  }
}
