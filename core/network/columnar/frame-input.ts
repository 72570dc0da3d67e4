/**
 * Reads a frame from its start. What flows in: bytes that a `FrameEncoder` wrote, or that something has damaged since. What flows out: the header, and views
 * into the columns. Everything is held against the bytes that are left, so no length is believed.
 */
import { MillraceError } from "../../util/errors.ts";
import { ALIGNMENT, FRAME_VERSION, PREFIX_BYTES } from "./frame-format.ts";

export class FrameInput {
  /** Of records. */
  readonly count: number;
  /** As text, one character per byte: to look it up by. */
  readonly header: string;
  readonly #bytes: Buffer;
  readonly #start: number;
  #position: number;

  constructor(frame: Uint8Array) {
    if (frame.length < PREFIX_BYTES) throw damaged("it ends too early");
    // Views of numbers must lie at multiples of their width.
    const bytes = frame.byteOffset % ALIGNMENT === 0 ? frame : frame.slice();
    const prefix = new Uint32Array(bytes.buffer, bytes.byteOffset, PREFIX_BYTES / 4);
    if (prefix[0] !== FRAME_VERSION || prefix[3] !== 0) throw damaged("its layout is unknown to this version");
    this.count = prefix[1] ?? 0;
    const headerBytes = prefix[2] ?? 0;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#start = bytes.byteOffset;
    this.#position = PREFIX_BYTES;
    const at = this.#take(headerBytes);
    this.header = this.#bytes.toString("latin1", at, at + headerBytes);
  }

  get atEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  readUint(): number {
    return this.readUints(1)[0] ?? 0;
  }

  readInts(count: number): Int32Array {
    return new Int32Array(this.#bytes.buffer, this.#start + this.#take(count * 4), count);
  }

  readUints(count: number): Uint32Array {
    return new Uint32Array(this.#bytes.buffer, this.#start + this.#take(count * 4), count);
  }

  readFloats(count: number): Float64Array {
    return new Float64Array(this.#bytes.buffer, this.#start + this.#take(count * 8), count);
  }

  readBigints(count: number): BigInt64Array {
    return new BigInt64Array(this.#bytes.buffer, this.#start + this.#take(count * 8), count);
  }

  /** A view into the frame. */
  readBytes(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  readText(length: number, encoding: "latin1" | "utf16le"): string {
    const bytes = encoding === "latin1" ? length : length * 2;
    const at = this.#take(bytes);
    return this.#bytes.toString(encoding, at, at + bytes);
  }

  #take(bytes: number): number {
    const at = Math.ceil(this.#position / ALIGNMENT) * ALIGNMENT;
    if (at + bytes > this.#bytes.length) throw damaged("it ends too early");
    this.#position = at + bytes;
    return at;
  }
}

export function damaged(why: string): MillraceError {
  return new MillraceError(
    "MR4102",
    `this frame of records is none that millrace wrote (${why}): was it damaged, or written by a newer version?`,
  );
}
