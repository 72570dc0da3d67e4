/**
 * A record as the deserializer sees it: one object, which is set to one record after the other.
 *
 * In:    a cursor over the bytes of a partition. Out: fields of the record that it is at, made when they are asked for. State: the cursor.
 */
import type { RecordCursor } from "../records/record-cursor.ts";

export interface KafkaHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/**
 * One record in Kafka. Valid until the deserializer returns: the same object is used for the next record. What its members return stays as it is; but bytes are views
 * of the memory in which they came, with thousands of others, so copy those that you keep (`record.value?.slice()`).
 */
export interface KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** In ms since the epoch: of its producer, or of the broker for topics that are set so. -1: it has none. */
  readonly timestampMs: number;
  /** A view, made anew each time. */
  readonly key: Uint8Array | null;
  /** A view, made anew each time. Null: a tombstone. */
  readonly value: Uint8Array | null;
  /** Decoded anew each time, from UTF-8. */
  keyText(): string | null;
  /** Decoded anew each time, from UTF-8. */
  valueText(): string | null;
  /** In their order; the same key may be there several times. Made anew each time; values are views. */
  headers(): readonly KafkaHeader[];
}

/** The one object. Hot: its members are called for each record. */
export class RecordView implements KafkaRecord {
  topic = "";
  partition = -1;
  #cursor: RecordCursor | undefined = undefined;

  at(topic: string, partition: number, cursor: RecordCursor): void {
    this.topic = topic;
    this.partition = partition;
    this.#cursor = cursor;
  }

  get offset(): number {
    return this.#record().offset;
  }

  get timestampMs(): number {
    return this.#record().timestampMs;
  }

  get key(): Uint8Array | null {
    const { bytes, keyAt, keyBytes } = this.#record();
    return keyBytes < 0 ? null : bytes.subarray(keyAt, keyAt + keyBytes);
  }

  get value(): Uint8Array | null {
    const { bytes, valueAt, valueBytes } = this.#record();
    return valueBytes < 0 ? null : bytes.subarray(valueAt, valueAt + valueBytes);
  }

  keyText(): string | null {
    const cursor = this.#record();
    return cursor.keyBytes < 0 ? null : cursor.text(cursor.keyAt, cursor.keyBytes);
  }

  valueText(): string | null {
    const cursor = this.#record();
    return cursor.valueBytes < 0 ? null : cursor.text(cursor.valueAt, cursor.valueBytes);
  }

  headers(): readonly KafkaHeader[] {
    return this.#record().headers();
  }

  #record(): RecordCursor {
    if (this.#cursor === undefined) throw new Error("there is no record before the first");
    return this.#cursor;
  }
}
