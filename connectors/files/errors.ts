/** Errors of the file source and sink that name a place in a file. */
import { MillraceError, asError } from "../../core/util/errors.ts";

/** A record that could not be read, and where it stands. */
export interface MalformedRecord {
  readonly path: string;
  /** From 1; undefined in a JSON array. */
  readonly line: number | undefined;
  /** Records before this one in the file. */
  readonly index: number;
  /** Where the record begins, from 0. */
  readonly byteOffset: number;
  /** The record as it stands in the file, without its line break. */
  readonly text: string;
  readonly reason: string;
  readonly cause: unknown;
}

/** `"flights.csv", line 12` or `"flights.json", element 11, byte 2048`. */
export function placeOf(place: {
  readonly path: string;
  readonly line: number | undefined;
  readonly index: number;
  readonly byteOffset: number;
}): string {
  const where = place.line === undefined ? `element ${place.index}, byte ${place.byteOffset}` : `line ${place.line}`;
  return `"${place.path}", ${where}`;
}

export function malformed(record: MalformedRecord): MillraceError {
  const sentence = `${placeOf(record)}, is malformed: ${record.reason}; correct the file, or choose with onMalformed what becomes of such records`;
  return new MillraceError("MR6103", sentence, { cause: record.cause, retryable: false });
}

export function broken(place: string, reason: string): MillraceError {
  return new MillraceError("MR6104", `${place}: ${reason}; nothing behind it can be read, so correct the file`, {
    retryable: false,
  });
}

export function tooLong(place: string, bytesMax: number): MillraceError {
  return new MillraceError(
    "MR6105",
    `${place}: the record is longer than ${bytesMax} bytes; check the format, or raise recordBytesMax`,
    { retryable: false },
  );
}

export function wrongOption(sentence: string): MillraceError {
  return new MillraceError("MR6106", sentence, { retryable: false });
}

export function reasonOf(thrown: unknown): string {
  return asError(thrown).message;
}
