/**
 * One timer service: the timers of all keys, in event and processing time. What flows in: registrations for the current key, and the time. What flows
 * out: calls of the target, with key and namespace set. State: the cells in the rows; the indexes follow from them.
 */
import type { TimeMs } from "../../time/clock.ts";
import { MillraceError } from "../../util/errors.ts";
import type { Namespace } from "../keyed-state.ts";
import type { Busy, InternalTimers, TimerTarget } from "../timers.ts";
import { TimerCell } from "./cells.ts";
import type { Cursor } from "./cursor.ts";
import type { Epochs } from "./epochs.ts";
import { setSlot, slotOf } from "./row.ts";
import type { Rows } from "./rows.ts";
import type { StateContext } from "./state-context.ts";
import type { StateEntry } from "./state-table.ts";
import { TimerIndex } from "./timer-index.ts";
import { findTimer, withoutTimer, withTimer } from "./timer-slot.ts";
import type { TimerSlot } from "./timer-slot.ts";

export class HeapTimers implements InternalTimers {
  readonly #cursor: Cursor;
  readonly #epochs: Epochs;
  readonly #rows: Rows;
  readonly #state: StateEntry;
  readonly #target: TimerTarget;
  /** Makes the row of a timer current without a lookup. */
  readonly #select: (cell: TimerCell) => void;
  #event = new TimerIndex();
  #processing = new TimerIndex();
  #nextNumber = 0;
  #onEarlier: ((timeMs: TimeMs) => void) | undefined = undefined;

  constructor(context: StateContext, target: TimerTarget, select: (cell: TimerCell) => void) {
    this.#cursor = context.cursor;
    this.#epochs = context.epochs;
    this.#rows = context.rows;
    this.#state = context.state;
    this.#target = target;
    this.#select = select;
  }

  /** Hot (bench: timers). */
  registerEvent(namespace: Namespace, timeMs: TimeMs): void {
    const cell = this.#register(namespace, timeMs, true);
    if (cell !== undefined) this.#event.add(cell);
  }

  registerProcessing(namespace: Namespace, timeMs: TimeMs): void {
    const cell = this.#register(namespace, timeMs, false);
    if (cell === undefined) return;
    const before = this.#processing.earliestMs();
    this.#processing.add(cell);
    if (timeMs < before && this.#onEarlier !== undefined) this.#onEarlier(timeMs);
  }

  deleteEvent(namespace: Namespace, timeMs: TimeMs): void {
    this.#delete(namespace, timeMs, true);
  }

  deleteProcessing(namespace: Namespace, timeMs: TimeMs): void {
    this.#delete(namespace, timeMs, false);
  }

  fireEvent(watermarkMs: TimeMs, busy: Busy): boolean {
    for (;;) {
      const cell = this.#event.due(watermarkMs);
      if (cell === undefined) return true;
      this.#take(cell);
      this.#target.onEventTimer(cell.timeMs, cell.namespace);
      if (busy.busy) return this.#event.due(watermarkMs) === undefined;
    }
  }

  fireProcessing(nowMs: TimeMs, busy: Busy): boolean {
    for (;;) {
      const cell = this.#processing.due(nowMs);
      if (cell === undefined) return true;
      this.#take(cell);
      this.#target.onProcessingTimer(cell.timeMs, cell.namespace);
      if (busy.busy) return this.#processing.due(nowMs) === undefined;
    }
  }

  earliestProcessingMs(): TimeMs {
    return this.#processing.earliestMs();
  }

  onEarlierProcessing(listener: (timeMs: TimeMs) => void): void {
    this.#onEarlier = listener;
  }

  count(): { readonly event: number; readonly processing: number } {
    return { event: this.#event.count, processing: this.#processing.count };
  }

  /** Restored cells, in any order: the indexes are made anew. */
  rebuild(cells: readonly TimerCell[]): void {
    this.#event = new TimerIndex();
    this.#processing = new TimerIndex();
    for (const cell of [...cells].sort((left, right) => left.number - right.number)) {
      (cell.event ? this.#event : this.#processing).add(cell);
      this.#nextNumber = Math.max(this.#nextNumber, cell.number + 1);
    }
    const earliestMs = this.#processing.earliestMs();
    if (earliestMs < Infinity && this.#onEarlier !== undefined) this.#onEarlier(earliestMs);
  }

  /** Undefined: that timer exists. */
  #register(namespace: Namespace, timeMs: TimeMs, event: boolean): TimerCell | undefined {
    const { row } = this.#cursor;
    const id = { namespace, timeMs, event };
    const slot = slotOf(row, this.#state.slot) as TimerSlot | undefined; // the slots of timer services hold nothing else
    if (slot === undefined) {
      if (Number.isNaN(timeMs)) refuseTime();
      this.#rows.gained(row);
    } else if (Number.isNaN(timeMs) || findTimer(slot, id) !== undefined) {
      return Number.isNaN(timeMs) ? refuseTime() : undefined;
    }
    const cell = new TimerCell(row, this.#state, id, this.#nextNumber, this.#epochs.bornStamp);
    this.#nextNumber += 1;
    setSlot(row, this.#state.slot, withTimer(slot, cell));
    this.#epochs.born(cell);
    return cell;
  }

  #delete(namespace: Namespace, timeMs: TimeMs, event: boolean): void {
    const slot = slotOf(this.#cursor.row, this.#state.slot) as TimerSlot | undefined; // as above
    const cell = findTimer(slot, { namespace, timeMs, event });
    if (cell !== undefined) this.#remove(cell);
  }

  /** The timer is about to fire: it is removed, and its key becomes current. */
  #take(cell: TimerCell): void {
    this.#select(cell);
    this.#remove(cell);
  }

  #remove(cell: TimerCell): void {
    const { row } = cell;
    this.#epochs.remove(cell);
    (cell.event ? this.#event : this.#processing).removed(cell);
    const slot = slotOf(row, this.#state.slot) as TimerSlot; // holds the cell
    const rest = withoutTimer(slot, cell);
    setSlot(row, this.#state.slot, rest);
    if (rest === undefined) this.#rows.lost(row);
  }
}

function refuseTime(): never {
  throw new MillraceError("MR4007", "a timer was registered for no time (NaN): does the record have a timestamp?");
}
