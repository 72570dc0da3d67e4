/**
 * CSV as in RFC 4180: quoted fields with delimiters, doubled quotes and line breaks in them; `\n` or `\r\n` ends a record.
 *
 * In:    chunks. Out: one object per record, its fields by the names in the header.
 * State: the bytes of the record at hand, where quotes are open; the names of the columns, which travel in the position, since a parser that starts in
 *        the middle does not see the first line.
 */
import { MillraceError } from "../../../core/util/errors.ts";
import { broken, placeOf, reasonOf, tooLong, wrongOption } from "../errors.ts";
import type { MalformedRecord } from "../errors.ts";
import { checkFunction } from "../options.ts";
import { ByteWindow } from "./byte-window.ts";
import { fieldText, joinFields, splitQuoted } from "./csv-fields.ts";
import type {
  FileDecoder,
  FileEncoder,
  FileFormat,
  FilePosition,
  ParseStep,
  ParserOptions,
  RecordEncoder,
  RecordParser,
} from "./format.ts";
import { noJson } from "./strict-json.ts";

const [NEWLINE, CARRIAGE_RETURN, QUOTE] = [0x0a, 0x0d, 0x22];

/** The fields of one record by column. */
export type CsvRow = Readonly<Record<string, string>>;

export interface CsvOptions {
  /** True: the first line names the columns. Names: the file has no such line. Default: true. */
  readonly header?: true | readonly string[];
  /** One ASCII character. Default: `","`. */
  readonly delimiter?: string;
}

export interface CsvParseOptions<T> extends CsvOptions {
  /** Makes the value of a row; what it throws makes the record malformed. */
  readonly parse: (row: CsvRow) => T;
}

/** Reads rows of text, and writes objects of any type. */
export interface CsvFormat extends FileDecoder<CsvRow>, FileEncoder<object> {}

/**
 * Comma-separated values, one record per row. On writing, the columns are those of `header`, or else the properties of each file's first value.
 *
 * Shape:  `CsvFormat`: read as text by column, written from any object; with `parse`, `FileFormat<T>`. Written are numbers, texts and dates as text, nothing
 *         (`null`, `undefined`) as an empty field, and what is nested as JSON.
 * Errors: `MR6103` a row has too few or too many fields, or text behind a closing quote; `MR6104` a quote stays open; `MR6106` a wrong option;
 *         `MR6107` the header names a column twice, or not at all; `MR6108` a value to be written is no object, or a field has no text.
 * Source: RFC 4180.
 *
 * @example
 * const trips = csv({ delimiter: ";", parse: (row) => ({ from: row["from"], km: Number(row["km"]) }) });
 * clicks.sinkTo(fileSink({ path: "out/clicks", format: csv({ header: ["user", "page"] }) }));
 */
