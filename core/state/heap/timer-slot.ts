/**
 * The timers of one key and service, as they stand in the slot of the row: nothing, a chain that is looked through, or, beyond some, a map by time. A
 * single timer, the common case, needs no object beside itself.
 */
import type { TimeMs } from "../../time/clock.ts";
import { TimerMap } from "./cells.ts";
import type { TimerCell, TimerId } from "./cells.ts";

const CHAINED_MAX = 16;

export type TimerSlot = TimerCell | TimerMap;

/** Hot. */
export function findTimer(slot: TimerSlot | undefined, { namespace, timeMs, event }: TimerId): TimerCell | undefined {
  let cell = slot instanceof TimerMap ? slot.byTime.get(timeMs) : slot;
  while (cell !== undefined && (cell.timeMs !== timeMs || cell.event !== event || cell.namespace !== namespace))
    cell = cell.next;
  return cell;
}

/** Hot. Returns the slot's new contents. */
export function withTimer(slot: TimerSlot | undefined, cell: TimerCell): TimerSlot {
  if (slot instanceof TimerMap) {
    chain(slot.byTime, cell);
    return slot;
  }
  if (slot === undefined) return cell;
  let length = 1;
  for (let other = slot.next; other !== undefined; other = other.next) length += 1;
  if (length < CHAINED_MAX) {
    cell.next = slot;
    return cell;
  }
  const many = new TimerMap();
  for (const other of timersOf(slot)) chain(many.byTime, other);
  chain(many.byTime, cell);
  return many;
}

/** Hot. Returns the slot's new contents, undefined if none are left. `cell.next` stays: a walk that stands on the cell must find its way. */
export function withoutTimer(slot: TimerSlot, cell: TimerCell): TimerSlot | undefined {
  if (!(slot instanceof TimerMap)) return unchain(slot, cell);
  const first = slot.byTime.get(cell.timeMs);
  const rest = first === undefined ? undefined : unchain(first, cell);
  if (rest === undefined) slot.byTime.delete(cell.timeMs);
  else slot.byTime.set(cell.timeMs, rest);
  return slot.byTime.size === 0 ? undefined : slot;
}

/** All timers, as they are now. */
export function timersOf(slot: TimerSlot): readonly TimerCell[] {
  const timers: TimerCell[] = [];
  for (const first of slot instanceof TimerMap ? slot.byTime.values() : [slot]) {
    for (let cell: TimerCell | undefined = first; cell !== undefined; cell = cell.next) timers.push(cell);
  }
  return timers;
}

function unchain(first: TimerCell, cell: TimerCell): TimerCell | undefined {
  if (first === cell) return cell.next;
  for (let other: TimerCell | undefined = first; other !== undefined; other = other.next) {
    if (other.next === cell) other.next = cell.next;
  }
  return first;
}

function chain(byTime: Map<TimeMs, TimerCell>, cell: TimerCell): void {
  cell.next = byTime.get(cell.timeMs);
  byTime.set(cell.timeMs, cell);
}
