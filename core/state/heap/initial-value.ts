/** What `value()` returns before the first update. A default that could be changed in place is handed out as a fresh copy each time. */
import { decodeValue, encodeValue } from "../../types/value-codec.ts";

export class InitialValue<R> {
  readonly #value: unknown;
  readonly #bytes: Uint8Array | undefined;

  constructor(value: unknown) {
    this.#value = value;
    this.#bytes = typeof value === "object" && value !== null ? encodeValue(value) : undefined;
  }

  get(): R {
    return (this.#bytes === undefined ? this.#value : decodeValue(this.#bytes)) as R; // `R` admits undefined if there is no default
  }
}
