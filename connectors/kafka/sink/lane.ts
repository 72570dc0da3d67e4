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

  /** By how many bytes it has grown. A batch has more than `batchBytes` only if one record alone has: topics refuse what is too large as a whole. Hot. */
  append(
    key: Bytes | null,
    value: Bytes | null,
    timestampMs: number,
    headers: readonly RecordHeader[] | undefined,
  ): number {
    const room = this.#batchBytes - this.#filling.bytes;
    if (this.#filling.count > 0 && exceeds(room, key, value, headers)) {
      this.#full.push(this.#filling);
      this.#filling = new BatchBuilder();
    }
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

/** Of a record, beside its key, value and headers; and of a header. */
const RECORD_BYTES = 40;
const HEADER_BYTES = 10;

/** Text is measured only where it might matter: a unit of it has three bytes at most. */
function exceeds(
  room: number,
  key: Bytes | null,
  value: Bytes | null,
  headers: readonly RecordHeader[] = NO_HEADERS,
): boolean {
  let most = RECORD_BYTES + 3 * ((key?.length ?? 0) + (value?.length ?? 0));
  for (const header of headers) most += HEADER_BYTES + 3 * (header.key.length + (header.value?.length ?? 0));
  if (most <= room) return false;
  let size = RECORD_BYTES + bytesOf(key) + bytesOf(value);
  for (const header of headers) size += HEADER_BYTES + bytesOf(header.key) + bytesOf(header.value);
  return size > room;
}

function bytesOf(part: Bytes | null): number {
  return typeof part === "string" ? Buffer.byteLength(part, "utf8") : (part?.length ?? 0);
}

const NO_HEADERS: readonly RecordHeader[] = [];
