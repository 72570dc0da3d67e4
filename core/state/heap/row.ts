/**
 * A row: everything that one key has. The value of the operator's first plain value state stands in the row itself, so that finding the row finds the
 * value: each further object would be a cache miss per record (measured with 100,000 keys: three times slower).
 *
 * So a row is also a cell, that of its own value; see `cells.ts` for stamps.
 */
import type { TimeMs } from "../../time/clock.ts";
import type { Container, Spread } from "./cells.ts";
import type { TimerSlot } from "./timer-slot.ts";

/** What a state has in a row: its container, or, per namespace, several; or the timers of a service. */
export type Slot = Container | Spread | TimerSlot;

/** Shared by rows with at most one slot; never written to. */
const NO_SLOTS: readonly (Slot | undefined)[] = [];

/** What is used per record comes first, so that it is in one cache line. */
export class Row {
  /** Of the value; below 0 if there is none. */
  stamp = -1;
  /** Undefined if there is none. */
  value: unknown = undefined;
  first: Slot | undefined = undefined;
  /** The value, if there is one, and slots in use. */
  live = 0;
  readonly key: unknown;
  readonly keyGroup: number;
  rest: readonly (Slot | undefined)[] = NO_SLOTS;
  /** The last full scan that has passed this row. */
  scannedBy = 0;
  /** When the value was touched; undefined without TTL. */
  accessMs: TimeMs | undefined = undefined;

  constructor(key: unknown, keyGroup: number) {
    this.key = key;
    this.keyGroup = keyGroup;
  }
}

/** Hot. */
export function slotOf(row: Row, slot: number): Slot | undefined {
  return slot === 0 ? row.first : row.rest[slot - 1];
}

export function setSlot(row: Row, slot: number, contents: Slot | undefined): void {
  if (slot === 0) {
    row.first = contents;
    return;
  }
  const rest = row.rest === NO_SLOTS ? [] : (row.rest as (Slot | undefined)[]); // made here, for this row
  while (rest.length < slot) rest.push(undefined);
  rest[slot - 1] = contents;
  row.rest = rest;
}
