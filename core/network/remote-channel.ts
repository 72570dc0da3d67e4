/**
 * The channel between two subtasks of different slots: what one end writes is sent as messages, in order, and read from an in-slot channel at the other.
 *
 * In:   records and control elements of the producer; credits from the consumer. Out: messages for the wire.
 * Bound: the consumer grants credit for as many records as it has room for, and the producer is blocked when it has used them up. As within a slot, what
 *        one record emits beyond that (overdraw) is taken all the same, and control elements need no credit.
 *
 * Until its first credit arrives the consumer is not there, and everything waits with the producer: at most what was written before it was blocked.
 */
import { decodeValue, encodeValue } from "../types/value-codec.ts";
import type { TimeMs } from "../time/clock.ts";
import type { ChannelProducer, ChannelWriter, ControlElement } from "./channel.ts";
import { InSlotChannel } from "./in-slot-channel.ts";

/** A channel's place in the job graph. */
export interface ChannelAddress {
  /** Index of the job edge. */
  readonly edge: number;
  /** Index of the subtask at either end. */
  readonly producer: number;
  readonly consumer: number;
}

/** `records` and `control` go to the consumer, `credit` comes back. Plain data. */
export type ChannelMessage =
  | { readonly kind: "records"; readonly values: Uint8Array; readonly timestampsMs: readonly TimeMs[] }
  | { readonly kind: "control"; readonly element: ControlElement }
  | { readonly kind: "credit"; readonly records: number };

export type SendChannelMessage = (message: ChannelMessage) => void;

/** Records that travel together, at most. */
const BATCH_MAX = 256;

/** The producer's end. */
export class SendingChannel implements ChannelWriter {
  readonly #send: SendChannelMessage;
  #values: unknown[];
  #timestampsMs: TimeMs[];
  /** What was written before the consumer was there. */
  #early: ChannelMessage[];
  #isOpen: boolean;
  #credit: number;
  /** The first credit: all the room there is. */
  #capacity: number;
  #isBlocking: boolean;
  #producer: ChannelProducer | undefined;
  #pushed: number;

  constructor(send: SendChannelMessage) {
    this.#send = send;
    this.#values = [];
    this.#timestampsMs = [];
    this.#early = [];
    this.#isOpen = false;
    this.#credit = 0;
    this.#capacity = 0;
    this.#isBlocking = true;
    this.#producer = undefined;
    this.#pushed = 0;
  }

  /** Records so far. */
  get pushed(): number {
    return this.#pushed;
  }

  connectProducer(producer: ChannelProducer): void {
    this.#producer = producer;
    if (this.#isBlocking) producer.block();
  }

  push(value: unknown, timestampMs: TimeMs): void {
    this.#values.push(value);
    this.#timestampsMs.push(timestampMs);
    this.#pushed += 1;
    this.#credit -= 1;
    if (this.#values.length >= BATCH_MAX) this.flush();
    if (this.#credit <= 0 && !this.#isBlocking) {
      this.#isBlocking = true;
      this.#producer?.block();
    }
  }

  send(element: ControlElement): void {
    this.flush();
    this.#transmit({ kind: "control", element });
  }

  /** Sends what waits for a full batch. */
  flush(): void {
    if (this.#values.length === 0) return;
    const message: ChannelMessage = {
      kind: "records",
      values: encodeValue(this.#values),
      timestampsMs: this.#timestampsMs,
    };
    this.#values = [];
    this.#timestampsMs = [];
    this.#transmit(message);
  }

  /** The consumer has room for so many more. */
  grant(records: number): void {
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#capacity = records;
      for (const message of this.#early.splice(0)) this.#send(message);
    }
    this.#credit += records;
    if (this.#isBlocking && this.#credit * 2 >= this.#capacity) {
      this.#isBlocking = false;
      this.#producer?.unblock();
    }
  }

  #transmit(message: ChannelMessage): void {
    if (this.#isOpen) this.#send(message);
    else this.#early.push(message);
  }
}

/** The consumer's end: the reader is an in-slot channel, filled by messages, whose consumption is granted back as credit. */
export class ReceivingChannel {
  readonly reader: InSlotChannel;
  readonly #capacity: number;
  readonly #send: SendChannelMessage;
  #owed: number;

  /** Grants the first credit at once. */
  constructor(capacity: number, send: SendChannelMessage) {
    this.reader = new InSlotChannel(capacity);
    this.#capacity = capacity;
    this.#send = send;
    this.#owed = 0;
    this.reader.connectProducer({
      // The producer holds back by itself, as it has no credit left.
      block: () => undefined,
      unblock: () => undefined,
      consumed: (count) => this.#consumed(count),
    });
    send({ kind: "credit", records: capacity });
  }

  receive(message: ChannelMessage): void {
    if (message.kind === "control") this.reader.send(message.element);
    if (message.kind !== "records") return;
    const values = decodeValue(message.values) as readonly unknown[]; // as `flush` encodes it
    for (const [index, value] of values.entries()) this.reader.push(value, message.timestampsMs[index] ?? 0);
  }

  /** In portions, so that not every record is answered by a message. */
  #consumed(count: number): void {
    this.#owed += count;
    if (this.#owed * 4 < this.#capacity) return;
    this.#send({ kind: "credit", records: this.#owed });
    this.#owed = 0;
  }
}
