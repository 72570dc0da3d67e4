/**
 * What a broker sends, made ready to be read: checked, whole, and no longer compressed.
 *
 * In:    bytes as {@link FetchedPartition} has them. Out: the same, without the beginning of a batch that did not fit; compressed batches replaced by plain ones. A promise only
 *        where a codec needs one.
 */
import { gunzipSync, gzipSync } from "node:zlib";
import { isMillraceError } from "../../../core/util/errors.ts";
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  COMPRESSION_MASK,
  COMPRESSIONS,
  CRC_AT,
  LENGTH_AT,
  LENGTH_END,
  MAGIC,
  MAGIC_AT,
  RECORDS_AT,
} from "./batch-format.ts";
import type { Codec, Codecs, Compression } from "./batch-format.ts";
import { crc32c } from "./crc32c.ts";
import { damaged, noCodec, oldFormat } from "./errors.ts";

const GZIP: Codec = { compress: (bytes) => gzipSync(bytes), decompress: (bytes) => gunzipSync(bytes) };

export interface OpenOptions {
  readonly codecs: Codecs;
  /** Topic and partition, for errors. */
  readonly place: string;
}

/** Undefined: there is no library for it. */
export function codecOf(compression: Exclude<Compression, "none">, codecs: Codecs): Codec | undefined {
  return codecs[compression] ?? (compression === "gzip" ? GZIP : undefined);
}

/** Errors: `MR6420` damaged, `MR6421` of an old format, `MR6422` compressed by somebody unknown; thrown, or the promise's. */
export function openBatches(bytes: Uint8Array, options: OpenOptions): Buffer | Promise<Buffer> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts: (Buffer | Promise<Buffer>)[] = [];
  let plainFrom = 0;
  let at = 0;
  for (let end = endOfBatch(buffer, at); end <= buffer.length; end = endOfBatch(buffer, at)) {
    check(buffer, at, end, options);
    const compression = COMPRESSIONS[buffer.readInt16BE(at + ATTRIBUTES_AT) & COMPRESSION_MASK];
    if (compression !== "none") {
      if (plainFrom < at) parts.push(buffer.subarray(plainFrom, at));
      parts.push(inflated(buffer.subarray(at, end), compression, options));
      plainFrom = end;
    }
    at = end;
  }
  if (parts.length === 0) return buffer.subarray(0, at);
  if (plainFrom < at) parts.push(buffer.subarray(plainFrom, at));
  return parts.every((part) => part instanceof Uint8Array) ? Buffer.concat(parts) : joined(parts);
}

async function joined(parts: readonly (Buffer | Promise<Buffer>)[]): Promise<Buffer> {
  return Buffer.concat(await Promise.all(parts.map(async (part) => part)));
}

/** Infinity: not even the header is whole. */
function endOfBatch(buffer: Buffer, at: number): number {
  return buffer.length - at < RECORDS_AT ? Infinity : at + LENGTH_END + buffer.readInt32BE(at + LENGTH_AT);
}

function check(buffer: Buffer, at: number, end: number, { place }: OpenOptions): void {
  const where = (): string => `${place}, offset ${buffer.readBigInt64BE(at + BASE_OFFSET_AT)}`;
  const magic = buffer.readInt8(at + MAGIC_AT);
  if (magic < MAGIC) throw oldFormat(where(), magic);
  if (end - at < RECORDS_AT) throw damaged(where(), `${end - at} bytes cannot be a batch`);
  if (crc32c(buffer, at + ATTRIBUTES_AT, end) !== buffer.readUInt32BE(at + CRC_AT))
    throw damaged(where(), "its checksum does not match");
}

function inflated(
  batch: Buffer,
  compression: Exclude<Compression, "none"> | undefined,
  { codecs, place }: OpenOptions,
): Buffer | Promise<Buffer> {
  const where = `${place}, offset ${batch.readBigInt64BE(BASE_OFFSET_AT)}`;
  if (compression === undefined) throw damaged(where, "nobody knows its compression");
  const codec = codecOf(compression, codecs);
  if (codec === undefined) throw noCodec(where, compression);
  const reframed = (records: Uint8Array): Buffer => {
    const plain = Buffer.concat([batch.subarray(0, RECORDS_AT), records]);
    plain.writeInt32BE(plain.length - LENGTH_END, LENGTH_AT);
    plain.writeInt16BE(plain.readInt16BE(ATTRIBUTES_AT) & ~COMPRESSION_MASK, ATTRIBUTES_AT);
    return plain;
  };
  const failed = (thrown: unknown): never => {
    throw isMillraceError(thrown) ? thrown : damaged(where, `${compression} cannot read it: ${String(thrown)}`);
  };
  try {
    const records = codec.decompress(batch.subarray(RECORDS_AT));
    return records instanceof Uint8Array ? reframed(records) : records.then(reframed, failed);
  } catch (error) {
    return failed(error);
  }
}
