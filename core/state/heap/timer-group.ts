/** The timers of one key: a short array that is looked through, or, beyond some, a map by time whose entries are chained. */
import type { TimeMs } from "../../time/clock.ts";
import type { Namespace } from "../keyed-state.ts";
import type { TimerCell, TimerGroup } from "./cells.ts";

const FEW_MAX = 16;

/** Hot. */
export function findTimer(group: TimerGroup, namespace: Namespace, timeMs: TimeMs, event: boolean): TimerCell | undefined {
  if (group.many === undefined) {
    const { few } = group;
    for (let index = few.length - 1; index >= 0; index -= 1) {
      const cell = few[index];
      if (cell !== undefined && cell.timeMs === timeMs && cell.event === event && cell.namespace === namespace) return cell;
    }
    return undefined;
  }
  let cell = group.many.get(timeMs);
  while (cell !== undefined && (cell.event !== event || cell.namespace !== namespace)) cell = cell.next;
  return cell;
}

/** Hot. */
export function addTimer(group: TimerGroup, cell: TimerCell): void {
  if (group.many !== undefined) {
    chain(group.many, cell);
  } else if (group.few.length === 0) {
    group.few = [cell]; // room for exactly one: `push` would make room for 16
  } else if (group.few.length < FEW_MAX) {
    group.few.push(cell);
  } else {
    const many = new Map<TimeMs, TimerCell>();
    for (const other of group.few) chain(many, other);
    chain(many, cell);
    group.many = many;
    group.few = [];
  }
}

export function removeTimer(group: TimerGroup, cell: TimerCell): void {
  if (group.many === undefined) {
    const last = group.few.pop();
    if (last !== cell && last !== undefined) group.few[group.few.indexOf(cell)] = last;
    return;
  }
  const first = group.many.get(cell.timeMs);
  if (first === cell) {
    if (cell.next === undefined) group.many.delete(cell.timeMs);
    else group.many.set(cell.timeMs, cell.next);
    return;
  }
  // `cell.next` stays: a walk that stands on the cell must find its way.
  for (let other = first; other !== undefined; other = other.next) {
    if (other.next === cell) other.next = cell.next;
  }
}

export function isEmptyGroup(group: TimerGroup): boolean {
  return group.few.length === 0 && (group.many === undefined || group.many.size === 0);
}

function chain(many: Map<TimeMs, TimerCell>, cell: TimerCell): void {
  cell.next = many.get(cell.timeMs);
  many.set(cell.timeMs, cell);
}
