/**
 * The records that a test gives to a simulated job, in place of those of its sources.
 *
 * In:    arrays, by the names of sources. Out: bounded sources, which read them from a copy of their own in each reader, as though they came from outside.
 * State: the encoded records; the positions are those of the source's splits.
 */
import type { Source } from "../../../core/index.ts";
import { decodeValue, encodeValue } from "../../../core/types/value-codec.ts";
import { asError, MillraceError } from "../../../core/util/errors.ts";
import { listSource } from "../pipelines/list-source.ts";
import type { ListSplit } from "../pipelines/list-source.ts";

/** A record with its event time, for sources whose strategy does not take the time from the record. */
export interface TimedInput<T = unknown> {
  readonly value: T;
  readonly timestampMs: number;
}

/**
 * By the name of a source, what it reads: records, or records with their times (objects of exactly `value` and `timestampMs`). An array of arrays is
 * several splits, which are read side by side; so records that are arrays themselves stand in an array of one split.
 */
export type Inputs = Readonly<Record<string, readonly unknown[]>>;

interface EncodedRecord {
  readonly bytes: Uint8Array;
  readonly timestampMs: number | undefined;
}

export class EncodedInput {
  readonly #name: string;
  readonly #splits: readonly (readonly EncodedRecord[])[];

  constructor(name: string, records: readonly unknown[]) {
    this.#name = name;
    if (!Array.isArray(records)) throw new MillraceError("MR8003", `inputs["${name}"] is an array of records`);
    const splits = records.length > 0 && records.every((split) => Array.isArray(split)) ? records : [records];
    this.#splits = splits.map((split, ordinal) =>
      split.map((record, index) => encoded(record, `inputs["${name}"], split ${ordinal}, record ${index}`)),
    );
  }

  /** Over all splits. */
  get count(): number {
    return this.#splits.reduce((count, { length }) => count + length, 0);
  }

  source(): Source<unknown, ListSplit, readonly ListSplit[]> {
    const name = this.#name;
    return {
      boundedness: "bounded",
      createReader: (ctx) => listSource(name, this.#decoded()).createReader(ctx),
      createEnumerator: (ctx, restored) =>
        listSource(
          name,
          this.#splits.map(() => []),
        ).createEnumerator(ctx, restored),
    };
  }

  #decoded(): { readonly value: unknown; readonly timestampMs: number | undefined }[][] {
    return this.#splits.map((split) =>
      split.map(({ bytes, timestampMs }) => ({ value: decodeValue(bytes), timestampMs })),
    );
  }
}

function encoded(record: unknown, where: string): EncodedRecord {
  const { value, timestampMs } = isTimed(record) ? record : { value: record, timestampMs: undefined };
  try {
    return { bytes: encodeValue(value), timestampMs };
  } catch (error) {
    throw new MillraceError("MR8003", `${where} is no record that can travel: ${asError(error).message}`, {
      cause: error,
    });
  }
}

function isTimed(record: unknown): record is TimedInput {
  if (typeof record !== "object" || record === null || Object.keys(record).length !== 2) return false;
  return "value" in record && "timestampMs" in record && typeof record.timestampMs === "number";
}
