/**
 * The channel between two subtasks of different slots: what one end writes is sent in frames, in order, and read from an in-slot channel at the other.
 *
 * In:   records and control elements of the producer; credits from the consumer. Out: messages for the wire.
 * Bound: the consumer grants a credit for each frame that it has room for, and the producer is blocked when it has none left and a frame to send. A few frames are the
 *        channel's own; more come from what all channels into a task share (`floating-credit.ts`) once its own are used up, and go back when there is nothing to send.
 *        A frame holds about so many bytes, however large its records are; what one record emits beyond that (overdraw) is taken all the same, and what stands before a
 *        control element goes with it, credit or not: at most a frame for each.
 *
 * Until its first credit arrives the consumer is not there, and everything waits with the producer: at most what was written before it was blocked.
 *
 * In a loop nobody may wait for credit: there it has no end, and what the consumer has no room for waits in its backlog, still as frames.
 */
import type { TimeMs } from "../time/clock.ts";
import type { ChannelProducer, ChannelWriter, ControlElement } from "./channel.ts";
import { FrameEncoder } from "./columnar/frame-encoder.ts";
import type { GeneratedCodecs } from "./columnar/generated-codecs.ts";

/** A channel's place in the job graph. */
export interface ChannelAddress {
  /** Index of the job edge. */
  readonly edge: number;
  /** Index of the subtask at either end. */
  readonly producer: number;
  readonly consumer: number;
}

/** `credit` comes from the consumer, all else goes there. Plain data. */
export type ChannelMessage =
  | { readonly kind: "records"; readonly count: number; readonly frame: Uint8Array }
  | { readonly kind: "control"; readonly element: ControlElement }
  /** Credit that the producer has no use for. */
  | { readonly kind: "return"; readonly frames: number }
  | { readonly kind: "credit"; readonly frames: number };

export type SendChannelMessage = (message: ChannelMessage) => void;

export interface RemoteChannelOptions {
  /** Frames that are under way, at most, without what is shared. */
  readonly frames: number;
  /** Of a frame, about. One record that is larger has a frame of its own. */
  readonly frameBytes: number;
  /** Shared by all channels of a thread, so that V8 warms up once for all records of one shape. */
  readonly codecs: GeneratedCodecs;
}

/** Credit without an end: more frames than will ever be sent. */
export const UNBOUNDED_FRAMES: number = 2 ** 52;

/** Records that travel together, at most; and at first, when nobody knows how large they are. */
export const FRAME_RECORDS_MAX = 1_024;
const FRAME_RECORDS_FIRST = 32;

/** The producer's end. */
export class SendingChannel implements ChannelWriter {
  readonly #send: SendChannelMessage;
  readonly #frames: number;
  readonly #frameBytes: number;
  readonly #encoder: FrameEncoder;
  #values: unknown[];
  #timestampsMs: Float64Array;
  /** What waits: from `#first`, before `#count`. What was sent before it stays as a gap until it is most of the array, so that a long queue is not moved with each frame. */
  #first: number;
  #count: number;
  /** Records that make a frame full, as far as the one before tells; at most twice as many as it held, since the next ones may be larger. */
  #frameRecords: number;
  /** What was written before the consumer was there. */
  #early: ChannelMessage[];
  #isOpen: boolean;
  #credit: number;
  /** Something should have left, had there been credit. */
  #isDue: boolean;
  #isBlocking: boolean;
  #producer: ChannelProducer | undefined;
  /** A number of 64 bits from the start on, so that it changes its representation never. */
  #pushed: number;

  constructor(send: SendChannelMessage, { frames, frameBytes, codecs }: RemoteChannelOptions) {
    this.#send = send;
    this.#frames = frames;
    this.#frameBytes = frameBytes;
    this.#encoder = new FrameEncoder({ codecs });
    this.#values = new Array<unknown>(FRAME_RECORDS_MAX).fill(undefined);
    this.#timestampsMs = new Float64Array(FRAME_RECORDS_MAX);
    this.#first = 0;
    this.#count = 0;
    this.#frameRecords = FRAME_RECORDS_FIRST;
    this.#early = [];
    this.#isOpen = false;
    this.#credit = 0;
    this.#isDue = false;
    this.#isBlocking = true;
    this.#producer = undefined;
    this.#pushed = -0;
  }

  /** Records so far. */
  get pushed(): number {
    return this.#pushed + 0;
  }

  /** Records that wait here. */
  get unsent(): number {
    return this.#count - this.#first;
  }

