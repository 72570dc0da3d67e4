/**
 * The channel between two subtasks of one thread: a bounded ring of (value, timestamp), no copy, no lock.
 *
 * In:   records and control elements of one producer. Out: the same sequence, read in place by one consumer.
 * Bound: `capacity` records; the producer is blocked there. What one record emits beyond it (overdraw) is taken all the same, the ring grows, and
 *        the producer stays blocked until half the capacity is free.
 *
 * Positions are 32-bit and wrap around; only their differences count.
 */
import { assert } from "../util/errors.ts";
import { Deque } from "../util/deque.ts";
import type { TimeMs } from "../time/clock.ts";
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

export class InSlotChannel implements ChannelWriter, ChannelReader {
  values: unknown[];
  timestampsMs: Float64Array;
  mask: number;
  head: number;
  tail: number;
  barriers: number;
  #room: number;
  #full: boolean;
  #overdrawn: number;
  #producer: ChannelProducer | undefined;
  #consumer: ChannelConsumer | undefined;
  readonly #capacity: number;
  readonly #controls: Deque<PlacedControl>;
  /** A number of 64 bits from the start on, so that it changes its representation never. */
  #consumed: number;

  constructor(capacity: number) {
    assert(capacity > 0, "a channel has room for a record");
    const size = 2 ** Math.ceil(Math.log2(capacity + 1));
    this.values = new Array<unknown>(size).fill(undefined);
    this.timestampsMs = new Float64Array(size);
    this.mask = size - 1;
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
  }

  connectProducer(producer: ChannelProducer): void {
    this.#producer = producer;
    if (this.#full) producer.block();
  }

  connectConsumer(consumer: ChannelConsumer): void {
    this.#consumer = consumer;
    consumer.wake();
  }

  /** How much of its room is taken, 0 to 1. */
  get fullness(): number {
    return Math.min(1, ((this.tail - this.head) | 0) / this.#capacity);
  }

  /** Records waiting now; how many were taken so far, and how many of them beyond the capacity. */
  usage(): ChannelUsage {
    const waiting = (this.tail - this.head) | 0;
    return { waiting, pushed: this.#consumed + waiting, overdrawn: this.#overdrawn };
  }

  /** Records so far that were taken out of it. */
  get taken(): number {
    return this.#consumed + 0;
  }

  /** Hot: guarded by `bench/` (keyed count). */
  push(value: unknown, timestampMs: TimeMs): void {
    const tail = this.tail;
    if (this.#room <= 0) this.#overdraw();
    const slot = tail & this.mask;
    this.values[slot] = value;
    this.timestampsMs[slot] = timestampMs;
    this.tail = (tail + 1) | 0;
    this.#room -= 1;
    if (tail === this.head) this.#consumer?.wake();
    if (this.#room === 0) this.#fill();
  }

  send(element: ControlElement): void {
    this.#controls.push({ at: this.tail, element });
    if (element.kind === "barrier") this.barriers += 1;
    this.#consumer?.wake();
  }

  readable(): number {
    const next = this.#controls.peek();
    return ((next === undefined ? this.tail : next.at) - this.head) | 0;
  }

  consumed(count: number): void {
    this.head = (this.head + count) | 0;
    this.#room += count;
    this.#consumed += count;
    this.#producer?.consumed?.(count);
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

  #overdraw(): void {
    this.#overdrawn += 1;
    const waiting = (this.tail - this.head) | 0;
    if (waiting <= this.mask) return;
    const size = (this.mask + 1) * 2;
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
