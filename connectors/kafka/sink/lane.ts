/**
 * What waits for one partition: batches that are full, in order, and the one that fills up. At most one is under way, so that the order holds whatever is sent again.
 *
 * In:    records. Out: the next batch to send. State: bytes, until the broker has acknowledged them; how many records the producer has written here, from which the broker tells what it
 *        has seen.
 */
import { BatchBuilder } from "../records/batch-builder.ts";
import type { Bytes, RecordHeader } from "../records/batch-builder.ts";

export class Lane {
  readonly topic: string;
  readonly partition: number;
  isSending = false;
  /** What is in it has waited long enough. */
  isDue = false;
  /** The partition is part of the transaction at hand. */
  isAdded = false;
  /** Of the next batch. */
  sequence = 0;
  readonly #batchBytes: number;
  readonly #full: BatchBuilder[] = [];
  #filling = new BatchBuilder();

  constructor(place: { readonly topic: string; readonly partition: number }, batchBytes: number) {
    this.topic = place.topic;
    this.partition = place.partition;
    this.#batchBytes = batchBytes;
  }

  /** By how many bytes it has grown. Hot. */
  append(
    key: Bytes | null,
    value: Bytes | null,
    timestampMs: number,
    headers: readonly RecordHeader[] | undefined,
  ): number {
    const filling = this.#filling;
    const before = filling.count === 0 ? 0 : filling.bytes;
    filling.append(key, value, timestampMs, headers);
    const grown = filling.bytes - before;
    if (filling.bytes >= this.#batchBytes) {
      this.#full.push(filling);
      this.#filling = new BatchBuilder();
    }
    return grown;
  }

  get hasFull(): boolean {
    return this.#full.length > 0;
  }

  get isEmpty(): boolean {
    return this.#full.length === 0 && this.#filling.count === 0;
  }

  /** The oldest; the one that fills up only when there is no other. The lane must not be empty. */
  take(): BatchBuilder {
    const full = this.#full.shift();
    if (full !== undefined) return full;
    const filling = this.#filling;
    this.#filling = new BatchBuilder();
    this.isDue = false;
    return filling;
  }

  /** Another producer, or another epoch of it, counts anew. */
  begin(): void {
    this.sequence = 0;
    this.isAdded = false;
  }
}
