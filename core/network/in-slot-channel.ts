/**
 * The channel between two subtasks of one thread: a bounded ring of (value, timestamp), no copy, no lock.
 *
 * In:   records and control elements of one producer. Out: the same sequence, read in place by one consumer.
 * Bound: `capacity` records; the producer is blocked there. What one record emits beyond it (overdraw) is taken all the same, the ring grows, and
 *        the producer stays blocked until half the capacity is free.
 *        With a backlog, which loops have, since nobody may wait for them: it takes what does not fit, in order, and the ring grows only as far as its space has memory.
 *
 * Positions are 32-bit and wrap around; only their differences count.
 */
import { assert } from "../util/errors.ts";
import { Deque } from "../util/deque.ts";
import type { TimeMs } from "../time/clock.ts";
import type { Backlog } from "./backlog.ts";
import type { DecodedRecords } from "./columnar/frame-decoder.ts";
import type {
  ChannelConsumer,
  ChannelProducer,
  ChannelReader,
  ChannelWriter,
  ControlElement,
  PlacedControl,
} from "./channel.ts";

export interface ChannelUsage {
  readonly waiting: number;
  readonly pushed: number;
  readonly overdrawn: number;
}

/** How many records the ring grows by where memory is asked for. */
const GROWTH = 1_024;

export class InSlotChannel implements ChannelWriter, ChannelReader {
  values: unknown[];
  timestampsMs: Float64Array;
  mask: number;
  head: number;
  tail: number;
  barriers: number;
  /** Behind the ring. */
  readonly backlog: Backlog | undefined;
  #room: number;
  #full: boolean;
  #overdrawn: number;
  #producer: ChannelProducer | undefined;
  #consumer: ChannelConsumer | undefined;
  readonly #capacity: number;
  readonly #controls: Deque<PlacedControl>;
  /** A number of 64 bits from the start on, so that it changes its representation never. */
  #consumed: number;
  /** Records by which the ring may exceed its capacity, and the memory that it has for them from the backlog's space. */
  #grown: number;
  #grownBytes: number;
  readonly #refilled: DecodedRecords;

  /** `atFirst`: records for which there is memory from the beginning, for whoever calls `reserve` before it pushes. */
  constructor(capacity: number, backlog?: Backlog, atFirst: number = capacity) {
    assert(capacity > 0, "a channel has room for a record");
    const size = ringSize(Math.min(atFirst, capacity));
    this.values = new Array<unknown>(size).fill(undefined);
    this.timestampsMs = new Float64Array(size);
    this.mask = size - 1;
    this.backlog = backlog;
    this.head = 0;
    this.tail = 0;
    this.barriers = 0;
    this.#room = capacity;
    this.#full = false;
    this.#overdrawn = 0;
    this.#producer = undefined;
    this.#consumer = undefined;
    this.#capacity = capacity;
    this.#controls = new Deque();
    this.#consumed = -0;
    this.#grown = 0;
    this.#grownBytes = 0;
    this.#refilled = { values: [], timestampsMs: new Float64Array(0) };
  }