export function csv<T>(options: CsvParseOptions<T>): FileFormat<T>;
export function csv(options?: CsvOptions): CsvFormat;
export function csv<T>(options: CsvOptions & Partial<CsvParseOptions<T>> = {}): FileFormat<T> {
  const delimiter = options.delimiter ?? ",";
  if (options.header !== undefined && options.header !== true && !Array.isArray(options.header))
    throw wrongOption("the header of csv must be true (the first line names the columns), or a list of names");
  if (options.parse !== undefined) checkFunction("parse of csv", options.parse);
  const names =
    options.header === undefined || options.header === true
      ? undefined
      : checkedHeader(options.header, "csv({ header })");
  if (!/^[\0-\x7f]$/.test(delimiter) || /["\r\n]/.test(delimiter)) {
    throw wrongOption(
      `the delimiter of csv must be one ASCII character, neither quote nor line break, but is ${JSON.stringify(delimiter)}`,
    );
  }
  const parse = options.parse ?? ((row: CsvRow) => row as T); // the overload without `parse` has T = CsvRow
  return {
    name: "csv",
    suffix: ".csv",
    createParser: (parser) => new CsvParser<T>(parser, { delimiter, names, parse }),
    createEncoder: () => rowEncoder<T>(delimiter, names),
  };
}

function checkedHeader(names: readonly string[], place: string): readonly string[] {
  const wrong = names.find((name, index) => name === "" || name === "__proto__" || names.indexOf(name) !== index);
  if (wrong === undefined && names.length > 0) return names;
  const problem =
    wrong === undefined ? "no column" : `column ${JSON.stringify(wrong)}, which is empty, named twice or reserved`;
  throw new MillraceError("MR6107", `${place} names ${problem}: give every column its own name`, { retryable: false });
}

function rowEncoder<T>(delimiter: string, names: readonly string[] | undefined): RecordEncoder<T> {
  let columns = names;
  return (value) => {
    if (typeof value !== "object" || value === null)
      throw noJson({
        path: "",
        what: `${typeof value === "object" ? "null" : `a ${typeof value}`}, and no object with columns`,
      });
    const row = value as Readonly<Record<string, unknown>>; // only its properties are read
    const start =
      columns === undefined
        ? joinFields((columns = checkedHeader(Object.keys(row), "the first value of the file")), delimiter)
        : "";
    const fields = columns.map((name) => fieldText(row[name]));
    return start + joinFields(fields, delimiter);
  };
}

interface CsvShape<T> {
  readonly delimiter: string;
  readonly names: readonly string[] | undefined;
  readonly parse: (row: CsvRow) => T;
}

/** Where the scan stands: a field begins; in one without quotes; in one with; behind a quote that closes, unless it is doubled. */
const [FIELD_START, PLAIN, QUOTED, CLOSING] = [0, 1, 2, 3];

class CsvParser<T> implements RecordParser<T> {
  value: T = undefined as T; // read only after the first "record"
  problem: MalformedRecord | undefined;
  readonly #path: string;
  readonly #recordBytesMax: number;
  readonly #shape: CsvShape<T>;
  readonly #window: ByteWindow;
  #header: readonly string[] | undefined;
  #recordIndex: number;
  /** Lines before the record at hand, and inside it. */
  #lines: number;
  #linesInside = 0;
  #scanned = 0;
  #state: number = FIELD_START;
  #hasQuotes = false;
  #ended = false;

  constructor({ path, start, recordBytesMax }: ParserOptions, shape: CsvShape<T>) {
    this.#path = path;
    this.#recordBytesMax = recordBytesMax;
    this.#shape = shape;
    this.#window = new ByteWindow(start.byteOffset);
    this.#header = start.header ?? shape.names;
    this.#recordIndex = start.recordIndex;
    this.#lines = start.line;
  }

  next(): ParseStep {
    for (;;) {
      if (this.#window.offset === 0 && (this.#window.length >= 3 || this.#ended)) this.#window.skipBom();
      const length = this.#scan();
      if (Math.max(length, this.#scanned) > this.#recordBytesMax) throw tooLong(this.#place(), this.#recordBytesMax);
      if (length !== -1) {
        const step = this.#take(length, 1);
        if (step !== undefined) return step;
        continue;
      }
      if (!this.#ended) return "more";
      if (this.#window.length === 0) return "end";
      if (this.#state === QUOTED) throw broken(this.#place(), "a quote is opened here and never closed");
      const step = this.#take(this.#window.length, 0);
      if (step !== undefined) return step;
    }
  }

  push(chunk: Uint8Array): void {
    this.#window.push(chunk);
  }

  end(): void {
    this.#ended = true;
  }

  position(): FilePosition {
    const position = { byteOffset: this.#window.offset, recordIndex: this.#recordIndex, line: this.#lines };
    return this.#header === undefined ? position : { ...position, header: this.#header };
  }

  /** Bytes of the record at hand, without its line break; -1 if it goes on beyond the window. Hot, per byte. */
  #scan(): number {
    const { bytes, start, end } = this.#window;
    const delimiter = this.#shape.delimiter.charCodeAt(0);
    let state = this.#state;
    // A mark of the byte order may still be cut.
    if (this.#window.offset === 0 && end - start < 3 && !this.#ended) return -1;
    for (let index = start + this.#scanned; index < end; index++) {
      const byte = bytes[index];
      if (state === QUOTED) {
        if (byte === QUOTE) state = CLOSING;
        else if (byte === NEWLINE) this.#linesInside++;
      } else if (byte === NEWLINE) return index - start;
      else if (byte === delimiter) state = FIELD_START;
      else if (byte === QUOTE && state !== PLAIN) {
        state = QUOTED;
        this.#hasQuotes = true;
      } else state = PLAIN;
    }
    this.#state = state;
    this.#scanned = end - start;
    return -1;
  }

  /** Makes a value of the next `length` bytes; undefined for the header and for empty lines. */
  #take(length: number, lineBreaks: number): ParseStep | undefined {
    const window = this.#window;
    const byteOffset = window.offset;
    const line = this.#lines + 1;
    const endsWithReturn = length > 0 && window.bytes[window.start + length - 1] === CARRIAGE_RETURN;
    const text = window.text(0, endsWithReturn ? length - 1 : length);
    const hasQuotes = this.#hasQuotes;
    window.consume(length + lineBreaks);
    this.#lines += this.#linesInside + lineBreaks;
    this.#scanned = this.#linesInside = 0;
    this.#state = FIELD_START;
    this.#hasQuotes = false;
    if (text === "") return undefined;
    const fields = hasQuotes ? splitQuoted(text, this.#shape.delimiter) : text.split(this.#shape.delimiter);
    if (this.#header === undefined) {
      if (fields === undefined)
        throw broken(`"${this.#path}", line ${line}`, "the header has text behind a closing quote");
      this.#header = checkedHeader(fields, `"${this.#path}", line ${line},`);
      return undefined;
    }
    this.#recordIndex++;
    try {
      this.value = this.#shape.parse(rowOf(this.#header, fields));
      return "record";
    } catch (error) {
      this.problem = {
        path: this.#path,
        line,
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
    return placeOf({
      path: this.#path,
      line: this.#lines + 1,
      index: this.#recordIndex,
      byteOffset: this.#window.offset,
    });
  }
}

function rowOf(header: readonly string[], fields: readonly string[] | undefined): CsvRow {
  if (fields === undefined) throw new Error("text stands behind a closing quote");
  if (fields.length !== header.length)
    throw new Error(`it has ${fields.length} fields, but the header names ${header.length}`);
  const row: Record<string, string> = {};
  for (let index = 0; index < header.length; index++) row[header[index] ?? ""] = fields[index] ?? "";
  return row;
}
