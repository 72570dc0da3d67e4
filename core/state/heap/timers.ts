/**
 * One timer service: the timers of all keys, in event and processing time. What flows in: registrations for the current key, and the time. What flows
 * out: calls of the target, with key and namespace set. State: the buckets, which the rows mention.
 */
import type { TimeMs } from "../../time/clock.ts";
import { assert, MillraceError } from "../../util/errors.ts";
import type { Namespace } from "../keyed-state.ts";
import type { Busy, InternalTimers, TimerTarget } from "../timers.ts";
import type { Cursor } from "./cursor.ts";
import type { Epochs } from "./epochs.ts";
import { setSlot, slotOf } from "./row.ts";
import type { Row } from "./row.ts";
import type { Rows } from "./rows.ts";
import type { StateContext } from "./state-context.ts";
import type { StateEntry } from "./state-table.ts";
import type { TimerBucket } from "./timer-bucket.ts";
import type { TimerIndex } from "./timer-index.ts";
import { mentions, withBucket, withoutBucket } from "./timer-slot.ts";
import type { TimerSlot } from "./timer-slot.ts";
import type { TimerTable } from "./timer-table.ts";

export class HeapTimers implements InternalTimers {
  readonly #cursor: Cursor;
  readonly #epochs: Epochs;
  readonly #rows: Rows;
  readonly #state: StateEntry;
  readonly #target: TimerTarget;
  readonly #table: TimerTable;
  /** Makes the row of a timer current without a lookup. */
  readonly #select: (row: Row, namespace: Namespace) => void;
  readonly #event: TimerIndex;
  readonly #processing: TimerIndex;
  #onEarlier: ((timeMs: TimeMs) => void) | undefined = undefined;

  constructor(
    context: StateContext,
    target: TimerTarget,
    table: TimerTable,
    select: (row: Row, namespace: Namespace) => void,
  ) {
    this.#cursor = context.cursor;
    this.#epochs = context.epochs;
    this.#rows = context.rows;
    this.#state = context.state;
    this.#target = target;
    this.#table = table;
    this.#select = select;
    const { event, processing } = table.of(context.state);
    this.#event = event;
    this.#processing = processing;
  }

  /** Hot (bench: timers). */
  registerEvent(namespace: Namespace, timeMs: TimeMs): void {
    this.#register(this.#event, namespace, timeMs);
  }

  registerProcessing(namespace: Namespace, timeMs: TimeMs): void {
    const before = this.#processing.earliestMs();
    this.#register(this.#processing, namespace, timeMs);
    if (timeMs < before && this.#onEarlier !== undefined) this.#onEarlier(timeMs);
  }

  deleteEvent(namespace: Namespace, timeMs: TimeMs): void {
    this.#delete(this.#event, namespace, timeMs);
  }

  deleteProcessing(namespace: Namespace, timeMs: TimeMs): void {
    this.#delete(this.#processing, namespace, timeMs);
  }

  fireEvent(watermarkMs: TimeMs, busy: Busy): boolean {
    for (;;) {
      const bucket = this.#event.due(watermarkMs);
      if (bucket === undefined) return true;
      this.#target.onEventTimer(bucket.timeMs, this.#take(this.#event, bucket));
      if (busy.busy) return this.#event.due(watermarkMs) === undefined;
    }
  }

  fireProcessing(nowMs: TimeMs, busy: Busy): boolean {
    for (;;) {
      const bucket = this.#processing.due(nowMs);
      if (bucket === undefined) return true;
      this.#target.onProcessingTimer(bucket.timeMs, this.#take(this.#processing, bucket));
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

  /** Timers were restored after the service was asked for. */
  restored(): void {
    const earliestMs = this.#processing.earliestMs();
    if (earliestMs < Infinity && this.#onEarlier !== undefined) this.#onEarlier(earliestMs);
  }

  #register(index: TimerIndex, namespace: Namespace, timeMs: TimeMs): void {
    if (Number.isNaN(timeMs)) refuseTime();
    const { row } = this.#cursor;
    const slot = slotOf(row, this.#state.slot) as TimerSlot | undefined; // the slots of timer services hold nothing else
    const known = index.bucketAt(timeMs);
    if (slot === undefined) this.#rows.gained(row);
    else if (known !== undefined && mentions(slot, known) && known.has(row, namespace)) return;
    const bucket = index.add(known, timeMs, row, namespace, this.#table.nextNumber);
    this.#table.nextNumber += 1;
    setSlot(row, this.#state.slot, withBucket(slot, bucket));
    this.#epochs.registered(bucket);
  }

  #delete(index: TimerIndex, namespace: Namespace, timeMs: TimeMs): void {
    const { row } = this.#cursor;
    const bucket = index.bucketAt(timeMs);
    const slot = slotOf(row, this.#state.slot) as TimerSlot | undefined; // as above
    if (bucket === undefined || !mentions(slot, bucket) || !bucket.has(row, namespace)) return;
    this.#remove(index, bucket, bucket.placeOf(row, namespace), row);
    bucket.forgetDead();
  }

  /** The next timer of the bucket is about to fire: it is removed, and its key becomes current. Returns the namespace. */
  #take(index: TimerIndex, bucket: TimerBucket): Namespace {
    const place = bucket.next();
    const row = bucket.rowAt(place);
    const namespace = bucket.namespaceAt(place);
    assert(row !== undefined, "the next place of a bucket is alive");
    this.#select(row, namespace);
    this.#remove(index, bucket, place, row);
    return namespace;
  }

  #remove(index: TimerIndex, bucket: TimerBucket, place: number, row: Row): void {
    this.#epochs.dying(bucket, place);
    index.remove(bucket, place);
    const rest = withoutBucket(slotOf(row, this.#state.slot) as TimerSlot | undefined, bucket); // as above
    setSlot(row, this.#state.slot, rest);
    if (rest === undefined) this.#rows.lost(row);
  }
}

function refuseTime(): never {
  throw new MillraceError("MR4007", "a timer was registered for no time (NaN): does the record have a timestamp?");
}
