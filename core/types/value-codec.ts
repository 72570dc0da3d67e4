/**
 * The row codec: any plain value ↔ bytes that describe themselves. Used for state, splits, committables and metadata.
 *
 * Kinds: numbers, bigint, boolean, text, null, undefined, Date, typed arrays and ArrayBuffer, plain objects, arrays (holes are kept), Map, Set, and
 * registered classes. Anything else is refused with the path to it. Equal references become copies. For many values in one buffer use
 * `ValueWriter` and `ValueReader`, which write the names of fields once.
 */
import { MillraceError } from "../util/errors.ts";
import type { ClassRegistry } from "./class-registry.ts";
import { ValueReader } from "./value-reader.ts";
import { ValueWriter } from "./value-writer.ts";

export { ClassRegistry } from "./class-registry.ts";
export { refusalOf } from "./value-refusal.ts";
export { ValueReader } from "./value-reader.ts";
export { ValueWriter } from "./value-writer.ts";

/** The value as bytes. Refuses with `MR4101` what cannot be kept, naming the path to it. */
export function encodeValue(value: unknown, classes?: ClassRegistry): Uint8Array {
  const writer = new ValueWriter({ classes, bytesInitial: 128 });
  writer.writeValue(value);
  return writer.take();
}

/** The value that `encodeValue` was given, as a copy. Refuses other bytes with `MR4102`. */
export function decodeValue(bytes: Uint8Array, classes?: ClassRegistry): unknown {
  const reader = new ValueReader(bytes, { classes });
  const value = reader.readValue();
  if (!reader.atEnd)
    throw new MillraceError("MR4102", "these bytes are no value that millrace wrote (something follows the value)");
  return value;
}
