/** How cells leave: marked for the next increment, taken out of their containers, and empty containers out of their rows. */
import type { TimeMs } from "../../time/clock.ts";
import type { Ttl } from "../ttl.ts";
import { EntryCell, ListChunk, UNSTAMPED, ValueCell } from "./cells.ts";
import type { Cell, ListGroup } from "./cells.ts";
import type { Epochs } from "./epochs.ts";
import { mapKey } from "./map-key.ts";
import type { Rows } from "./rows.ts";

export function removeValue(cell: ValueCell, epochs: Epochs, rows: Rows): void {
  epochs.remove(cell);
  rows.detach(cell);
  cell.value = undefined;
}

export function removeEntry(cell: EntryCell, epochs: Epochs, rows: Rows): void {
  epochs.remove(cell);
  cell.home.entries.delete(mapKey(cell.key));
  if (cell.home.entries.size === 0) rows.detach(cell.home);
  cell.value = undefined;
}

/** Removes the expired items of a chunk, and chunks at the front that are empty. */
export function trimChunk(chunk: ListChunk, ttl: Ttl, nowMs: TimeMs, options: { readonly epochs: Epochs; readonly rows: Rows }): void {
  const times = timesOf(chunk);
  if (!times.some((accessMs) => needsWork(accessMs, ttl, nowMs))) return;
  if (chunk.stamp < options.epochs.dirtyFrom) options.epochs.touch(chunk);
  const stamped = times.map((accessMs) => (accessMs === UNSTAMPED ? nowMs : accessMs));
  chunk.items = chunk.items.filter((_item, index) => !ttl.isExpired(stamped[index] ?? UNSTAMPED, nowMs));
  chunk.accessMs = stamped.filter((accessMs) => !ttl.isExpired(accessMs, nowMs));
  if (chunk.items.length === 0) removeEmptyFront(chunk.home, options.epochs, options.rows);
}

/** Handles expiry of any cell as the sweep meets it: removes it, or gives it its first stamp. */
export function sweepCell(cell: Cell, options: { readonly epochs: Epochs; readonly rows: Rows }): void {
  const { epochs, rows } = options;
  const ttl = cell instanceof ValueCell ? cell.state.ttl : cell.home.state.ttl;
  if (ttl === undefined) return;
  const nowMs = ttl.nowMs();
  if (cell instanceof ListChunk) {
    trimChunk(cell, ttl, nowMs, options);
  } else if (cell instanceof ValueCell || cell instanceof EntryCell) {
    if (!needsWork(cell.accessMs, ttl, nowMs)) return;
    if (cell.accessMs === UNSTAMPED) stamp(cell, nowMs, epochs);
    else if (cell instanceof ValueCell) removeValue(cell, epochs, rows);
    else removeEntry(cell, epochs, rows);
  }
}

/** Whether nothing in the cell would be handed out any more. */
export function isExpired(cell: Cell): boolean {
  const ttl = cell instanceof ValueCell ? cell.state.ttl : cell.home.state.ttl;
  if (ttl === undefined) return false;
  const nowMs = ttl.nowMs();
  if (cell instanceof ListChunk) return timesOf(cell).every((accessMs) => ttl.isExpired(accessMs, nowMs));
  return (cell instanceof ValueCell || cell instanceof EntryCell) && ttl.isExpired(cell.accessMs, nowMs);
}

export function stamp(cell: ValueCell | EntryCell, nowMs: TimeMs, epochs: Epochs): void {
  if (cell.stamp < epochs.dirtyFrom) epochs.touch(cell);
  cell.accessMs = nowMs;
}

function needsWork(accessMs: TimeMs, ttl: Ttl, nowMs: TimeMs): boolean {
  return accessMs === UNSTAMPED ? nowMs !== UNSTAMPED : ttl.isExpired(accessMs, nowMs);
}

/** Lists saved without TTL have no times yet. */
function timesOf(chunk: ListChunk): readonly TimeMs[] {
  return chunk.accessMs ?? chunk.items.map(() => UNSTAMPED);
}

function removeEmptyFront(list: ListGroup, epochs: Epochs, rows: Rows): void {
  let empty = 0;
  for (const chunk of list.chunks) {
    if (chunk.items.length > 0) break;
    epochs.remove(chunk);
    empty += 1;
  }
  list.chunks.splice(0, empty);
  if (list.chunks.length === 0) rows.detach(list);
}
