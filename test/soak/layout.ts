/**
 * What the soak's job reads and must write, as arithmetic: every window of every key has the same number of records, and a sum that follows from its place.
 *
 * In:    the index of a record, the place of a window. Out: key and time; what must be written.
 */
export interface Reading {
  readonly key: number;
  readonly index: number;
}

/** What becomes of one key in one window. */
export interface Row {
  readonly key: number;
  /** Number of the window, from 0. */
  readonly window: number;
  readonly count: number;
  readonly sum: number;
}

export const KEYS = 200;
/** Divides the keys, so that all records of a key come from one split. */
export const SPLITS = 4;
export const WINDOW_MS = 100;
const RECORDS_PER_MS = 20;
const RECORDS_PER_WINDOW = WINDOW_MS * RECORDS_PER_MS;
export const PER_KEY: number = RECORDS_PER_WINDOW / KEYS;

export function readingOf(index: number): Reading {
  return { key: index % KEYS, index };
}

export function timeOf({ index }: Reading): number {
  return Math.floor(index / RECORDS_PER_MS);
}

/** `count`: fewer than all only where the input has ended within the window. */
export function expectedRow(key: number, window: number, count: number = PER_KEY): Row {
  const first = window * RECORDS_PER_WINDOW + key;
  return { key, window, count, sum: count * first + (KEYS * count * (count - 1)) / 2 };
}

/** Records of a key among the first of its split, which come by key in turns. */
export function recordsOf(key: number, recordsOfSplit: number): number {
  const turn = Math.floor(key / SPLITS);
  const keysOfSplit = KEYS / SPLITS;
  return Math.floor((recordsOfSplit - turn + keysOfSplit - 1) / keysOfSplit);
}
