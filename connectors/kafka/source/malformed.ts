/** Records of which the deserializer can make nothing, and what may become of them. */
import type { OutputTag } from "../../../core/operators/contracts/functions.ts";
import type { ReaderOutput } from "../../../core/operators/contracts/source.ts";
import type { TopicPartition } from "../client/kafka-client.ts";
import type { KafkaHeader, KafkaRecord } from "./kafka-record.ts";

/** The record, whole and copied, and what is wrong with it. */
export interface MalformedKafkaRecord extends TopicPartition {
  readonly offset: number;
  /** -1: it has none. */
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly KafkaHeader[];
  /** What the deserializer threw, as text. */
  readonly reason: string;
}

/** `skip` and the others count them, in the metric `numRecordsInErrors`. A function may make a value of it, or nothing. */
export type OnMalformed<T> =
  | "fail"
  | "skip"
  | { readonly sideOutput: OutputTag<MalformedKafkaRecord> }
  | ((record: MalformedKafkaRecord) => T | undefined);

export function copyOf(record: KafkaRecord, reason: string): MalformedKafkaRecord {
  const { topic, partition, offset, timestampMs, key, value } = record;
  const headers = record.headers().map((header) => ({ key: header.key, value: copied(header.value) }));
  return { topic, partition, offset, timestampMs, key: copied(key), value: copied(value), headers, reason };
}

/** Puts it aside for whoever reads that side output. */
export function putAside<T>(
  output: ReaderOutput<T>,
  tag: OutputTag<MalformedKafkaRecord>,
  record: MalformedKafkaRecord,
): void {
  if (record.timestampMs < 0) output.sideOutput(tag, record);
  else output.sideOutput(tag, record, record.timestampMs);
}

function copied(view: Uint8Array | null): Uint8Array | null {
  return view === null ? null : new Uint8Array(view);
}
