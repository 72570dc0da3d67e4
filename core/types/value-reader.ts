/**
 * Reads what `ValueWriter` wrote, from the start of its stream. What flows in: bytes, whole or the chunks joined. What flows out: fresh values; equal
 * references have become copies. Bytes that nobody wrote are refused with `MR4102`.
 */
import { MillraceError } from "../util/errors.ts";
import type { ClassRegistry } from "./class-registry.ts";
import * as tags from "./value-tags.ts";

export class ValueReader {
  readonly #classes: ClassRegistry | undefined;
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #end: number;
  #position: number;
  #shapes: (readonly string[])[] = [];

  /** Reads `bytes` from `start`. */
  constructor(
    bytes: Uint8Array,
    options: { readonly classes?: ClassRegistry | undefined; readonly start?: number } = {},
  ) {
    this.#classes = options.classes;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.byteLength;
    this.#position = options.start ?? 0;
  }

  get position(): number {
    return this.#position;
  }

  get atEnd(): boolean {
    return this.#position >= this.#end;
  }

  /** What follows was written by another writer. */
  beginStream(): void {
    this.#shapes = [];
  }

  readByte(): number {
    if (this.#position >= this.#end) throw corrupt("they end too early");
    return this.#view.getUint8(this.#position++);
  }

  readUint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.readByte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
      if (factor > 2 ** 56) throw corrupt("a number has too many digits");
    }
  }

  readFloat(): number {
    const at = this.#skip(8);
    return this.#view.getFloat64(at, true);
  }

  readString(): string {
    const value = this.readValue();
    if (typeof value !== "string") throw corrupt("there is no text where text must be");
    return value;
  }

  /** A copy. */
  readBytes(): Uint8Array {
    const length = this.readUint();
    const at = this.#skip(length);
    return new Uint8Array(this.#bytes.subarray(at, at + length));
  }

  readValue(): unknown {
    const tag = this.readByte();
    if (tag >= tags.SMALL_INT_OFFSET) return tag - tags.SMALL_INT_OFFSET;
    switch (tag) {
      case tags.TAG_UNDEFINED:
        return undefined;
      case tags.TAG_NULL:
        return null;
      case tags.TAG_TRUE:
        return true;
      case tags.TAG_FALSE:
        return false;
      case tags.TAG_INT: {
        const zigzag = this.readUint();
        return (zigzag >>> 1) ^ -(zigzag & 1);
      }
      case tags.TAG_FLOAT:
        return this.readFloat();
      case tags.TAG_LATIN1:
        return this.#readText("latin1", 1);
      case tags.TAG_UTF16:
        return this.#readText("utf16le", 2);
      case tags.TAG_OBJECT:
      case tags.TAG_OBJECT_NEW_SHAPE:
        return this.#readFields({}, tag);
      case tags.TAG_OBJECT + tags.NULL_PROTOTYPE_OFFSET:
      case tags.TAG_OBJECT_NEW_SHAPE + tags.NULL_PROTOTYPE_OFFSET:
        return this.#readFields(Object.create(null) as Record<string, unknown>, tag - tags.NULL_PROTOTYPE_OFFSET); // filled here
      case tags.TAG_OBJECT_INLINE:
        return this.#readInline({});
      case tags.TAG_OBJECT_INLINE + tags.NULL_PROTOTYPE_OFFSET:
        return this.#readInline(Object.create(null) as Record<string, unknown>); // filled here
      case tags.TAG_ARRAY:
        return this.#readArray();
      default:
        return this.#readRare(tag);
    }
  }

  #readRare(tag: number): unknown {
    switch (tag) {
      case tags.TAG_BIGINT_64:
        return this.#view.getBigInt64(this.#skip(8), true);
      case tags.TAG_BIGINT: {
        const negative = this.readByte() === 1;
        const magnitude = BigInt(`0x0${Buffer.from(this.readBytes()).toString("hex")}`);
        return negative ? -magnitude : magnitude;
      }
      case tags.TAG_DATE:
        return new Date(this.readFloat());
      case tags.TAG_SPARSE_ARRAY:
        return this.#readSparse();
      case tags.TAG_MAP:
        return this.#readMap();
      case tags.TAG_SET:
        return new Set(this.#readArray());
      case tags.TAG_UINT8_ARRAY:
        return this.readBytes();
      case tags.TAG_BUFFER:
        return Buffer.from(this.readBytes().buffer);
      case tags.TAG_ARRAY_BUFFER:
        return this.readBytes().buffer;
      case tags.TAG_VIEW:
        return this.#readView();
      case tags.TAG_CLASS:
        return this.#readInstance();
      default:
        throw corrupt(`kind ${tag} is unknown to this version`);
    }
  }

  #readText(encoding: "latin1" | "utf16le", width: number): string {
    const length = this.readUint() * width;
    const at = this.#skip(length);
    return this.#bytes.toString(encoding, at, at + length);
  }

  #readFields(target: Record<string, unknown>, tag: number): Record<string, unknown> {
    const names = tag === tags.TAG_OBJECT ? this.#shapes[this.readUint()] : this.#readShape();
    if (names === undefined) throw corrupt("a shape is missing");
    for (const name of names) setField(target, name, this.readValue());
    return target;
  }

  #readShape(): readonly string[] {
    const count = this.#readCount();
    const names: string[] = [];
    for (let index = 0; index < count; index += 1) names.push(this.readString());
    this.#shapes.push(names);
    return names;
  }

  #readInline(target: Record<string, unknown>): Record<string, unknown> {
    const count = this.#readCount();
    for (let index = 0; index < count; index += 1) setField(target, this.readString(), this.readValue());
    return target;
  }

  #readArray(): unknown[] {
    const length = this.#readCount();
    const array: unknown[] = [];
    for (let index = 0; index < length; index += 1) array.push(this.readValue());
    return array;
  }

  #readSparse(): unknown[] {
    const array: unknown[] = [];
    const length = this.readUint();
    if (length > 4_294_967_295) throw corrupt("an array is too long");
    array.length = length;
    const count = this.#readCount();
    for (let left = count; left > 0; left -= 1) {
      const index = this.readUint();
      array[index] = this.readValue();
    }
    return array;
  }

  #readMap(): Map<unknown, unknown> {
    const size = this.#readCount();
    const map = new Map<unknown, unknown>();
    for (let left = size; left > 0; left -= 1) {
      const key = this.readValue();
      map.set(key, this.readValue());
    }
    return map;
  }

  #readView(): unknown {
    const name = tags.VIEW_NAMES[this.readByte()];
    const constructor = name === undefined ? undefined : (globalThis as Record<string, unknown>)[name]; // the names are those of globals
    if (typeof constructor !== "function") throw corrupt("an array of numbers has an unknown type");
    const { buffer } = this.readBytes();
    const width = (constructor as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1; // none for DataView
    if (buffer.byteLength % width !== 0) throw corrupt("an array of numbers has half a number");
    return Reflect.construct(constructor, [buffer]) as unknown; // not `any`
  }

  #readInstance(): unknown {
    const name = this.readString();
    const registered = this.#classes?.ofName(name);
    if (registered === undefined) {
      throw new MillraceError(
        "MR4104",
        `a value of the class registered as "${name}" was saved: register that class again to read it`,
      );
    }
    return registered.fromPlain(this.readValue());
  }

  /** A number of things, each of which takes a byte at least. */
  #readCount(): number {
    const count = this.readUint();
    if (count > this.#end - this.#position) throw corrupt("they end too early");
    return count;
  }

  #skip(length: number): number {
    const at = this.#position;
    if (length > this.#end - at) throw corrupt("they end too early");
    this.#position = at + length;
    return at;
  }
}

/** `__proto__` is an ordinary name in saved values. */
function setField(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === "__proto__")
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  else target[name] = value;
}

function corrupt(why: string): MillraceError {
  return new MillraceError(
    "MR4102",
    `these bytes are no value that millrace wrote (${why}): was the file damaged, or written by a newer version?`,
  );
}
