/**
 * Record batches as a broker handles them: it reads their headers, gives them their place in a log, and writes the few that are its own.
 *
 * In:    the bytes of a batch as somebody produced it. Out: its header; new bytes. State: none, and what comes in is never changed.
 */
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BASE_SEQUENCE_AT,
  COMPRESSION_MASK,
  CONTROL,
  COUNT_AT,
  CRC_AT,
  LAST_OFFSET_DELTA_AT,
  LEADER_EPOCH_AT,
  LENGTH_AT,
  LENGTH_END,
  LOG_APPEND_TIME,
  MAGIC,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  RECORDS_AT,
  TRANSACTIONAL,
} from "../../../connectors/kafka/records/batch-format.ts";
import { BatchBuilder } from "../../../connectors/kafka/records/batch-builder.ts";
import { crc32c } from "../../../connectors/kafka/records/crc32c.ts";

export interface BatchHeader {
  readonly baseOffset: number;
  readonly lastOffsetDelta: number;
  readonly count: number;
  readonly maxTimestampMs: number;
  /** -1: without producer. */
  readonly producerId: number;
  readonly epoch: number;
  readonly firstSequence: number;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
}

export function headerOf(batch: Buffer): BatchHeader {
  const attributes = batch.readInt16BE(ATTRIBUTES_AT);
  return {
    baseOffset: Number(batch.readBigInt64BE(BASE_OFFSET_AT)),
    lastOffsetDelta: batch.readInt32BE(LAST_OFFSET_DELTA_AT),
    count: batch.readInt32BE(COUNT_AT),
    maxTimestampMs: Number(batch.readBigInt64BE(MAX_TIMESTAMP_AT)),
    producerId: Number(batch.readBigInt64BE(PRODUCER_ID_AT)),
    epoch: batch.readInt16BE(PRODUCER_EPOCH_AT),
    firstSequence: batch.readInt32BE(BASE_SEQUENCE_AT),
    isTransactional: (attributes & TRANSACTIONAL) !== 0,
    isControl: (attributes & CONTROL) !== 0,
  };
}

/** Why a broker would not take it; undefined: it would. */
export function flawOf(bytes: Uint8Array): string | undefined {
  const batch = bufferOf(bytes);
  if (batch.length < RECORDS_AT) return `${batch.length} bytes are no record batch`;
  if (batch.readInt8(MAGIC_AT) !== MAGIC) return `the record batch has the format ${batch.readInt8(MAGIC_AT)}`;
  if (batch.readInt32BE(LENGTH_AT) !== batch.length - LENGTH_END) return "the length of the record batch is wrong";
  if (crc32c(batch, ATTRIBUTES_AT, batch.length) !== batch.readUInt32BE(CRC_AT))
    return "the checksum of the record batch is wrong";
  const { count, lastOffsetDelta, isControl } = headerOf(batch);
  if (isControl) return "only brokers write control records";
  if (count < 1 || lastOffsetDelta !== count - 1) return `the record batch counts ${count} records`;
  return undefined;
}

export interface Place {
  readonly offset: number;
  readonly leaderEpoch: number;
  /** Undefined: records keep the time that their producer gave them. */
  readonly appendTimeMs: number | undefined;
}

/** The batch in its log. The checksum does not cover what a broker fills in, but for the time. */
export function placed(bytes: Uint8Array, { offset, leaderEpoch, appendTimeMs }: Place): Buffer {
  const batch = Buffer.from(bytes);
  batch.writeBigInt64BE(BigInt(offset), BASE_OFFSET_AT);
  batch.writeInt32BE(leaderEpoch, LEADER_EPOCH_AT);
  if (appendTimeMs === undefined) return batch;
  batch.writeInt16BE(batch.readInt16BE(ATTRIBUTES_AT) | LOG_APPEND_TIME, ATTRIBUTES_AT);
  batch.writeBigInt64BE(BigInt(appendTimeMs), MAX_TIMESTAMP_AT);
  return summed(batch);
}

export interface Marker {
  readonly producerId: number;
  readonly epoch: number;
  readonly result: "commit" | "abort";
  readonly timestampMs: number;
}

/** What ends a transaction in a log. */
export function markerBatch({ producerId, epoch, result, timestampMs }: Marker): Buffer {
  const key = Buffer.alloc(4);
  key.writeInt16BE(result === "commit" ? 1 : 0, 2);
  const builder = new BatchBuilder();
  // Version and the coordinator's epoch, which nobody here looks at.
  builder.append(key, Buffer.alloc(6), timestampMs);
  const batch = Buffer.from(builder.seal({ producerId, epoch, firstSequence: -1, isTransactional: true }));
  batch.writeInt16BE(batch.readInt16BE(ATTRIBUTES_AT) | CONTROL, ATTRIBUTES_AT);
  return summed(batch);
}

/** The batch without some of its records, as compaction leaves it: what stays keeps its offset, and the last offset of the batch stays too. */
export function compacted(batch: Buffer, keeps: (offset: number) => boolean): Buffer {
  const { baseOffset, lastOffsetDelta } = headerOf(batch);
  const isPlain = (batch.readInt16BE(ATTRIBUTES_AT) & COMPRESSION_MASK) === 0;
  const offsets = Array.from({ length: lastOffsetDelta + 1 }, (_, delta) => baseOffset + delta);
  // Brokers would pack it anew: here it stays, unless it loses all.
  if (!isPlain && offsets.some(keeps)) return batch;
  const parts: Buffer[] = [];
  for (let at = RECORDS_AT; isPlain && at < batch.length;) {
    const [size, start] = varint(batch, at);
    const [, deltaAt] = varint(batch, start + 1);
    const [offsetDelta] = varint(batch, deltaAt);
    if (keeps(baseOffset + offsetDelta)) parts.push(batch.subarray(at, start + size));
    at = start + size;
  }
  const left = Buffer.concat([batch.subarray(0, RECORDS_AT), ...parts]);
  left.writeInt32BE(left.length - LENGTH_END, LENGTH_AT);
  left.writeInt32BE(parts.length, COUNT_AT);
  return summed(left);
}

export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function summed(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_AT, batch.length), CRC_AT);
  return batch;
}

/** Value, and where it ends. */
function varint(bytes: Buffer, from: number): readonly [number, number] {
  let value = 0;
  let scale = 1;
  let at = from;
  for (let byte = 0x80; byte >= 0x80; scale *= 0x80) {
    byte = bytes.readUInt8(at++);
    value += (byte & 0x7f) * scale;
  }
  return [value % 2 === 0 ? value / 2 : -(value + 1) / 2, at];
}
