/** One partition: batches of records with transactions, markers and gaps, as brokers keep them. */
import type { Isolation, OffsetQuery } from "../../../../connectors/kafka/client/kafka-client.ts";
import { BatchBuilder } from "../../../../connectors/kafka/records/batch-builder.ts";
import type { RecordHeader } from "../../../../connectors/kafka/records/batch-builder.ts";
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  CONTROL,
  CRC_AT,
  LAST_OFFSET_DELTA_AT,
} from "../../../../connectors/kafka/records/batch-format.ts";
import { crc32c } from "../../../../connectors/kafka/records/crc32c.ts";

export interface FakeRecord {
  readonly key: string | null;
  readonly value: string | Uint8Array | null;
  readonly timestampMs?: number;
  readonly headers?: readonly RecordHeader[];
}

interface Stored {
  readonly base: number;
  /** Behind its last offset. */
  readonly next: number;
  readonly firstTimestampMs: number;
  readonly bytes: Uint8Array;
}

interface Aborted {
  readonly producerId: number;
  readonly firstOffset: number;
  readonly markerOffset: number;
}

interface ReadOptions {
  readonly isolation: Isolation;
  readonly bytesMax: number;
  readonly wholeFirst: boolean;
}

export class FakeLog {
  /** Undefined: none. */
  leader: number | undefined;
  start = 0;
  end = 0;
  #batches: Stored[] = [];
  readonly #aborted: Aborted[] = [];
  readonly #open = new Map<number, number>();

  constructor(leader: number) {
    this.leader = leader;
  }

  /** Behind the last record that a reader of committed ones may see. */
  get stableEnd(): number {
    return Math.min(this.end, ...this.#open.values());
  }

  /** `gap`: offsets that compaction has emptied behind the records, within their batch. `producerId`: in its transaction. */
  append(
    records: readonly FakeRecord[],
    {
      producerId,
      gap = 0,
      seal = (builder) => builder.seal(producerOf(producerId)),
    }: { producerId?: number; gap?: number; seal?: (builder: BatchBuilder) => Uint8Array } = {},
  ): void {
    const builder = new BatchBuilder();
    for (const { key, value, timestampMs = 0, headers } of records) builder.append(key, value, timestampMs, headers);
    if (producerId !== undefined && !this.#open.has(producerId)) this.#open.set(producerId, this.end);
    this.#store(seal(builder), records.length + gap, records[0]?.timestampMs ?? 0);
  }

  /** Ends the producer's transaction. */
  finish(producerId: number, result: "commit" | "abort"): void {
    const firstOffset = this.#open.get(producerId);
    if (firstOffset === undefined) return;
    this.#open.delete(producerId);
    if (result === "abort") this.#aborted.push({ producerId, firstOffset, markerOffset: this.end });
    const builder = new BatchBuilder();
    builder.append(Buffer.from([0, 0, 0, result === "commit" ? 1 : 0]) as Uint8Array, new Uint8Array(6), 0);
    const bytes = Buffer.from(builder.seal(producerOf(producerId)));
    bytes.writeInt16BE(bytes.readInt16BE(ATTRIBUTES_AT) | CONTROL, ATTRIBUTES_AT);
    this.#store(bytes, 1, 0);
  }

  /** Offsets of which compaction has left no batch. */
  skip(count: number): void {
    this.end += count;
  }

  deleteBefore(offset: number): void {
    this.start = offset;
    this.#batches = this.#batches.filter(({ next }) => next > offset);
  }

  offsetOf(at: OffsetQuery["at"], isolation: Isolation): number {
    if (at === "earliest") return this.start;
    const latest = isolation === "read_committed" ? this.stableEnd : this.end;
    if (at === "latest") return latest;
    return this.#batches.find(({ firstTimestampMs }) => firstTimestampMs >= at.timestampMs)?.base ?? latest;
  }

  read(
    offset: number,
    { isolation, bytesMax, wholeFirst }: ReadOptions,
  ): { batches: Uint8Array; aborted: { producerId: number; firstOffset: number }[] } {
    const limit = isolation === "read_committed" ? this.stableEnd : this.end;
    const parts: Uint8Array[] = [];
    let left = bytesMax;
    let upTo = offset;
    for (const { base, next, bytes } of this.#batches) {
      if (next <= offset || base >= limit || left <= 0) continue;
      const whole = parts.length === 0 && wholeFirst;
      parts.push(whole ? bytes : bytes.subarray(0, left));
      left -= bytes.length;
      upTo = next;
    }
    const aborted =
      isolation === "read_uncommitted"
        ? []
        : this.#aborted.filter(({ firstOffset, markerOffset }) => markerOffset >= offset && firstOffset < upTo);
    return {
      batches: Buffer.concat(parts),
      aborted: aborted.map(({ producerId, firstOffset }) => ({ producerId, firstOffset })),
    };
  }

  #store(sealed: Uint8Array, offsets: number, firstTimestampMs: number): void {
    const bytes = Buffer.from(sealed);
    bytes.writeBigInt64BE(BigInt(this.end), BASE_OFFSET_AT);
    bytes.writeInt32BE(offsets - 1, LAST_OFFSET_DELTA_AT);
    bytes.writeUInt32BE(crc32c(bytes, ATTRIBUTES_AT, bytes.length), CRC_AT);
    this.#batches.push({ base: this.end, next: this.end + offsets, firstTimestampMs, bytes });
    this.end += offsets;
  }
}

function producerOf(
  producerId: number | undefined,
): { producerId: number; epoch: number; firstSequence: number; isTransactional: boolean } | undefined {
  return producerId === undefined ? undefined : { producerId, epoch: 0, firstSequence: 0, isTransactional: true };
}
