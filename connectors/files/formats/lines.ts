/**
 * Formats with one record per line: plain text and NDJSON.
 *
 * In:    chunks. Out: what `parse` makes of each line; `\n` and `\r\n` end a line, the last one may lack it.
 * State: all complete lines of the window are decoded at once, into one text, since cutting a text is four times faster than decoding line by line. The
 *        position in bytes is counted only when somebody asks for it. A line is a slice that keeps that text (a chunk) alive for as long as it lives.
 */
import type { MillraceError } from "../../../core/util/errors.ts";
import { placeOf, reasonOf, tooLong } from "../errors.ts";
import type { MalformedRecord } from "../errors.ts";
import { ByteWindow } from "./byte-window.ts";
import type { FileFormat, FilePosition, ParseStep, ParserOptions, RecordParser } from "./format.ts";
import { strictJson } from "./strict-json.ts";

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/**
 * One record per line: the line as text, without its line break. Empty lines are records.
 *
 * Shape:  `FileFormat<string>`, for source and sink.
 * Cost:   millions of lines/s; a line that you keep for long keeps up to 64 KiB of its neighbours alive.
 * Errors: `MR6105` a line is longer than `recordBytesMax` of the source.
 * Source: Flink's `TextLineInputFormat` and `SimpleStringEncoder`.
 *
 * @example
 * const lines = env.fromSource(fileSource({ path: "server.log", format: textLines() }), WatermarkStrategy.noWatermarks(), "log");
 */
export function textLines(): FileFormat<string> {
  return {
    name: "textLines",
    suffix: ".txt",
    createParser: (options) => new LineParser(options, { parse: (line) => line, blankLines: "keep" }),
    createEncoder: () => (value) => `${value}\n`,
  };
}

/**
 * One JSON value per line. Blank lines are passed over.
 *
 * Shape:  `FileFormat<T>`, for source and sink; that the values are of type `T` is your promise, nothing checks it.
 *         What is written is a Date as ISO text, and a field that is `undefined` not at all.
 * Cost:   that of `JSON.parse` and `JSON.stringify`, and of a look at each field that is written.
 * Errors: `MR6103` a line is no JSON; `MR6108` a value to be written has no JSON, or JSON would change it without a word: `undefined`, bigint, NaN, an
 *         infinity, Map, Set, bytes, a function.
 * Source: NDJSON, also called JSON Lines; JSON as in RFC 8259.
 *
 * @example
 * const clicks = env.fromSource(fileSource({ path: "clicks/", format: ndjson<Click>() }), watermarks, "clicks");
 */
export function ndjson<T = unknown>(): FileFormat<T> {
  return {
    name: "ndjson",
    suffix: ".ndjson",
    createParser: (options) =>
      new LineParser<T>(options, { parse: (line) => JSON.parse(line) as T, blankLines: "skip" }), // the caller's promise
    createEncoder: () => (value) => `${strictJson(value)}\n`,
  };
}

export interface LineParserOptions<T> {
  /** What it throws makes the line malformed. */
  readonly parse: (line: string) => T;
  readonly blankLines: "keep" | "skip";
}

export class LineParser<T> implements RecordParser<T> {
  value: T = undefined as T; // read only after the first "record"
  problem: MalformedRecord | undefined;
  readonly #path: string;
  readonly #recordBytesMax: number;
  readonly #parse: (line: string) => T;
  readonly #skipBlank: boolean;
  readonly #window: ByteWindow;
  /** The decoded lines, each with its line break; they are the first `#blockBytes` of the window. */
  #block = "";
  #blockBytes = 0;
  #from = 0;
  #linesOfBlock = 0;
  #linesBefore: number;
  #recordIndex: number;
  /** Bytes of the window without a line break. */
  #searched = 0;
  #ended = false;

  constructor({ path, start, recordBytesMax }: ParserOptions, { parse, blankLines }: LineParserOptions<T>) {
    this.#path = path;
    this.#recordBytesMax = recordBytesMax;
    this.#parse = parse;
    this.#skipBlank = blankLines === "skip";
    this.#window = new ByteWindow(start.byteOffset);
    this.#linesBefore = start.line;
    this.#recordIndex = start.recordIndex;
  }

  next(): ParseStep {
    for (;;) {
      const end = this.#block.indexOf("\n", this.#from);
      if (end === -1) {
        if (this.#refill()) continue;
        return this.#ended ? "end" : "more";
      }
      const from = this.#from;
      const line = this.#block.slice(
        from,
        end > from && this.#block.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end,
      );
      if (end - from > this.#recordBytesMax) throw this.#tooLong();
      this.#from = end + 1;
      this.#linesOfBlock++;
      if (this.#skipBlank && line.trim() === "") continue;
      this.#recordIndex++;
      try {
        this.value = this.#parse(line);
        return "record";
      } catch (error) {
        this.problem = this.#problem(line, from, error);
        return "malformed";
      }
    }
  }

  push(chunk: Uint8Array): void {
    this.#window.push(chunk);
  }

  end(): void {
    this.#ended = true;
  }

  position(): FilePosition {
    const window = this.#window;
    let index = window.start;
    for (let lines = this.#linesOfBlock; lines > 0; lines--) {
      const newline = window.bytes.indexOf(NEWLINE, index);
      index = newline === -1 || newline >= window.end ? window.end : newline + 1;
    }
    return {
      byteOffset: window.offset + index - window.start,
      recordIndex: this.#recordIndex,
      line: this.#linesBefore + this.#linesOfBlock,
    };
  }

  /** Decodes the next complete lines, if there are any. */
  #refill(): boolean {
    const window = this.#window;
    window.consume(this.#blockBytes);
    this.#linesBefore += this.#linesOfBlock;
    this.#linesOfBlock = this.#blockBytes = this.#from = 0;
    this.#block = "";
    const unread = window.bytes.subarray(window.start, window.end);
    const lastNewline = unread.subarray(this.#searched).lastIndexOf(NEWLINE);
    if (lastNewline === -1) {
      this.#searched = unread.length;
      if (unread.length > this.#recordBytesMax) throw this.#tooLong();
      if (!this.#ended || unread.length === 0) return false;
    }
    window.skipBom();
    const last = lastNewline === -1;
    if (last && window.length === 0) return false;
    this.#blockBytes = last
      ? window.length
      : window.end - window.start - (unread.length - this.#searched - lastNewline - 1);
    this.#block = window.text(0, this.#blockBytes) + (last ? "\n" : "");
    this.#searched = window.length - this.#blockBytes;
    return true;
  }

  #problem(line: string, from: number, error: unknown): MalformedRecord {
    const { line: lines } = this.position();
    const byteOffset = this.#window.offset + Buffer.byteLength(this.#block.slice(0, from));
    return {
      path: this.#path,
      line: lines,
      index: this.#recordIndex - 1,
      byteOffset,
      text: line,
      reason: reasonOf(error),
      cause: error,
    };
  }

  #tooLong(): MillraceError {
    const place = {
      path: this.#path,
      line: this.#linesBefore + this.#linesOfBlock + 1,
      index: this.#recordIndex,
      byteOffset: 0,
    };
    return tooLong(placeOf(place), this.#recordBytesMax);
  }
}
