/**
 * What a file format is: a parser that finds records in chunks of bytes, and an encoder that makes bytes of values.
 *
 * A parser belongs to one file. It gets chunks of any size, so records and even characters may be cut anywhere, and it can start at any position that an
 * earlier one of the same file returned. It works through what it has without waiting.
 */
import type { MalformedRecord } from "../errors.ts";

/** How far a file is read. Plain data, saved in the split. */
export interface FilePosition {
  /** Behind the last record. */
  readonly byteOffset: number;
  readonly recordIndex: number;
  /** Complete lines so far; 0 where lines do not count. */
  readonly line: number;
  /** CSV: the names of the columns, which stand only at the start of the file. */
  readonly header?: readonly string[];
}

export const FILE_START: FilePosition = { byteOffset: 0, recordIndex: 0, line: 0 };

export interface ParserOptions {
  /** For messages. */
  readonly path: string;
  readonly start: FilePosition;
  readonly recordBytesMax: number;
}

/** `more`: push the next chunk, or say that the file ends. `end`: everything is read. */
export type ParseStep = "record" | "malformed" | "more" | "end";

export interface RecordParser<T> {
  /** Hot. Throws where the file cannot be read any further. */
  next(): ParseStep;
  /** The record, after `record`. */
  readonly value: T;
  /** After `malformed`. The record is passed over. */
  readonly problem: MalformedRecord | undefined;
  /** The bytes are copied. */
  push(chunk: Uint8Array): void;
  end(): void;
  /** Behind the last record, malformed or not. */
  position(): FilePosition;
}

/** Reads values of type `T`. */
export interface FileDecoder<T> {
  readonly name: string;
  createParser(options: ParserOptions): RecordParser<T>;
}

/** Makes the bytes of one record, its line break included. */
export type RecordEncoder<T> = (value: T) => string | Uint8Array;

/** Writes values of type `T`. */
export interface FileEncoder<T> {
  /** Of the file's name, such as `.ndjson`. */
  readonly suffix: string;
  /** One per file, so that it may begin the file with something. */
  createEncoder(): RecordEncoder<T>;
}

export interface FileFormat<T> extends FileDecoder<T>, FileEncoder<T> {}
