/**
 * Makes values of records and emits them: the part of the reader that runs for each record.
 *
 * In:    a partition with records at hand. Out: values with the times of their records, through the output of their split; malformed records, as the user decided.
 * State: none of its own but the object that the deserializer is shown.
 */
import type { Counter, MetricGroup } from "../../../core/metrics/registry.ts";
import type { ReaderOutput, SourceOutput } from "../../../core/operators/contracts/source.ts";
import { NO_TIMESTAMP } from "../../../core/operators/operator.ts";
import { asError } from "../../../core/util/errors.ts";
import type { RecordCursor } from "../records/record-cursor.ts";
import type { KafkaCollector } from "./deserializers.ts";
import { isOfSchema, malformed } from "./errors.ts";
import { RecordView } from "./kafka-record.ts";
import { copyOf, putAside } from "./malformed.ts";
import type { OnMalformed } from "./malformed.ts";
import type { ReadPartition } from "./read-partition.ts";
import type { Settings } from "./settings.ts";

/** Why it stopped: the chunk is read, the partition is, or downstream or the caller had enough. */
type Stopped = "chunk" | "end" | "enough";

export class Emitter<T> {
  /** Records that may still be emitted in this call. Written by the caller. */
  left = 0;
  readonly #onMalformed: OnMalformed<T>;
  readonly #errors: Counter;
  readonly #view = new RecordView();
  readonly #decode: (record: RecordView) => T | undefined;
  /** What the record at hand has become, if it may become several values. */
  readonly #collected: Collected<T> | undefined;
  /** The deserializer is at work, and nothing that comes after it. */
  #isDecoding = false;

  constructor({ decoder, onMalformed }: Pick<Settings<T>, "decoder" | "onMalformed">, metrics: MetricGroup) {
    this.#onMalformed = onMalformed;
    this.#errors = metrics.counter("numRecordsInErrors");
    if ("one" in decoder) {
      this.#decode = decoder.one;
      this.#collected = undefined;
    } else {
      const collected = new Collected<T>();
      this.#collected = collected;
      this.#decode = (record) => {
        collected.clear(timeOf(record.timestampMs));
        decoder.many(record, collected);
        return undefined;
      };
    }
  }

  /** At least one chunk is at hand. */
  emit(partition: ReadPartition<T>, cursor: RecordCursor, output: ReaderOutput<T>): Stopped {
    const target = (partition.output ??= output.forSplit(partition.split.splitId));
    this.#view.at(partition.topic, partition.partition, cursor);
    for (;;) {
      try {
        return this.#run(partition, cursor, target, output);
      } catch (thrown) {
        if (!this.#isDecoding) throw thrown;
        this.#isDecoding = false;
        this.#handle(thrown, target, output);
      }
    }
  }

  /** Hot. */
  #run(partition: ReadPartition<T>, cursor: RecordCursor, target: SourceOutput<T>, output: ReaderOutput<T>): Stopped {
    const { stop } = partition;
    while (this.left > 0 && !output.busy) {
      if (!cursor.next()) return "chunk";
      if (cursor.offset >= stop) return "end";
      this.left--;
      partition.currentOffset = cursor.offset;
      this.#isDecoding = true;
      const value = this.#decode(this.#view);
      this.#isDecoding = false;
      if (value !== undefined) target.collect(value, timeOf(cursor.timestampMs));
      else this.#collected?.emit(target);
      if (cursor.position >= stop) return "end";
    }
    return "enough";
  }

  #handle(thrown: unknown, target: SourceOutput<T>, output: ReaderOutput<T>): void {
    // It is about the schema, and would be said of every record.
    if (isOfSchema(thrown)) throw thrown;
    const { message } = asError(thrown);
    const onMalformed = this.#onMalformed;
    this.#errors.count++;
    if (onMalformed === "fail") throw malformed(this.#view, this.#view.offset, message, thrown);
    if (onMalformed === "skip") return;
    const record = copyOf(this.#view, message);
    if (typeof onMalformed === "object") return putAside(output, onMalformed.sideOutput, record);
    const value = onMalformed(record);
    if (value !== undefined) target.collect(value, timeOf(record.timestampMs));
  }
}

/** Kept until the deserializer has returned: of a record that turns out to be malformed, nothing is emitted. */
class Collected<T> implements KafkaCollector<T> {
  readonly #values: T[] = [];
  readonly #timesMs: number[] = [];
  #recordTimeMs = NO_TIMESTAMP;

  clear(recordTimeMs: number): void {
    this.#values.length = 0;
    this.#timesMs.length = 0;
    this.#recordTimeMs = recordTimeMs;
  }

  collect(value: T, timestampMs: number = this.#recordTimeMs): void {
    this.#values.push(value);
    this.#timesMs.push(timestampMs);
  }

  emit(target: SourceOutput<T>): void {
    for (let index = 0; index < this.#values.length; index++)
      target.collect(this.#values[index] as T, this.#timesMs[index]); // both have as many
  }
}

function timeOf(timestampMs: number): number {
  return timestampMs < 0 ? NO_TIMESTAMP : timestampMs;
}
