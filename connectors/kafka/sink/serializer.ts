/**
 * What a value becomes: topic, key, value, headers, partition and timestamp of a Kafka record.
 *
 * In:    the options of `kafkaSink`, as functions or constants. Out: one function per part. What they return is checked where TypeScript cannot.
 */
import { described } from "../../../core/util/errors.ts";
import type { TimeMs } from "../../../core/time/clock.ts";
import type { Bytes, RecordHeader } from "../records/batch-builder.ts";
import { noPartition, wrongRecord } from "./errors.ts";

export interface RecordParts<T> {
  /** A topic, or the topic of a value. */
  readonly topic: string | ((value: T) => string);
  /** Records with one key keep their order, and stay in one partition. Default: no key; such records go to one partition after the other, 512 to each. */
  readonly key?: (value: T) => Bytes | null;
  /** Null removes the key from a compacted topic. */
  readonly value: (value: T) => Bytes | null;
  readonly headers?: (value: T) => readonly RecordHeader[];
  /** Default, and where it returns undefined: by the key, as Java's clients choose. */
  readonly partition?: (value: T, place: { readonly topic: string; readonly partitions: number }) => number | undefined;
  /** Default, and where it returns undefined: the record's event time, or the time of writing. */
  readonly timestampMs?: (value: T) => TimeMs | undefined;
}

export function topicOf<T>({ topic }: RecordParts<T>): (value: T) => string {
  if (typeof topic === "string") return () => topic;
  return (value) => {
    const chosen: unknown = topic(value); // only its type says that it is text
    if (typeof chosen === "string" && chosen !== "") return chosen;
    throw wrongRecord(`the topic function of kafkaSink returned ${String(chosen)} where a topic's name was expected`);
  };
}

/** Bytes, so that the key is encoded once for both its hash and its place in the batch. */
export function checkedKey(key: unknown): Uint8Array | null {
  if (key === null || key instanceof Uint8Array) return key;
  if (typeof key === "string") return Buffer.from(key, "utf8");
  throw wrongRecord(`the key function of kafkaSink returned ${shown(key)}`);
}

export function checkedValue(value: unknown): Bytes | null {
  if (typeof value === "string" || value === null || value instanceof Uint8Array) return value;
  throw wrongRecord(`the value function of kafkaSink returned ${shown(value)}`);
}

export function checkedPartition(
  partition: unknown,
  place: { readonly topic: string; readonly partitions: number },
): number {
  const { topic, partitions } = place;
  if (typeof partition === "number" && Number.isInteger(partition) && partition >= 0 && partition < partitions)
    return partition;
  throw noPartition(topic, Number(partition), partitions);
}

function shown(value: unknown): string {
  return typeof value === "object" ? "an object" : described(value);
}
