/**
 * The log of one partition: batches one behind another, and which transactions are open or aborted in them.
 *
 * In:    batches, markers. Out: bytes from an offset on, offsets by time. State: all of it in memory; batches never change, so that copies share them.
 * There is one copy of each log, so that the high watermark is its end.
 */
import { RecordCursor } from "../../../connectors/kafka/records/record-cursor.ts";
import { openBatches } from "../../../connectors/kafka/records/open-batches.ts";
import type { AbortedTransaction, Isolation } from "../../../connectors/kafka/client/kafka-client.ts";
import { bufferOf, compacted, headerOf, markerBatch, placed } from "./batch-bytes.ts";
import type { BatchHeader, Marker } from "./batch-bytes.ts";
import { ProducerStates } from "./producer-states.ts";
import { BrokerRefusal } from "./refusal.ts";

interface StoredBatch {
  readonly baseOffset: number;
  /** Behind its last record, also behind one that was compacted away. */
  readonly nextOffset: number;
  readonly maxTimestampMs: number;
  readonly isControl: boolean;
  readonly bytes: Buffer;
}

interface Aborted extends AbortedTransaction {
  /** Of the marker. */
  readonly lastOffset: number;
}

export interface LogOptions {
  /** Topic and partition, for errors. */
  readonly place: string;
  /** Whose time records get. */
  readonly timestamps: "create" | "append";
}

export interface Appending {
  readonly nowMs: number;
  readonly leaderEpoch: number;
  /** Throws if the producer has no such transaction with this partition. Asked for the first batch of a transaction. */
  verify(): void;
}

export class PartitionLog {
  readonly options: LogOptions;
  #batches: StoredBatch[] = [];
  #startOffset = 0;
  #nextOffset = 0;
  #producers = new ProducerStates();
  /** First offsets of transactions that are open here, by producer. */
  #open: Map<number, number> = new Map<number, number>();
  #aborted: Aborted[] = [];

  constructor(options: LogOptions) {
    this.options = options;
  }

  copy(): PartitionLog {
    const log = new PartitionLog(this.options);
    log.#batches = [...this.#batches];
    log.#startOffset = this.#startOffset;
    log.#nextOffset = this.#nextOffset;
    log.#producers = this.#producers.copy();
    log.#open = new Map(this.#open);
    log.#aborted = [...this.#aborted];
    return log;
  }

  get startOffset(): number {
    return this.#startOffset;
  }

  get highWatermark(): number {
    return this.#nextOffset;
  }

