/**
 * Where the fields of a record batch stand (Kafka's format 2, since 0.11), shared by those who write and who read them.
 *
 * A batch is a header of 61 bytes and its records, each with varints for what is small. Numbers are big-endian.
 */
export const BASE_OFFSET_AT = 0;
/** Bytes behind this field. */
export const LENGTH_AT = 8;
export const LENGTH_END = 12;
export const LEADER_EPOCH_AT = 12;
export const MAGIC_AT = 16;
export const CRC_AT = 17;
/** The checksum covers everything from here. */
export const ATTRIBUTES_AT = 21;
export const LAST_OFFSET_DELTA_AT = 23;
export const BASE_TIMESTAMP_AT = 27;
export const MAX_TIMESTAMP_AT = 35;
export const PRODUCER_ID_AT = 43;
export const PRODUCER_EPOCH_AT = 51;
export const BASE_SEQUENCE_AT = 53;
export const COUNT_AT = 57;
export const RECORDS_AT = 61;

export const MAGIC = 2;

/** Of the attributes. */
export const COMPRESSION_MASK = 0x07;
export const LOG_APPEND_TIME = 0x08;
export const TRANSACTIONAL = 0x10;
export const CONTROL = 0x20;

export type Compression = "none" | "gzip" | "snappy" | "lz4" | "zstd";

/** By their numbers in the attributes. */
export const COMPRESSIONS: readonly Compression[] = ["none", "gzip", "snappy", "lz4", "zstd"];

/** How records of one kind are compressed. */
export interface Codec {
  compress(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
  decompress(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** Gzip is always there. The others come from libraries: give what your topics use. */
export type Codecs = Readonly<Partial<Record<Exclude<Compression, "none">, Codec>>>;
