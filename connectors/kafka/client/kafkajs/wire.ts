/**
 * Kafka's primitive types as bytes, for the requests that we write ourselves: big-endian numbers, texts with a length of 16 bits, and the "compact" forms of the
 * newer, flexible requests, whose lengths are variable and count from 1 (0 means null).
 */
import { assert } from "../../../../core/util/errors.ts";
import type { Encoded } from "./load-kafkajs.ts";

const HIGH = 0x1_0000_0000;

/** Grows as it is written to; `bytesExpected` spares copies. */
export class WireWriter {
  #bytes: Buffer;
  #end = 0;

  constructor(bytesExpected: number = 256) {
    this.#bytes = Buffer.allocUnsafe(bytesExpected);
  }

  int8(value: number): this {
    const at = this.#reserve(1);
    this.#bytes.writeInt8(value, at);
    return this;
  }

  int16(value: number): this {
    const at = this.#reserve(2);
    this.#bytes.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.#reserve(4);
    this.#bytes.writeInt32BE(value, at);
    return this;
  }

  /** A safe integer. */
  int64(value: number): this {
    const at = this.#reserve(8);
    const high = Math.floor(value / HIGH);
    this.#bytes.writeInt32BE(high, at);
    this.#bytes.writeUInt32BE(value - high * HIGH, at + 4);
    return this;
  }

  text(value: string | null): this {
    if (value === null) return this.int16(-1);
    const length = Buffer.byteLength(value);
    assert(length <= 0x7fff, "a text is too long for Kafka's protocol");
    this.int16(length);
    return this.#utf8(value, length);
  }

  bytes(value: Uint8Array): this {
    this.int32(value.length);
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  compactText(value: string | null): this {
    if (value === null) return this.#varUint(0);
    const length = Buffer.byteLength(value);
    this.#varUint(length + 1);
    return this.#utf8(value, length);
  }

  compactArray<T>(items: readonly T[] | null, write: (item: T) => void): this {
    if (items === null) return this.#varUint(0);
    this.#varUint(items.length + 1);
    for (const item of items) write(item);
    return this;
  }

  /** The section of tagged fields that ends each structure of a flexible request: we know none. */
  noTags(): this {
    return this.#varUint(0);
  }

  done(): Encoded {
    const buffer = this.#bytes.subarray(0, this.#end);
    return { buf: buffer, buffer };
  }

  #utf8(value: string, length: number): this {
    const at = this.#reserve(length);
    this.#bytes.write(value, at, length, "utf8");
    return this;
  }

  #varUint(value: number): this {
    let rest = value;
    while (rest > 0x7f) {
      const at = this.#reserve(1);
      this.#bytes[at] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    const at = this.#reserve(1);
    this.#bytes[at] = rest;
    return this;
  }

  #reserve(length: number): number {
    const at = this.#end;
    this.#end += length;
    if (this.#end > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#end, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    return at;
  }
}

/** Reads what a broker answered; a `RangeError` where the answer is shorter than it says. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#skip(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#skip(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#skip(4));
  }

  int64(): number {
    const at = this.#skip(8);
    return this.#bytes.readInt32BE(at) * HIGH + this.#bytes.readUInt32BE(at + 4);
  }

  text(): string | null {
    const length = this.int16();
    return length < 0 ? null : this.#utf8(length);
  }

  /** A view, not a copy; empty for null. */
  bytes(): Uint8Array {
    const length = Math.max(0, this.int32());
    const at = this.#skip(length);
    return this.#bytes.subarray(at, at + length);
  }

  array<T>(read: (reader: WireReader) => T): T[] {
    return this.#items(this.int32(), read);
  }

  compactText(): string | null {
    const length = this.#varUint() - 1;
    return length < 0 ? null : this.#utf8(length);
  }

  compactArray<T>(read: (reader: WireReader) => T): T[] {
    return this.#items(this.#varUint() - 1, read);
  }

  skipTags(): void {
    for (let left = this.#varUint(); left > 0; left -= 1) {
      this.#varUint();
      this.#skip(this.#varUint());
    }
  }

  #items<T>(count: number, read: (reader: WireReader) => T): T[] {
    const items: T[] = [];
    for (let index = 0; index < count; index += 1) items.push(read(this));
    return items;
  }

  #utf8(length: number): string {
    const at = this.#skip(length);
    return this.#bytes.toString("utf8", at, at + length);
  }

  #varUint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#skip(1));
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  #skip(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new RangeError("the answer of the broker ends too early");
    this.#at = at + length;
    return at;
  }
}
