/**
 * Writes values of the row codec into a growable buffer. What flows in: any plain value, and the varints and strings of the format around it. What
 * flows out: chunks of bytes, taken whenever the owner likes; together they are one stream for one `ValueReader`.
 *
 * The shape table lives as long as the writer, so a stream must be read from its start. After a refusal (`MR4101`) the writer is spoilt.
 */
import type { ClassRegistry } from "./class-registry.ts";
import { explainRefusal, hasOnlyElements, hasOnlyPlainFields, viewPrototype } from "./value-refusal.ts";
import { ShapeTable } from "./value-shapes.ts";
import type { Shape } from "./value-shapes.ts";
import * as tags from "./value-tags.ts";

const SHORT_STRING = 32;
const OUTSIDE_LATIN1 = /[\u0100-\uffff]/;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

export interface ValueWriterOptions {
  readonly classes?: ClassRegistry | undefined;
  /** Bytes to begin with. Default: 256. */
  readonly bytesInitial?: number;
  /**
   * Looks for accessors, symbol keys and hidden fields in every object (costs as much as writing it), rather than in the first of each shape.
   * Default: true.
   */
  readonly thorough?: boolean;
}

export class ValueWriter {
  readonly #classes: ClassRegistry | undefined;
  readonly #thorough: boolean;
  readonly #shapes = new ShapeTable();
  /** A `Buffer`, because its latin1 and UTF-16 copies have no equal in the language. */
  #bytes: Buffer;
  #view: DataView;
  #length = 0;
  #depth = 0;
  #root: unknown = undefined;

  constructor(options: ValueWriterOptions = {}) {
    this.#classes = options.classes;
    this.#thorough = options.thorough ?? true;
    this.#bytes = Buffer.allocUnsafeSlow(options.bytesInitial ?? 256);
    this.#view = viewOf(this.#bytes);
  }

  /** Bytes since the last `take`. */
  get length(): number {
    return this.#length;
  }

  /** Hands out what was written since the last call; the writer goes on in a fresh buffer. */
  take(): Uint8Array {
    const length = this.#length;
    this.#length = 0;
    if (length * 2 < this.#bytes.length) return new Uint8Array(this.#bytes.subarray(0, length));
    const taken = new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset, length);
    this.#bytes = Buffer.allocUnsafeSlow(this.#bytes.length);
    this.#view = viewOf(this.#bytes);
    return taken;
  }

  /** Gives the buffer back, for writers that are kept but will not write soon. */
  release(): void {
    this.#bytes = Buffer.allocUnsafeSlow(0);
    this.#view = viewOf(this.#bytes);
    this.#length = 0;
  }

  writeByte(byte: number): void {
    this.#ensure(1);
    this.#bytes[this.#length++] = byte;
  }

  /** A whole number from 0 to 2^53 - 1, in as few bytes as it needs. */
  writeUint(value: number): void {
    this.#ensure(8);
    let rest = value;
    while (rest > 0x7fff_ffff) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  writeFloat(value: number): void {
    this.#ensure(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** A string without tag is a string with one: the tag says how wide its characters are. */
  writeString(text: string): void {
    const length = text.length;
    this.#ensure(length * 2 + 6);
    if (length > SHORT_STRING) {
      this.#writeLongString(text);
      return;
    }
    const bytes = this.#bytes;
    const start = this.#length;
    let position = start + 2;
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 255) {
        this.#writeWideString(text);
        return;
      }
      bytes[position++] = code;
    }
    bytes[start] = tags.TAG_LATIN1;
    bytes[start + 1] = length;
    this.#length = position;
  }

