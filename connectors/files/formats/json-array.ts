/**
 * A file that is one JSON array, read as a stream: the elements are found one by one, so the file is never in memory as a whole.
 *
 * In:    chunks. Out: each element through `JSON.parse`, which also checks it; here only brackets and strings are followed, to know where it ends.
 * State: the bytes of the element at hand, and the position behind the last one, where a new parser goes on with the comma.
 */
import { broken, placeOf, reasonOf, tooLong } from "../errors.ts";
import type { MalformedRecord } from "../errors.ts";
import { ByteWindow } from "./byte-window.ts";
import type { FileDecoder, FilePosition, ParseStep, ParserOptions, RecordParser } from "./format.ts";

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * A file with one JSON array; every element is a record.
 *
 * Shape:  `FileDecoder<T>`, for the source; that the elements are of type `T` is your promise, nothing checks it.
 * Cost:   memory for one element and a few chunks, however large the file.
 * Errors: `MR6103` an element is no JSON; `MR6104` the array itself is broken or breaks off: always an error, since what follows cannot be told apart.
 * Source: JSON as in RFC 8259.
 *
 * @example
 * const flights = env.fromSource(fileSource({ path: "flights.json", format: jsonArray<Flight>() }), watermarks, "flights");
 */
export function jsonArray<T = unknown>(): FileDecoder<T> {
  return { name: "jsonArray", createParser: (options) => new JsonArrayParser<T>(options) };
}

/** What comes next: the opening bracket; the first element or the end; an element; the rest of one; a comma or the end; nothing more. */
type Expected = "array" | "first" | "element" | "rest" | "comma" | "nothing";

class JsonArrayParser<T> implements RecordParser<T> {
  value: T = undefined as T; // read only after the first "record"
  problem: MalformedRecord | undefined;
  readonly #path: string;
  readonly #recordBytesMax: number;
  readonly #window: ByteWindow;
  #expected: Expected;
  #recordIndex: number;
  #recordEnd: number;
  /** Inside an element: bytes that are scanned, and what they have opened. */
  #scanned = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #ended = false;

  constructor({ path, start, recordBytesMax }: ParserOptions) {
    this.#path = path;
    this.#recordBytesMax = recordBytesMax;
    this.#window = new ByteWindow(start.byteOffset);
    this.#expected = start.recordIndex === 0 ? "array" : "comma";
    this.#recordIndex = start.recordIndex;
    this.#recordEnd = start.byteOffset;
  }

  next(): ParseStep {
    while (this.#expected === "rest" || this.#advance()) {
      if (this.#expected !== "rest") continue;
      const length = this.#elementLength();
      if (length === -1) break;
      if (length > this.#recordBytesMax) throw tooLong(this.#place(), this.#recordBytesMax);
      return this.#take(length);
    }
    if (this.#window.length > this.#recordBytesMax) throw tooLong(this.#place(), this.#recordBytesMax);
    if (!this.#ended) return "more";
    if (this.#expected === "nothing") return "end";
    throw broken(
      this.#place(),
      this.#expected === "array"
        ? "the file is empty, but should hold a JSON array"
        : "the file ends before its JSON array does",
    );
  }

  push(chunk: Uint8Array): void {
    this.#window.push(chunk);
  }

  end(): void {
    this.#ended = true;
  }

  position(): FilePosition {
    return { byteOffset: this.#recordEnd, recordIndex: this.#recordIndex, line: 0 };
  }

  /** Passes over white space and one mark between elements. False: nothing is left. */
  #advance(): boolean {
    const window = this.#window;
    if (window.offset === 0) {
      if (window.length < 3 && !this.#ended) return false;
      window.skipBom();
    }
    let index = window.start;
    while (index < window.end && isSpace(window.bytes[index])) index++;
    window.consume(index - window.start);
    if (window.start === window.end) return false;
    const mark = window.bytes[window.start];
    const following = this.#after(mark);
    if (following !== "rest") window.consume(1);
    this.#expected = following;
    return true;
  }

  /** What `mark` leads to; `rest` if it begins an element. */
  #after(mark: number | undefined): Expected {
    if (this.#expected === "array") {
      if (mark === OPEN_BRACKET) return "first";
      throw broken(this.#place(), "the file should hold a JSON array, but does not begin with a [");
    }
    if (this.#expected === "nothing") throw broken(this.#place(), "something follows the end of the JSON array");
    if (mark === CLOSE_BRACKET && this.#expected !== "element") return "nothing";
    if (this.#expected === "comma") {
      if (mark === COMMA) return "element";
      throw broken(this.#place(), "a comma or the end of the array is missing here");
    }
    if (mark === COMMA || mark === CLOSE_BRACKET) throw broken(this.#place(), "an element is missing here");
    return "rest";
  }

  /** Hot, per byte. -1: the element goes on beyond the window. */
  #elementLength(): number {
    const { bytes, start, end } = this.#window;
    let index = start + this.#scanned;
    let depth = this.#depth;
    for (; index < end; index++) {
      if (this.#inString) {
        index = this.#stringEnd(bytes, index, end);
        if (index === end) break;
        this.#inString = false;
        if (depth === 0) return index + 1 - start;
        continue;
      }
      const byte = bytes[index];
      if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        if (depth === 0) return index - start;
        if (--depth === 0) return index + 1 - start;
      } else if (depth === 0 && (byte === COMMA || isSpace(byte))) return index - start;
    }
    this.#scanned = end - start;
    this.#depth = depth;
    // A number may end with the window; what follows decides.
    return -1;
  }

  /** Index of the closing quote; `end` if it is not there yet. */
  #stringEnd(bytes: Buffer, from: number, end: number): number {
    let index = from;
    if (this.#escaped) index++;
    this.#escaped = false;
    for (; index < end; index++) {
      const byte = bytes[index];
      if (byte === QUOTE) return index;
      if (byte === BACKSLASH) index++;
    }
    this.#escaped = index > end;
    return end;
  }

  #take(length: number): ParseStep {
    const text = this.#window.text(0, length);
    const byteOffset = this.#window.offset;
    // A stray closing brace is an element without bytes: it must be passed over all the same.
    this.#window.consume(Math.max(1, length));
    this.#recordEnd = this.#window.offset;
    this.#recordIndex++;
    this.#scanned = this.#depth = 0;
    this.#expected = "comma";
    try {
      this.value = JSON.parse(text) as T; // the caller's promise
      return "record";
    } catch (error) {
      this.problem = {
        path: this.#path,
        line: undefined,
        index: this.#recordIndex - 1,
        byteOffset,
        text,
        reason: reasonOf(error),
        cause: error,
      };
      return "malformed";
    }
  }

  #place(): string {
    return placeOf({ path: this.#path, line: undefined, index: this.#recordIndex, byteOffset: this.#window.offset });
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
