/** How cells leave: marked for the next increment, taken out of their containers, and empty containers out of their rows. */
import type { TimeMs } from "../../time/clock.ts";
import type { Ttl, TtlTimes } from "../ttl.ts";
import { EntryCell, ListChunk, rowOf, ValueCell } from "./cells.ts";
import type { Cell, ListGroup } from "./cells.ts";
import type { Epochs } from "./epochs.ts";
import { mapKey } from "./map-key.ts";
import { Row } from "./row.ts";
import type { Rows } from "./rows.ts";
import type { StateTable } from "./state-table.ts";

/** What everything that removes works on. */
export interface Premises {
  readonly epochs: Epochs;
  readonly rows: Rows;
  readonly table: StateTable;
}

export function removeValue(cell: Row | ValueCell, { epochs, rows }: Premises): void {
  epochs.remove(cell);
  cell.value = undefined;
  if (cell instanceof Row) rows.lost(cell);
  else rows.detach(cell);
}

export function removeEntry(cell: EntryCell, { epochs, rows }: Premises): void {
  epochs.remove(cell);
  cell.value = undefined;
  cell.home.entries.delete(mapKey(cell.key));
  if (cell.home.entries.size === 0) rows.detach(cell.home);
}

/** Removes the expired items of a chunk, and chunks at the front that are empty. */
export function trimChunk(chunk: ListChunk, ttl: Ttl, premises: Premises): void {
  const nowMs = ttl.nowMs(chunk.home.row.keyGroup);
  const times = timesOf(chunk);
  if (nowMs === undefined || !times.some((accessMs) => accessMs === undefined || ttl.isExpired(accessMs, nowMs)))
    return;
  touch(chunk, premises.epochs);
  chunk.items = chunk.items.filter((_item, index) => !ttl.isExpired(times[index], nowMs));
  chunk.accessMs = times.filter((accessMs) => !ttl.isExpired(accessMs, nowMs)).map((accessMs) => accessMs ?? nowMs);
  if (chunk.items.length === 0) removeEmptyFront(chunk.home, premises);
}

/** The sweep meets a cell: removes what is expired, and gives the first stamp to what has none. */
export function sweepCell(cell: Cell, premises: Premises): void {
  const ttl = ttlOf(cell, premises.table);
  if (ttl === undefined) return;
  if (cell instanceof ListChunk) {
    trimChunk(cell, ttl, premises);
    return;
  }
  const nowMs = ttl.nowMs(rowOf(cell).keyGroup);
  if (ttl.isExpired(cell.accessMs, nowMs)) {
    if (cell instanceof EntryCell) removeEntry(cell, premises);
    else removeValue(cell, premises);
  } else if (cell.accessMs === undefined && nowMs !== undefined) {
    stamp(cell, nowMs, premises.epochs);
  }
}

/** Whether nothing in the cell would be handed out any more at that time. */
export function isExpired(cell: Cell, table: StateTable, times: TtlTimes): boolean {
  const ttl = ttlOf(cell, table);
  if (ttl === undefined) return false;
  const nowMs = ttl.nowMs(rowOf(cell).keyGroup, times);
  if (cell instanceof ListChunk) return timesOf(cell).every((accessMs) => ttl.isExpired(accessMs, nowMs));
  return ttl.isExpired(cell.accessMs, nowMs);
}

export function stamp(cell: Row | ValueCell | EntryCell, nowMs: TimeMs | undefined, epochs: Epochs): void {
  touch(cell, epochs);
  cell.accessMs = nowMs;
}

function touch(cell: Cell, epochs: Epochs): void {
  if (cell.stamp < epochs.dirtyFrom) epochs.touch(cell);
}

function ttlOf(cell: Cell, table: StateTable): Ttl | undefined {
  if (cell instanceof Row) return table.inRow?.ttl;
  return cell instanceof ValueCell ? cell.state.ttl : cell.home.state.ttl;
}

/** Lists saved without TTL have no times yet. */
function timesOf(chunk: ListChunk): readonly (TimeMs | undefined)[] {
  return chunk.accessMs ?? chunk.items.map(() => undefined);
}

function removeEmptyFront(list: ListGroup, { epochs, rows }: Premises): void {
  let empty = 0;
  for (const chunk of list.chunks) {
    if (chunk.items.length > 0) break;
    epochs.remove(chunk);
    empty += 1;
  }
  list.chunks.splice(0, empty);
  if (list.chunks.length === 0) rows.detach(list);
}