  get lastStableOffset(): number {
    return Math.min(this.#nextOffset, ...this.#open.values());
  }

  /** Throws what a broker refuses. What it knows already it does not write again. */
  append(bytes: Uint8Array, { nowMs, leaderEpoch, verify }: Appending): void {
    const header = headerOf(bufferOf(bytes));
    const { producerId, isTransactional } = header;
    if (producerId >= 0) {
      const { place } = this.options;
      if (this.#producers.judge(header, place) === "known") return;
      const isOpen = this.#open.has(producerId);
      if (isTransactional && !isOpen) verify();
      if (!isTransactional && isOpen)
        throw new BrokerRefusal("REFUSED", `${place}: a batch without transaction came in the middle of one`);
      if (isTransactional && !isOpen) this.#open.set(producerId, this.#nextOffset);
      this.#producers.wrote(header);
    }
    const appendTimeMs = this.options.timestamps === "append" ? nowMs : undefined;
    this.#store(placed(bytes, { offset: this.#nextOffset, leaderEpoch, appendTimeMs }), header);
  }

  /** The end of a transaction. */
  mark(marker: Marker, leaderEpoch: number): void {
    const { producerId, result } = marker;
    const firstOffset = this.#open.get(producerId);
    const lastOffset = this.#nextOffset;
    this.#open.delete(producerId);
    this.#producers.ended(marker);
    if (firstOffset !== undefined && result === "abort") this.#aborted.push({ producerId, firstOffset, lastOffset });
    const bytes = placed(markerBatch(marker), { offset: lastOffset, leaderEpoch, appendTimeMs: undefined });
    this.#store(bytes, headerOf(bytes));
  }

  /** Whole batches, and the beginning of one more where `bytesMax` ends; the first one whole if `firstWhole`, and else nothing in its place. */
  read(
    from: number,
    { isolation, bytesMax, firstWhole }: { isolation: Isolation; bytesMax: number; firstWhole: boolean },
  ): { readonly bytes: Buffer; readonly aborted: readonly AbortedTransaction[] } {
    const limit = this.limit(isolation);
    const parts: Buffer[] = [];
    let size = 0;
    let until = from;
    for (let at = this.#indexOf(from); at < this.#batches.length && size < Math.max(bytesMax, 1); at++) {
      const { bytes, baseOffset, nextOffset } = this.#batches[at] as StoredBatch; // within
      if (baseOffset >= limit) break;
      const room = bytesMax - size;
      if (bytes.length <= room || (parts.length === 0 && firstWhole)) {
        parts.push(bytes);
        size += bytes.length;
        until = nextOffset;
      } else {
        if (parts.length > 0) parts.push(bytes.subarray(0, room));
        break;
      }
    }
    return { bytes: Buffer.concat(parts), aborted: isolation === "read_committed" ? this.#abortedIn(from, until) : [] };
  }

  /** Behind the last record that a reader sees. */
  limit(isolation: Isolation): number {
    return isolation === "read_committed" ? this.lastStableOffset : this.highWatermark;
  }

  has(offset: number): boolean {
    return offset >= this.#startOffset && offset <= this.#nextOffset;
  }

  /** The first record of that time or later; control records count, as with brokers. Undefined: there is none. */
  offsetAt(timestampMs: number, isolation: Isolation): number | undefined {
    const limit = this.limit(isolation);
    for (const { bytes, baseOffset, nextOffset, maxTimestampMs, isControl } of this.#batches) {
      if (baseOffset >= limit) return undefined;
      if (maxTimestampMs < timestampMs || nextOffset <= this.#startOffset) continue;
      const offset = isControl ? baseOffset : firstOf(bytes, timestampMs, this.#startOffset);
      if (offset !== undefined) return offset;
    }
    return undefined;
  }

  deleteBefore(offset: number): void {
    this.#startOffset = Math.min(Math.max(offset, this.#startOffset), this.#nextOffset);
    this.#batches = this.#batches.filter(({ nextOffset }) => nextOffset > this.#startOffset);
  }

  /** Takes the records of a range away. Of batches that lose all, the header stays, or nothing. */
  compact({ from, to, leave }: { from: number; to: number; leave: "empty batches" | "gaps" }): void {
    this.#batches = this.#batches.flatMap((batch) => {
      if (batch.isControl || batch.nextOffset <= from || batch.baseOffset >= to) return [batch];
      const bytes = compacted(batch.bytes, (offset) => offset < from || offset >= to);
      return leave === "gaps" && headerOf(bytes).count === 0 ? [] : [{ ...batch, bytes }];
    });
  }

  #store(bytes: Buffer, { lastOffsetDelta, isControl }: BatchHeader): void {
    const baseOffset = this.#nextOffset;
    this.#nextOffset += lastOffsetDelta + 1;
    const { maxTimestampMs } = headerOf(bytes);
    this.#batches.push({ baseOffset, nextOffset: this.#nextOffset, maxTimestampMs, isControl, bytes });
  }

  /** Of the first batch that ends behind an offset. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#batches[middle] as StoredBatch).nextOffset > offset) high = middle; // within
      else low = middle + 1;
    }
    return low;
  }

  #abortedIn(from: number, until: number): readonly AbortedTransaction[] {
    return this.#aborted
      .filter(({ firstOffset, lastOffset }) => lastOffset >= from && firstOffset < until)
      .map(({ producerId, firstOffset }) => ({ producerId, firstOffset }))
      .sort((left, right) => left.firstOffset - right.firstOffset);
  }
}

function firstOf(batch: Buffer, timestampMs: number, from: number): number | undefined {
  const opened = openBatches(batch, { codecs: {}, place: "a simulated partition" });
  if (!Buffer.isBuffer(opened)) return Math.max(headerOf(batch).baseOffset, from);
  const cursor = new RecordCursor(opened, { from });
  while (cursor.next()) if (cursor.timestampMs >= timestampMs) return cursor.offset;
  return undefined;
}