  /** Frames so far of which all records went by the row codec. */
  get plainFrames(): number {
    return this.#encoder.plainFrames;
  }

  /** How much of its credit is used, 0 to 1. */
  get fullness(): number {
    return Math.min(1, Math.max(0, 1 - this.#credit / this.#frames));
  }

  connectProducer(producer: ChannelProducer): void {
    this.#producer = producer;
    if (this.#isBlocking) producer.block();
  }

  /** Hot: guarded by `bench/` (shuffle). */
  push(value: unknown, timestampMs: TimeMs): void {
    const count = this.#count;
    if (count === this.#timestampsMs.length) this.#grow();
    this.#values[count] = value;
    this.#timestampsMs[count] = timestampMs;
    this.#count = count + 1;
    this.#pushed += 1;
    if (count + 1 - this.#first >= this.#frameRecords) this.#filled();
  }

  send(element: ControlElement): void {
    this.#sendFrames(-Infinity);
    this.#transmit({ kind: "control", element });
  }

  /** Sends what waits for company, as far as there is credit; the rest follows as soon as there is. */
  flush(): void {
    if (this.#count === this.#first) return this.#giveBack();
    this.#isDue = true;
    this.#sendFrames(0);
  }

  /** The consumer has room for so many more frames. */
  grant(frames: number): void {
    this.#credit += frames;
    if (!this.#isOpen) {
      this.#isOpen = true;
      for (const message of this.#early.splice(0)) this.#send(message);
    }
    if (this.#isDue && !this.#sendDue()) return;
    if (!this.#isBlocking || this.#isFull()) return;
    this.#isBlocking = false;
    this.#producer?.unblock();
  }

  /** Whoever grants has written nothing, and is not to hear what is wrong with it. */
  #sendDue(): boolean {
    try {
      this.#sendFrames(0);
      return true;
    } catch (error) {
      if (this.#producer?.failed === undefined) throw error;
      this.#producer.failed(error);
      return false;
    }
  }

  /** Whoever has nothing to send keeps no more than what is its own. */
  #giveBack(): void {
    const frames = this.#credit - this.#frames;
    if (frames <= 0) return;
    this.#credit -= frames;
    this.#transmit({ kind: "return", frames });
  }

  #isFull(): boolean {
    return this.#credit <= 0 && this.unsent >= this.#frameRecords;
  }

  #filled(): void {
    this.#isDue = true;
    this.#sendFrames(0);
    if (this.#isBlocking || !this.#isFull()) return;
    this.#isBlocking = true;
    this.#producer?.block();
  }

  /** All that waits, while there is more credit than `creditMin`. */
  #sendFrames(creditMin: number): void {
    const count = this.#count;
    let from = this.#first;
    while (from < count && this.#credit > creditMin) {
      const to = Math.min(count, from + this.#frameRecords);
      this.#sendFrame(from, to);
      from = to;
    }
    if (from === count) this.#isDue = false;
    if (from > this.#first) this.#forget(from);
  }

  /** What is before `sent` was sent, and must not be kept alive. */
  #forget(sent: number): void {
    const [values, timestampsMs, count] = [this.#values, this.#timestampsMs, this.#count];
    for (let index = this.#first; index < sent; index += 1) values[index] = undefined;
    this.#first = sent;
    if (sent < count - sent) return;
    // Written out: `copyWithin` of an array takes 100 ns per element.
    for (let index = sent; index < count; index += 1) {
      values[index - sent] = values[index];
      values[index] = undefined;
      timestampsMs[index - sent] = timestampsMs[index] ?? 0;
    }
    this.#first = 0;
    this.#count = count - sent;
  }

  #sendFrame(from: number, to: number): void {
    const count = to - from;
    const frame = this.#encoder.encode(this.#values, this.#timestampsMs, from, to);
    this.#credit -= 1;
    const fitting = Math.floor((this.#frameBytes * count) / frame.length);
    this.#frameRecords = Math.max(1, Math.min(FRAME_RECORDS_MAX, fitting, Math.max(count, this.#frameRecords) * 2));
    this.#transmit({ kind: "records", count, frame });
  }

  #transmit(message: ChannelMessage): void {
    if (this.#isOpen) this.#send(message);
    else this.#early.push(message);
  }

  #grow(): void {
    const grown = new Float64Array(this.#timestampsMs.length * 2);
    grown.set(this.#timestampsMs);
    this.#timestampsMs = grown;
    this.#values.push(...new Array<undefined>(grown.length - this.#values.length).fill(undefined));
  }
}
