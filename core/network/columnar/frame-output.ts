/**
 * Where a frame grows: header and columns in two buffers that are kept from frame to frame, copied into one of exactly the right size at the end.
 *
 * A fresh buffer per frame, because it is transferred to another thread; the copy costs less than growing that buffer would.
 */
import {
  ALIGNMENT,
  FRAME_VERSION,
  KIND_FLOAT64,
  KIND_INT32,
  KIND_LATIN1,
  KIND_SAME_TEXT,
  KIND_UTF16,
  PREFIX_BYTES,
} from "./frame-format.ts";

const OUTSIDE_LATIN1 = /[\u0100-\uffff]/;
/** A buffer that one huge frame has made larger than this is not kept. */
const BYTES_KEPT_MAX = 1_048_576;
const BYTES_INITIAL = 4_096;

export class FrameOutput {
  #header: Uint8Array;
  #headerLength: number;
  /** A `Buffer`, because its latin1 and UTF-16 copies have no equal in the language. */
  #bytes: Buffer;
  #ints: Int32Array;
  #uints: Uint32Array;
  #floats: Float64Array;
  #bigints: BigInt64Array;
  #length: number;

  constructor() {
    this.#header = new Uint8Array(256);
    this.#headerLength = 0;
    this.#length = 0;
    this.#bytes = Buffer.allocUnsafeSlow(BYTES_INITIAL);
    this.#ints = new Int32Array(this.#bytes.buffer);
    this.#uints = new Uint32Array(this.#bytes.buffer);
    this.#floats = new Float64Array(this.#bytes.buffer);
    this.#bigints = new BigInt64Array(this.#bytes.buffer);
  }

  /** The kind of the column of all records. */
  get rootKind(): number {
    return this.#header[0] ?? 0;
  }

  begin(): void {
    this.#headerLength = 0;
    this.#length = 0;
    if (this.#bytes.length > BYTES_KEPT_MAX) this.#replace(Buffer.allocUnsafeSlow(BYTES_INITIAL));
  }

  /** The frame, in an `ArrayBuffer` of its own. */
  finish(count: number): Uint8Array {
    const columnsAt = aligned(PREFIX_BYTES + this.#headerLength);
    const { buffer } = Buffer.allocUnsafeSlow(columnsAt + this.#length);
    const frame = new Uint8Array(buffer);
    const prefix = new Uint32Array(buffer, 0, PREFIX_BYTES / 4);
    prefix[0] = FRAME_VERSION;
    prefix[1] = count;
    prefix[2] = this.#headerLength;
    prefix[3] = 0;
    frame.set(this.#header.subarray(0, this.#headerLength), PREFIX_BYTES);
    frame.fill(0, PREFIX_BYTES + this.#headerLength, columnsAt);
    frame.set(this.#bytes.subarray(0, this.#length), columnsAt);
    return frame;
  }

  writeHeaderByte(byte: number): void {
    if (this.#headerLength === this.#header.length) this.#growHeader(1);
    this.#header[this.#headerLength++] = byte;
  }

  writeHeader(bytes: Uint8Array): void {
    if (this.#headerLength + bytes.length > this.#header.length) this.#growHeader(bytes.length);
    this.#header.set(bytes, this.#headerLength);
    this.#headerLength += bytes.length;
  }

  /** Hot. A column of numbers: as integers if all are, and none is -0. */
  writeNumbers(values: ArrayLike<number>, count: number): void {
    const at = this.#reserve(count * 8);
    const ints = this.#ints;
    const start = at / 4;
    for (let index = 0; index < count; index += 1) {
      const value = values[index] ?? 0;
      const int = value | 0;
      if (int !== value || (int === 0 && 1 / value < 0)) {
        this.writeHeaderByte(KIND_FLOAT64);
        this.#writeFloatsAt(at, values, count);
        return;
      }
      ints[start + index] = int;
    }
    this.writeHeaderByte(KIND_INT32);
    this.#length = at + count * 4;
  }

  /** Float64, whatever the values are; the kind is the caller's to write. */
  writeFloats(values: ArrayLike<number>, count: number): void {
    this.#writeFloatsAt(this.#reserve(count * 8), values, count);
  }

  writeBigints(values: ArrayLike<bigint>, count: number): void {
    const start = this.#reserve(count * 8) / 8;
    for (let index = 0; index < count; index += 1) this.#bigints[start + index] = values[index] ?? 0n;
  }

  writeLengths(values: ArrayLike<number>, count: number): void {
    const start = this.#reserve(count * 4) / 4;
    const uints = this.#uints;
    for (let index = 0; index < count; index += 1) uints[start + index] = values[index] ?? 0;
  }

  /** A column of text: all values in one piece, and the length of each. */
  writeText(text: string, lengths: ArrayLike<number>, count: number): void {
    const width = widthOf(text);
    this.writeHeaderByte(width === 1 ? KIND_LATIN1 : KIND_UTF16);
    this.writeLengths(lengths, count);
    this.writeUint(text.length);
    this.#writeCharacters(text, width);
  }

  /** A column of one text that all values are. */
  writeSameText(text: string, count: number): void {
    const width = widthOf(text);
    this.writeHeaderByte(KIND_SAME_TEXT);
    this.writeUint(text.length);
    this.writeUint(width);
    this.#writeCharacters(text, width);
    this.writeNothing(count);
  }

  writeUint(value: number): void {
    const at = this.#reserve(4);
    this.#uints[at / 4] = value;
  }

  writeBytes(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Zeros, for a column whose kind says it all. */
  writeNothing(count: number): void {
    const at = this.#reserve(count);
    this.#bytes.fill(0, at, at + count);
  }

  #writeCharacters(text: string, width: 1 | 2): void {
    const at = this.#reserve(text.length * width);
    this.#bytes.write(text, at, width === 1 ? "latin1" : "utf16le");
  }

  #writeFloatsAt(at: number, values: ArrayLike<number>, count: number): void {
    // As one copy, rather than number by number.
    if (values instanceof Float64Array) this.#floats.set(values.subarray(0, count), at / 8);
    else for (let index = 0; index < count; index += 1) this.#floats[at / 8 + index] = values[index] ?? 0;
  }

  /** Room for a column. What pads the one before is zero, so that equal records make equal frames. */
  #reserve(bytes: number): number {
    const at = aligned(this.#length);
    const end = at + bytes;
    if (end + ALIGNMENT > this.#bytes.length) this.#grow(end + ALIGNMENT);
    for (let index = this.#length; index < at; index += 1) this.#bytes[index] = 0;
    this.#length = end;
    return at;
  }

  #grow(bytesMin: number): void {
    const grown = Buffer.allocUnsafeSlow(aligned(Math.max(this.#bytes.length * 2, bytesMin)));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#replace(grown);
  }

  #replace(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#ints = new Int32Array(bytes.buffer);
    this.#uints = new Uint32Array(bytes.buffer);
    this.#floats = new Float64Array(bytes.buffer);
    this.#bigints = new BigInt64Array(bytes.buffer);
  }

  #growHeader(more: number): void {
    const grown = new Uint8Array(this.#header.length * 2 + more);
    grown.set(this.#header.subarray(0, this.#headerLength));
    this.#header = grown;
  }
}

/** Costs next to nothing for text that V8 itself keeps with a byte per code unit. */
function widthOf(text: string): 1 | 2 {
  return OUTSIDE_LATIN1.test(text) ? 2 : 1;
}

function aligned(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}
