/**
 * Reads the columns that hold no objects and lists: the counterpart of `leaf-columns.ts`. In: the bytes of a frame. Out: fresh values, or views of its numbers,
 * which are read at once.
 */
import type { ClassRegistry } from "../../types/class-registry.ts";
import { ValueReader } from "../../types/value-reader.ts";
import type { TextColumn } from "./builder-code.ts";
import * as format from "./frame-format.ts";
import { damaged } from "./frame-input.ts";
import type { FrameInput } from "./frame-input.ts";

/**
 * Reads a column of `count` values. Records are put into `into`, where it is given; other values come in an array of their own. It takes the bytes of the
 * column out of the input, and thereby checks the count, before it makes an array for as many values.
 */
export type ColumnReader = (input: FrameInput, count: number, into?: unknown[]) => ArrayLike<unknown>;

export function leafReaderOf(kind: number, classes: ClassRegistry | undefined): ColumnReader {
  switch (kind) {
    case format.KIND_INT32:
      return (input, count) => input.readInts(count);
    case format.KIND_FLOAT64:
      return (input, count) => input.readFloats(count);
    case format.KIND_LATIN1:
    case format.KIND_UTF16:
      return (input, count) => split(readText(input, kind, count), count);
    case format.KIND_SAME_TEXT:
      return sameTextReader;
    case format.KIND_BIGINT64:
      return (input, count) => input.readBigints(count);
    case format.KIND_BOOLEAN:
      return (input, count) => Array.from(input.readBytes(count), (byte) => byte === 1);
    case format.KIND_DATE:
      return (input, count) => Array.from(input.readFloats(count), (timeMs) => new Date(timeMs));
    case format.KIND_BYTES:
      return bytesReader;
    case format.KIND_ROWS:
      return (input, count) => readRows(input, count, classes);
    case format.KIND_NULL:
      return constantReader(null);
    case format.KIND_UNDEFINED:
      return constantReader(undefined);
    case format.KIND_ABSENT:
      return constantReader(format.ABSENT);
    default:
      throw damaged(`a column has the kind ${kind}`);
  }
}

export function isText(kind: number): boolean {
  return kind === format.KIND_LATIN1 || kind === format.KIND_UTF16;
}

export function readText(input: FrameInput, kind: number, count: number): TextColumn {
  const lengths = input.readUints(count);
  return { lengths, text: input.readText(input.readUint(), kind === format.KIND_LATIN1 ? "latin1" : "utf16le") };
}

function split({ text, lengths }: TextColumn, count: number): string[] {
  const values = newArray<string>(count);
  let end = 0;
  for (let index = 0; index < count; index += 1) {
    const start = end;
    end += lengths[index] ?? 0;
    values[index] = text.substring(start, end);
  }
  if (end !== text.length) throw textMismatch();
  return values;
}

function sameTextReader(input: FrameInput, count: number): string[] {
  const length = input.readUint();
  const text = input.readText(length, input.readUint() === 1 ? "latin1" : "utf16le");
  input.readBytes(count);
  return newArray<string>(count).fill(text);
}

function constantReader(value: unknown): ColumnReader {
  return (input, count) => {
    input.readBytes(count);
    return newArray(count).fill(value);
  };
}

function bytesReader(input: FrameInput, count: number): Uint8Array[] {
  const lengths = input.readUints(count);
  const all = input.readBytes(sum(lengths));
  let end = 0;
  return Array.from(lengths, (length) => {
    const start = end;
    end += length;
    return new Uint8Array(all.subarray(start, end)); // a copy
  });
}

function readRows(input: FrameInput, count: number, classes: ClassRegistry | undefined): unknown[] {
  const reader = new ValueReader(input.readBytes(input.readUint()), { classes });
  const values: unknown[] = [];
  for (let left = count; left > 0; left -= 1) values.push(reader.readValue());
  if (!reader.atEnd) throw damaged("something follows its rows");
  return values;
}

export function sum(lengths: Uint32Array): number {
  let total = 0;
  for (let index = 0; index < lengths.length; index += 1) total += lengths[index] ?? 0;
  return total;
}

/** Of that length, for loops that fill it from the front. */
export function newArray<T>(length: number): T[] {
  return new Array<T>(length);
}

export function textMismatch(): Error {
  return damaged("the lengths of a text do not add up");
}