  connectProducer(producer: ChannelProducer): void {
    this.#producer = producer;
    if (this.#full) producer.block();
  }

  connectConsumer(consumer: ChannelConsumer): void {
    this.#consumer = consumer;
    consumer.wake();
  }

  /** Tells the consumer why something that came for it is not here. */
  failed(error: unknown): void {
    if (this.#consumer?.failed === undefined) throw error;
    this.#consumer.failed(error);
  }

  /** How much of its room is taken, 0 to 1. */
  get fullness(): number {
    return Math.min(1, ((this.tail - this.head) | 0) / this.#capacity);
  }

  /** Records, in the ring and behind it. */
  get waiting(): number {
    return ((this.tail - this.head) | 0) + (this.backlog?.length ?? 0);
  }

  /** Records waiting now; how many were taken so far, and how many of them beyond the capacity. */
  usage(): ChannelUsage {
    const { waiting } = this;
    return { waiting, pushed: this.#consumed + waiting, overdrawn: this.#overdrawn };
  }

  /** Records so far that were taken out of it. */
  get taken(): number {
    return this.#consumed + 0;
  }

  /** Hot: guarded by `bench/` (keyed count). */
  push(value: unknown, timestampMs: TimeMs): void {
    const tail = this.tail;
    if (this.#room <= 0 && this.#overdraw(value, timestampMs)) return;
    const slot = tail & this.mask;
    this.values[slot] = value;
    this.timestampsMs[slot] = timestampMs;
    this.tail = (tail + 1) | 0;
    this.#room -= 1;
    if (tail === this.head) this.#consumer?.wake();
    if (this.#room === 0) this.#fill();
  }

  /** Memory for so many more records. */
  reserve(records: number): void {
    const needed = ((this.tail - this.head) | 0) + records;
    if (needed > this.mask + 1) this.#resize(ringSize(needed));
  }

  /** A whole frame, which the backlog takes as it is; false: there is room for its records. */
  defers(frame: Uint8Array, count: number): boolean {
    const { backlog } = this;
    if (backlog === undefined) return false;
    if (backlog.length === 0 && (this.#room >= count || this.#mayGrow(backlog.estimateOf(frame, count)))) return false;
    const wasEmpty = this.tail === this.head;
    backlog.pushFrame(frame, count);
    this.#refill(backlog);
    if (wasEmpty) this.#consumer?.wake();
    return true;
  }

  send(element: ControlElement): void {
    const { backlog } = this;
    // Nothing that comes later may stand in a frame with what is before a control element.
    backlog?.seal();
    this.#controls.push({ at: (this.tail + (backlog?.length ?? 0)) | 0, element });
    if (element.kind === "barrier") this.barriers += 1;
    this.#consumer?.wake();
  }

  readable(): number {
    const next = this.#controls.peek();
    const inRing = (this.tail - this.head) | 0;
    return next === undefined ? inRing : Math.min(inRing, (next.at - this.head) | 0);
  }

  consumed(count: number): void {
    this.head = (this.head + count) | 0;
    this.#room += count;
    this.#consumed += count;
    this.#producer?.consumed?.(count);
    if (this.backlog !== undefined) this.#refill(this.backlog);
    if (this.#full && this.#room * 2 >= this.#capacity) {
      this.#full = false;
      this.#producer?.unblock();
    }
  }

  peekControl(): ControlElement | undefined {
    const next = this.#controls.peek();
    return next !== undefined && next.at === this.head ? next.element : undefined;
  }

  takeControl(): void {
    const taken = this.peekControl();
    assert(taken !== undefined, "a control element is taken only at the head");
    if (taken.kind === "barrier") this.barriers -= 1;
    this.#controls.shift();
  }

  controls(): Iterable<PlacedControl> {
    return this.#controls;
  }

  #fill(): void {
    if (this.#full) return;
    this.#full = true;
    this.#producer?.block();
  }

  /** True: the backlog has taken the record. */
  #overdraw(value: unknown, timestampMs: TimeMs): boolean {
    const { backlog } = this;
    if (backlog !== undefined) {
      if (backlog.length === 0 && this.#mayGrow(backlog.estimate(value, timestampMs))) return false;
      backlog.push(value, timestampMs);
      return true;
    }
    this.#overdrawn += 1;
    if (((this.tail - this.head) | 0) > this.mask) this.#resize((this.mask + 1) * 2);
    return false;
  }

  /** As long as there is memory, a record is cheapest where it is. */
  #mayGrow(recordBytes: number): boolean {
    const bytes = recordBytes * GROWTH;
    if (this.backlog?.space.take(bytes) !== true) return false;
    this.#grownBytes += bytes;
    this.#grown += GROWTH;
    this.#room += GROWTH;
    const size = ringSize(((this.tail - this.head) | 0) + this.#room);
    if (size > this.mask + 1) this.#resize(size);
    return true;
  }

  /** What was taken out makes room for what waits behind; with little left, the memory is given back. */
  #refill(backlog: Backlog): void {
    let inRing = (this.tail - this.head) | 0;
    while (backlog.length > 0 && inRing * 2 <= this.#capacity) {
      const count = backlog.shift(this.#refilled);
      if (inRing + count > this.mask) this.#resize(ringSize(inRing + count));
      for (let index = 0; index < count; index += 1) {
        const slot = (this.tail + index) & this.mask;
        this.values[slot] = this.#refilled.values[index];
        this.timestampsMs[slot] = this.#refilled.timestampsMs[index] ?? 0;
      }
      this.#refilled.values.length = 0;
      this.tail = (this.tail + count) | 0;
      inRing += count;
    }
    if (backlog.length > 0) {
      this.#room = 0;
      return;
    }
    if (this.#grownBytes > 0 && inRing * 2 <= this.#capacity) {
      backlog.space.giveBack(this.#grownBytes);
      this.#grown = 0;
      this.#grownBytes = 0;
      this.#resize(ringSize(this.#capacity));
    }
    this.#room = this.#capacity + this.#grown - inRing;
  }

  #resize(size: number): void {
    const waiting = (this.tail - this.head) | 0;
    const values = new Array<unknown>(size).fill(undefined);
    const timestampsMs = new Float64Array(size);
    for (let index = 0; index < waiting; index += 1) {
      const from = (this.head + index) & this.mask;
      const to = (this.head + index) & (size - 1);
      values[to] = this.values[from];
      timestampsMs[to] = this.timestampsMs[from] ?? 0;
    }
    this.values = values;
    this.timestampsMs = timestampsMs;
    this.mask = size - 1;
  }
}

/** A power of two that holds so many records. */
function ringSize(records: number): number {
  return 2 ** Math.ceil(Math.log2(records + 1));
}
