/**
 * Records of one partition on their way into a batch: each is encoded when it is appended, so that nothing but bytes waits.
 *
 * In:    keys and values as text or bytes. Out: the bytes of a batch, once, with its header (`seal`). State: one growing buffer; the header's room is left free in front.
 */
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BASE_SEQUENCE_AT,
  BASE_TIMESTAMP_AT,
  COMPRESSIONS,
  COUNT_AT,
  CRC_AT,
  LAST_OFFSET_DELTA_AT,
  LEADER_EPOCH_AT,
  LENGTH_AT,
  LENGTH_END,
  MAGIC,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  RECORDS_AT,
  TRANSACTIONAL,
} from "./batch-format.ts";
import type { Compression } from "./batch-format.ts";
import { crc32c } from "./crc32c.ts";

export type Bytes = Uint8Array | string;

export interface RecordHeader {
  readonly key: string;
  readonly value: Bytes | null;
}

/** Who writes a batch, so that the broker writes it once. */
export interface BatchProducer {
  readonly producerId: number;
  readonly epoch: number;
  /** Records that this producer wrote into this partition before. */
  readonly firstSequence: number;
  readonly isTransactional: boolean;
}

const NO_HEADERS: readonly RecordHeader[] = [];
const BYTES_FIRST = 4_096;
const INT32 = 0x1_0000_0000;

export class BatchBuilder {
  #buffer = Buffer.allocUnsafeSlow(BYTES_FIRST);
  #end = RECORDS_AT;
  #count = 0;
  #baseTimestampMs = 0;
  #maxTimestampMs = 0;

  get count(): number {
    return this.#count;
  }

  /** Of the batch so far, uncompressed. */
  get bytes(): number {
    return this.#end;
  }

  /** Hot. */
  append(
    key: Bytes | null,
    value: Bytes | null,
    timestampMs: number,
    headers: readonly RecordHeader[] = NO_HEADERS,
  ): void {
    if (this.#count === 0) {
      this.#baseTimestampMs = timestampMs;
      this.#maxTimestampMs = timestampMs;
    } else if (timestampMs > this.#maxTimestampMs) this.#maxTimestampMs = timestampMs;
    const timestampDelta = timestampMs - this.#baseTimestampMs;
    const keyBytes = lengthOf(key);
    const valueBytes = lengthOf(value);
    const size =
      1 +
      sizeOfVarint(timestampDelta) +
      sizeOfVarint(this.#count) +
      sizeOfVarint(keyBytes) +
      Math.max(keyBytes, 0) +
      sizeOfVarint(valueBytes) +
      Math.max(valueBytes, 0) +
      sizeOfHeaders(headers);
    this.#reserve(size + 5);
    this.#varint(size);
    this.#buffer[this.#end++] = 0;
    this.#varint(timestampDelta);
    this.#varint(this.#count);
    this.#sized(key, keyBytes);
    this.#sized(value, valueBytes);
    this.#varint(headers.length);
    if (headers.length > 0) this.#headers(headers);
    this.#count++;
  }

  /** The records alone, to be compressed. */
  get records(): Uint8Array {
    return this.#buffer.subarray(RECORDS_AT, this.#end);
  }

  /** The whole batch. Nothing may be appended afterwards. `compressed`: what became of {@link records}. */
  seal(
    producer: BatchProducer | undefined,
    compressed?: { readonly by: Compression; readonly records: Uint8Array },
  ): Uint8Array {
    const batch =
      compressed === undefined
        ? this.#buffer.subarray(0, this.#end)
        : Buffer.concat([this.#buffer.subarray(0, RECORDS_AT), compressed.records]);
    batch.writeBigInt64BE(0n, BASE_OFFSET_AT);
    batch.writeInt32BE(batch.length - LENGTH_END, LENGTH_AT);
    batch.writeInt32BE(-1, LEADER_EPOCH_AT);
    batch.writeInt8(MAGIC, MAGIC_AT);
    const transactional = producer?.isTransactional === true ? TRANSACTIONAL : 0;
    batch.writeInt16BE(COMPRESSIONS.indexOf(compressed?.by ?? "none") | transactional, ATTRIBUTES_AT);
    batch.writeInt32BE(this.#count - 1, LAST_OFFSET_DELTA_AT);
    batch.writeBigInt64BE(BigInt(this.#baseTimestampMs), BASE_TIMESTAMP_AT);
    batch.writeBigInt64BE(BigInt(this.#maxTimestampMs), MAX_TIMESTAMP_AT);
    batch.writeBigInt64BE(BigInt(producer?.producerId ?? -1), PRODUCER_ID_AT);
    batch.writeInt16BE(producer?.epoch ?? -1, PRODUCER_EPOCH_AT);
    batch.writeInt32BE(producer?.firstSequence ?? -1, BASE_SEQUENCE_AT);
    batch.writeInt32BE(this.#count, COUNT_AT);
    batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_AT, batch.length), CRC_AT);
    return batch;
  }

  #headers(headers: readonly RecordHeader[]): void {
    for (const { key, value } of headers) {
      this.#sized(key, lengthOf(key));
      this.#sized(value, lengthOf(value));
    }
  }

  #sized(value: Bytes | null, length: number): void {
    this.#varint(length);
    if (length <= 0) return;
    if (typeof value === "string") this.#buffer.write(value, this.#end, "utf8");
    else if (value !== null) this.#buffer.set(value, this.#end);
    this.#end += length;
  }

  /** Zigzag: small negative numbers stay small. */
  #varint(value: number): void {
    const buffer = this.#buffer;
    let left = value >= -0x4000_0000 && value < 0x4000_0000 ? ((value << 1) ^ (value >> 31)) >>> 0 : zigzag(value);
    while (left >= 0x80) {
      buffer[this.#end++] = (left % 0x80) | 0x80;
      left = left < INT32 ? left >>> 7 : Math.floor(left / 0x80);
    }
    buffer[this.#end++] = left;
  }

  #reserve(size: number): void {
    const needed = this.#end + size;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }
}

/** -1: null. */
function lengthOf(value: Bytes | null): number {
  if (value === null) return -1;
  return typeof value === "string" ? Buffer.byteLength(value, "utf8") : value.length;
}

function sizeOfHeaders(headers: readonly RecordHeader[]): number {
  let size = sizeOfVarint(headers.length);
  if (headers.length === 0) return size;
  for (const { key, value } of headers) {
    const keyBytes = lengthOf(key);
    const valueBytes = lengthOf(value);
    size += sizeOfVarint(keyBytes) + keyBytes + sizeOfVarint(valueBytes) + Math.max(valueBytes, 0);
  }
  return size;
}

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}

function sizeOfVarint(value: number): number {
  let left = zigzag(value);
  let size = 1;
  while (left >= 0x80) {
    left = left < INT32 ? left >>> 7 : Math.floor(left / 0x80);
    size++;
  }
  return size;
}
