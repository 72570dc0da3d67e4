/**
 * Goes through the records of one partition, one by one, over the bytes in which they came: nothing is made for a record but what somebody asks for.
 *
 * In:    opened batches (see `open-batches.ts`), where to begin, and which transactions were aborted. Out: `next`, and the fields of the record that it is at. State: where it is.
 *
 * Left out are records before the beginning (a broker sends whole batches), control records, and records of aborted transactions. `position` passes over them, and over offsets that
 * compaction has emptied, so that whoever goes on from there never comes by twice.
 */
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BASE_TIMESTAMP_AT,
  CONTROL,
  COUNT_AT,
  LAST_OFFSET_DELTA_AT,
  LENGTH_AT,
  LENGTH_END,
  LOG_APPEND_TIME,
  MAX_TIMESTAMP_AT,
  PRODUCER_ID_AT,
  RECORDS_AT,
  TRANSACTIONAL,
} from "./batch-format.ts";

/** A transaction whose records are to be left out: those of the producer from that offset to its abort marker. */
export interface AbortedFrom {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface CursorOptions {
  /** The first record that counts. */
  readonly from: number;
  readonly aborted?: readonly AbortedFrom[];
}

/** Second half of a control record's key. */
const ABORT_MARKER = 0;

export class RecordCursor {
  /** Where the records stand. Views of it keep all of it in memory: copy what stays. */
  readonly bytes: Buffer;
  offset = -1;
  timestampMs = -1;
  /** -1: null. */
  keyAt = -1;
  keyBytes = -1;
  valueAt = -1;
  /** -1: null. */
  valueBytes = -1;
  headerCount = 0;
  headersAt = 0;
  readonly #from: number;
  /** Those still to come, by their beginning. */
  readonly #aborted: AbortedFrom[];
  readonly #aborting = new Set<number>();
  #position: number;
  /** The next byte to read, and the end of the batch around it. */
  #at = 0;
  #batchEnd = 0;
  /** Records of this batch that are still to come. */
  #left = 0;
  #baseOffset = 0;
  #baseTimestampMs = 0;
  /** Undefined: each record has its own. */
  #appendTimeMs: number | undefined = undefined;
  #batchNext = 0;

  constructor(bytes: Buffer, { from, aborted = [] }: CursorOptions) {
    this.bytes = bytes;
    this.#from = from;
    this.#position = from;
    this.#aborted = aborted.toSorted((left, right) => left.firstOffset - right.firstOffset);
  }

  /** The offset to go on from: behind the record that `next` came to last, and behind all that was left out before and after it. */
  get position(): number {
    return this.#position;
  }

  /** True: it is at a record, until it is called again. Hot. */
  next(): boolean {
    for (;;) {
      while (this.#left === 0) {
        // Only now, not before: whoever saves the position between two records must not pass over one.
        this.#at = this.#batchEnd;
        if (this.#batchNext > this.#position) this.#position = this.#batchNext;
        if (this.#at >= this.bytes.length) return false;
        this.#openBatch();
      }
      this.#left--;
      this.#readRecord();
      if (this.offset < this.#from) continue;
      this.#position = this.offset + 1;
      return true;
    }
  }

  /** Fields of the header at hand. */
  #openBatch(): void {
    const { bytes } = this;
    const start = this.#at;
    this.#batchEnd = start + LENGTH_END + bytes.readInt32BE(start + LENGTH_AT);
    this.#baseOffset = Number(bytes.readBigInt64BE(start + BASE_OFFSET_AT));
    this.#batchNext = this.#baseOffset + bytes.readInt32BE(start + LAST_OFFSET_DELTA_AT) + 1;
    const attributes = bytes.readInt16BE(start + ATTRIBUTES_AT);
    if (this.#isLeftOut(start, attributes)) return;
    this.#baseTimestampMs = Number(bytes.readBigInt64BE(start + BASE_TIMESTAMP_AT));
    this.#appendTimeMs =
      (attributes & LOG_APPEND_TIME) === 0 ? undefined : Number(bytes.readBigInt64BE(start + MAX_TIMESTAMP_AT));
    this.#left = bytes.readInt32BE(start + COUNT_AT);
    this.#at = start + RECORDS_AT;
  }

  #isLeftOut(start: number, attributes: number): boolean {
    const producerId = Number(this.bytes.readBigInt64BE(start + PRODUCER_ID_AT));
    // The list says where transactions begin that will be aborted; the markers in the log, where they end.
    for (
      let first = this.#aborted[0];
      first !== undefined && first.firstOffset < this.#batchNext;
      first = this.#aborted[0]
    ) {
      this.#aborting.add(first.producerId);
      this.#aborted.shift();
    }
    if ((attributes & CONTROL) !== 0) {
      if (this.#isAbortMarker(start)) this.#aborting.delete(producerId);
      return true;
    }
    return (attributes & TRANSACTIONAL) !== 0 && this.#aborting.has(producerId);
  }

  #isAbortMarker(start: number): boolean {
    if (this.bytes.readInt32BE(start + COUNT_AT) === 0) return false;
    this.#at = start + RECORDS_AT;
    this.#readRecord();
    return this.keyBytes >= 4 && this.bytes.readInt16BE(this.keyAt + 2) === ABORT_MARKER;
  }

  #readRecord(): void {
    const size = this.#varint();
    const end = this.#at + size;
    this.#at++; // attributes, unused
    const timestampDelta = this.#varint();
    this.offset = this.#baseOffset + this.#varint();
    this.timestampMs = this.#appendTimeMs ?? this.#baseTimestampMs + timestampDelta;
    this.keyBytes = this.#varint();
    this.keyAt = this.#at;
    if (this.keyBytes > 0) this.#at += this.keyBytes;
    this.valueBytes = this.#varint();
    this.valueAt = this.#at;
    if (this.valueBytes > 0) this.#at += this.valueBytes;
    this.headerCount = this.#varint();
    this.headersAt = this.#at;
    this.#at = end;
  }

  /** Text of a range of {@link bytes}. */
  text(at: number, length: number): string {
    return this.bytes.toString("utf8", at, at + length);
  }

  /** Made anew by each call. Values are views. */
  headers(): readonly { readonly key: string; readonly value: Uint8Array | null }[] {
    const back = this.#at;
    this.#at = this.headersAt;
    const headers = [];
    for (let left = this.headerCount; left > 0; left--) {
      const keyBytes = this.#varint();
      const key = this.text(this.#at, keyBytes);
      this.#at += keyBytes;
      const valueBytes = this.#varint();
      headers.push({ key, value: valueBytes < 0 ? null : this.bytes.subarray(this.#at, this.#at + valueBytes) });
      this.#at += Math.max(valueBytes, 0);
    }
    this.#at = back;
    return headers;
  }

  /** Zigzag. Multiplies instead of shifting once beyond 28 bits, as deltas of times may be. */
  #varint(): number {
    const { bytes } = this;
    let byte = bytes[this.#at++] as number; // within a batch whose checksum was right
    let value = byte & 0x7f;
    let shift = 7;
    while (byte >= 0x80) {
      byte = bytes[this.#at++] as number; // likewise
      value = shift < 28 ? value | ((byte & 0x7f) << shift) : value + (byte & 0x7f) * 2 ** shift;
      shift += 7;
    }
    return value < 0x8000_0000 ? (value >>> 1) ^ -(value & 1) : value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
