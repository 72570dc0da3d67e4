/**
 * The cells: what changes, is saved and is deleted as one. A value (also of reducing and aggregating state), a map entry, a chunk of a list.
 *
 * Cells hang in containers, one per key, state and namespace; a value is its own container. Every cell carries a stamp that says in which epoch it
 * was changed last: `4 * epoch`, plus {@link SERIALISED} once that change is in the epoch's segment, plus {@link BORN} if the epoch made the cell.
 */
import type { TimeMs } from "../../time/clock.ts";
import type { Namespace } from "../keyed-state.ts";
import { Row } from "./row.ts";
import type { StateEntry } from "./state-table.ts";
import type { SavedTimer } from "./timer-bucket.ts";

export const SERIALISED = 1 as const;
export const BORN = 2;
/** The stamp of a cell that was removed. */
export const DEAD = -1;
/** The stamp of a cell as restored: epoch 0, saved. */
export const RESTORED: number = 0 + SERIALISED;
/** `dropped` of a container in use: an epoch that never comes, but a small integer, since a double would take 16 bytes more per container. */
export const IN_USE: number = 2 ** 30 - 1;

export function epochOf(stamp: number): number {
  return stamp >> 2;
}

/** A row is the cell of the value that it holds itself. */
export type Cell = Row | ValueCell | EntryCell | ListChunk;
/** A container whose cells go together: dropped as one, with one tombstone. */
export type Group = MapGroup | ListGroup;
export type Container = ValueCell | Group;

/** The containers of one key, one state and several namespaces; a single one stands in the slot itself, which saves a Map per row. */
export class Spread {
  readonly containers: Map<Namespace, Container> = new Map();
}

export class ValueCell {
  stamp: number;
  value: unknown;
  /** When it was touched last. Undefined without TTL, and of what has not met its clock yet: that is stamped when next seen. */
  accessMs: TimeMs | undefined;
  readonly row: Row;
  readonly state: StateEntry;
  readonly namespace: Namespace | undefined;

  constructor(
    row: Row,
    state: StateEntry,
    namespace: Namespace | undefined,
    value: unknown,
    accessMs: TimeMs | undefined,
    stamp: number,
  ) {
    this.stamp = stamp;
    this.value = value;
    this.accessMs = accessMs;
    this.row = row;
    this.state = state;
    this.namespace = namespace;
  }
}

export class MapGroup {
  readonly row: Row;
  readonly state: StateEntry;
  readonly namespace: Namespace | undefined;
  readonly born: number;
  /** The epoch that dropped it. */
  dropped: number = IN_USE;
  readonly entries: Map<unknown, EntryCell> = new Map();
  /** Entries are numbered as they are inserted, since files hold them in another order. */
  nextNumber = 0;

  constructor(row: Row, state: StateEntry, namespace: Namespace | undefined, born: number) {
    this.row = row;
    this.state = state;
    this.namespace = namespace;
    this.born = born;
  }
}

export class EntryCell {
  stamp: number;
  value: unknown;
  accessMs: TimeMs | undefined;
  readonly home: MapGroup;
  readonly key: unknown;
  readonly number: number;

  constructor(
    home: MapGroup,
    key: unknown,
    number: number,
    value: unknown,
    accessMs: TimeMs | undefined,
    stamp: number,
  ) {
    this.stamp = stamp;
    this.value = value;
    this.accessMs = accessMs;
    this.home = home;
    this.key = key;
    this.number = number;
  }
}

export class ListGroup {
  readonly row: Row;
  readonly state: StateEntry;
  readonly namespace: Namespace | undefined;
  readonly born: number;
  dropped: number = IN_USE;
  /** In order of their numbers. Expired chunks leave at the front. */
  chunks: ListChunk[] = [];

  constructor(row: Row, state: StateEntry, namespace: Namespace | undefined, born: number) {
    this.row = row;
    this.state = state;
    this.namespace = namespace;
    this.born = born;
  }
}

export class ListChunk {
  stamp: number;
  readonly home: ListGroup;
  readonly number: number;
  items: unknown[];
  /** One per item; undefined without TTL. */
  accessMs: (TimeMs | undefined)[] | undefined;

  constructor(
    home: ListGroup,
    number: number,
    items: unknown[],
    accessMs: (TimeMs | undefined)[] | undefined,
    stamp: number,
  ) {
    this.stamp = stamp;
    this.home = home;
    this.number = number;
    this.items = items;
    this.accessMs = accessMs;
  }
}

/** A timer that is gone, as a tombstone. Timers alive are no objects: see `timer-bucket.ts`. */
export class DeadTimer {
  readonly timer: SavedTimer;

  constructor(timer: SavedTimer) {
    this.timer = timer;
  }
}

/** What an increment deletes: the cell, all cells of the container, or the timer. */
export type Tombstone = Cell | Container | DeadTimer;

/** The row that a cell belongs to. */
export function rowOf(cell: Cell): Row {
  if (cell instanceof Row) return cell;
  return cell instanceof ValueCell ? cell.row : cell.home.row;
}

/** The epoch in which what holds the cell was dropped, `IN_USE` if it was not. */
export function droppedIn(cell: Cell): number {
  return cell instanceof EntryCell || cell instanceof ListChunk ? cell.home.dropped : IN_USE;
}