  /** Raw bytes, behind their length. */
  writeBytes(bytes: Uint8Array): void {
    this.writeUint(bytes.length);
    this.#ensure(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Hot in snapshots. Refuses with `MR4101` what cannot be kept, naming the path to it. */
  writeValue(value: unknown): void {
    if (typeof value === "object") {
      this.#root = value;
      this.#depth = 0;
      this.#writeObject(value);
      this.#root = undefined;
    } else {
      this.#root = value;
      this.#write(value);
    }
  }

  #write(value: unknown): void {
    switch (typeof value) {
      case "number":
        this.#writeNumber(value);
        return;
      case "string":
        this.writeString(value);
        return;
      case "object":
        this.#writeObject(value);
        return;
      case "boolean":
        this.writeByte(value ? tags.TAG_TRUE : tags.TAG_FALSE);
        return;
      case "undefined":
        this.writeByte(tags.TAG_UNDEFINED);
        return;
      case "bigint":
        this.#writeBigint(value);
        return;
      default:
        this.#refuse();
    }
  }

  #writeNumber(value: number): void {
    this.#ensure(9);
    const int = value | 0;
    if (int !== value || (value === 0 && 1 / value < 0)) {
      this.#bytes[this.#length] = tags.TAG_FLOAT;
      this.#view.setFloat64(this.#length + 1, value, true);
      this.#length += 9;
    } else if (int >= 0 && int < 128) {
      this.#bytes[this.#length++] = tags.SMALL_INT_OFFSET + int;
    } else {
      this.#bytes[this.#length++] = tags.TAG_INT;
      let rest = ((int << 1) ^ (int >> 31)) >>> 0;
      while (rest > 127) {
        this.#bytes[this.#length++] = (rest & 127) | 128;
        rest >>>= 7;
      }
      this.#bytes[this.#length++] = rest;
    }
  }

  #writeBigint(value: bigint): void {
    if (value >= INT64_MIN && value <= INT64_MAX) {
      this.#ensure(9);
      this.#bytes[this.#length] = tags.TAG_BIGINT_64;
      this.#view.setBigInt64(this.#length + 1, value, true);
      this.#length += 9;
      return;
    }
    const digits = (value < 0n ? -value : value).toString(16);
    this.writeByte(tags.TAG_BIGINT);
    this.writeByte(value < 0n ? 1 : 0);
    this.writeBytes(Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex"));
  }

  #writeLongString(text: string): void {
    if (OUTSIDE_LATIN1.test(text)) {
      this.#writeWideString(text);
      return;
    }
    this.#bytes[this.#length++] = tags.TAG_LATIN1;
    this.writeUint(text.length);
    this.#length += this.#bytes.write(text, this.#length, "latin1");
  }

  #writeWideString(text: string): void {
    this.#bytes[this.#length++] = tags.TAG_UTF16;
    this.writeUint(text.length);
    this.#ensure(text.length * 2);
    this.#length += this.#bytes.write(text, this.#length, "utf16le");
  }

  #writeObject(value: object | null): void {
    if (value === null) {
      this.writeByte(tags.TAG_NULL);
      return;
    }
    this.#depth += 1;
    if (this.#depth > tags.DEPTH_MAX) this.#refuse();
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) this.#writeFields(value, 0);
    else if (prototype === Array.prototype && Array.isArray(value)) this.#writeArray(value);
    else if (prototype === null) this.#writeFields(value, tags.NULL_PROTOTYPE_OFFSET);
    else this.#writeSpecial(value, prototype);
    this.#depth -= 1;
  }

  #writeFields(value: object, offset: number): void {
    const names = Object.keys(value);
    const count = names.length;
    if (this.#thorough && !hasOnlyPlainFields(value, names)) this.#refuse();
    const shape =
      count > tags.SHAPE_FIELDS_MAX ? undefined : (this.#shapes.find(names) ?? this.#defineShape(value, names, offset));
    if (shape === undefined) {
      this.#writeInline(value, names, offset);
      return;
    }
    // A shape that was defined just now holds this very array, and its tag is written.
    if (shape.names !== names) {
      this.writeByte(tags.TAG_OBJECT + offset);
      this.writeUint(shape.id);
    }
    let left = count;
    // `for in` reads fields several times faster than any loop over names, since V8 keeps their places; own fields come first.
    for (const name in value) {
      if (left === 0) break;
      left -= 1;
      this.#write((value as Record<string, unknown>)[name]); // fields of a plain object
    }
  }

  /** Undefined: the table is full. */
  #defineShape(value: object, names: readonly string[], offset: number): Shape | undefined {
    if (this.#shapes.count >= tags.SHAPES_MAX) return undefined;
    if (!this.#thorough && !hasOnlyPlainFields(value, names)) this.#refuse();
    this.writeByte(tags.TAG_OBJECT_NEW_SHAPE + offset);
    this.writeUint(names.length);
    for (const name of names) this.writeString(name);
    return this.#shapes.add(names);
  }

  #writeInline(value: object, names: readonly string[], offset: number): void {
    if (!this.#thorough && !hasOnlyPlainFields(value, names)) this.#refuse();
    this.writeByte(tags.TAG_OBJECT_INLINE + offset);
    this.writeUint(names.length);
    for (const name of names) {
      this.writeString(name);
      this.#write((value as Record<string, unknown>)[name]); // fields of a plain object
    }
  }

  #writeArray(value: readonly unknown[]): void {
    const length = value.length;
    let dense = 0;
    while (dense < length && (value[dense] !== undefined || Object.hasOwn(value, dense))) dense += 1;
    if (dense < length || this.#thorough) {
      const names = Object.keys(value);
      if (!hasOnlyElements(value, names)) this.#refuse();
      if (dense < length) {
        this.#writeSparse(value, names);
        return;
      }
    }
    this.writeByte(tags.TAG_ARRAY);
    this.writeUint(length);
    for (let index = 0; index < length; index += 1) this.#write(value[index]);
  }

  #writeSparse(value: readonly unknown[], names: readonly string[]): void {
    this.writeByte(tags.TAG_SPARSE_ARRAY);
    this.writeUint(value.length);
    this.writeUint(names.length);
    for (const name of names) {
      this.writeUint(Number(name));
      this.#write(value[Number(name)]);
    }
  }

  #writeSpecial(value: object, prototype: unknown): void {
    if (prototype === Date.prototype && value instanceof Date) {
      this.writeByte(tags.TAG_DATE);
      this.writeFloat(value.getTime());
    } else if (prototype === Map.prototype && value instanceof Map) {
      this.writeByte(tags.TAG_MAP);
      this.writeUint(value.size);
      for (const [key, item] of value) {
        this.#write(key);
        this.#write(item);
      }
    } else if (prototype === Set.prototype && value instanceof Set) {
      this.writeByte(tags.TAG_SET);
      this.writeUint(value.size);
      for (const item of value) this.#write(item);
    } else if (ArrayBuffer.isView(value)) {
      this.#writeView(value, prototype);
    } else if (prototype === ArrayBuffer.prototype && value instanceof ArrayBuffer) {
      this.writeByte(tags.TAG_ARRAY_BUFFER);
      this.writeBytes(new Uint8Array(value));
    } else {
      const registered = this.#classes?.ofPrototype(prototype);
      if (registered === undefined) this.#refuse();
      this.writeByte(tags.TAG_CLASS);
      this.writeString(registered.name);
      this.#write(registered.toPlain(value));
    }
  }

  #writeView(value: ArrayBufferView, prototype: unknown): void {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    if (prototype === Uint8Array.prototype) {
      this.writeByte(tags.TAG_UINT8_ARRAY);
    } else if (prototype === Buffer.prototype) {
      this.writeByte(tags.TAG_BUFFER);
    } else {
      const name = tags.VIEW_NAMES.indexOf((value.constructor as { name: string }).name); // every view has a constructor, whoever set it
      if (name < 0 || prototype !== viewPrototype(name)) this.#refuse();
      this.writeByte(tags.TAG_VIEW);
      this.writeByte(name);
    }
    this.writeBytes(bytes);
  }

  #refuse(): never {
    throw explainRefusal(this.#root, this.#classes);
  }

  #ensure(more: number): void {
    if (this.#length + more > this.#bytes.length) this.#grow(more);
  }

  #grow(more: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + more, 64));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = viewOf(grown);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
