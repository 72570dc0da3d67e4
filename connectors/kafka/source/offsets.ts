/** Where a Kafka source begins and ends, as users say it. What it means is found out once, at the start of the job: see `resolve-offsets.ts`. */
import { described } from "../../../core/util/errors.ts";
import { wrongOption } from "./errors.ts";

/** Where to begin, or end, if there is no offset. */
export type OffsetReset = "earliest" | "latest";

/** `{ topic: { partition: offset } }` */
export type OffsetsByPartition = Readonly<Record<string, Readonly<Record<number, number>>>>;

/** Made by {@link earliest}, {@link latest}, {@link committed}, {@link timestamp} and {@link offsets}. */
export type KafkaOffsets =
  | { readonly at: "earliest" | "latest" }
  | { readonly at: "committed"; readonly reset: OffsetReset | undefined }
  | { readonly at: "timestamp"; readonly timestampMs: number }
  | { readonly at: "offsets"; readonly offsets: OffsetsByPartition; readonly reset: OffsetReset | undefined };

/**
 * The oldest record that each partition still has.
 *
 * Shape:  for `startingOffsets`, whose default it is.
 * Errors: none.
 * Source: Flink's `OffsetsInitializer.earliest()`.
 *
 * @example
 * kafkaSource({ bootstrapServers: "localhost:9092", topics: "orders", startingOffsets: earliest(), value: text() });
 */
export function earliest(): KafkaOffsets {
  return { at: "earliest" };
}

/**
 * Behind the last record that there is when the job starts; with `read_committed`, before the first transaction that is still open then.
 *
 * Shape:  for `startingOffsets` and `stoppingOffsets`.
 * State:  a number per partition from the start on: records that come while the job is down, or restarts before its first checkpoint, are read. Only if
 *         the process of the master is lost before the first checkpoint completes, "latest" is what is latest then.
 * Errors: none.
 * Source: Flink's `OffsetsInitializer.latest()`.
 *
 * @example
 * kafkaSource({ bootstrapServers: "localhost:9092", topics: "orders", startingOffsets: latest(), value: text() });
 */
export function latest(): KafkaOffsets {
  return { at: "latest" };
}

/**
 * Where the group of `groupId` is, and for partitions of which it has no offset, `reset`.
 *
 * Shape:  for `startingOffsets` and `stoppingOffsets`; both need a `groupId`. A restart goes on from its checkpoint, wherever the group is.
 * Errors: `MR6423` `reset` is neither word; when the job starts `MR6424`, if there is no offset and no `reset`.
 * Source: Flink's `OffsetsInitializer.committedOffsets(OffsetResetStrategy)`.
 *
 * @example
 * const orders = kafkaSource({
 *   bootstrapServers: "localhost:9092",
 *   topics: "orders",
 *   groupId: "billing",
 *   startingOffsets: committed("earliest"),
 *   value: text(),
 * });
 */
export function committed(reset?: OffsetReset): KafkaOffsets {
  checkReset("committed", reset);
  return { at: "committed", reset };
}

/**
 * The first record of that time or later, by the timestamps that records have in Kafka; where there is none, as {@link latest}.
 *
 * Shape:  for `startingOffsets` and `stoppingOffsets`.
 * Units:  ms since the epoch.
 * Errors: `MR6423` it is no time.
 * Source: Flink's `OffsetsInitializer.timestamp(long)`.
 *
 * @example
 * kafkaSource({
 *   bootstrapServers: "localhost:9092",
 *   topics: "orders",
 *   startingOffsets: timestamp(Date.parse("2026-01-01T00:00:00Z")),
 *   value: text(),
 * });
 */
export function timestamp(timestampMs: number): KafkaOffsets {
  if (!Number.isSafeInteger(timestampMs) || timestampMs < 0)
    throw wrongOption(`timestamp() takes whole ms since the epoch, but was given ${described(timestampMs)}`);
  return { at: "timestamp", timestampMs };
}

/**
 * An offset for each partition. Partitions that are not named begin, or end, at `reset`.
 *
 * Shape:  for `startingOffsets`, where `reset` is `"earliest"` by default, and `stoppingOffsets`, where it is `"latest"`. An offset is that of the first record
 *         to read, or of the first that is not read.
 * Errors: `MR6423` what is given is not `{ topic: { partition: offset } }`, or names a topic that is not read; when the job starts `MR6425`, if it names a partition
 *         that is not there.
 * Source: Flink's `OffsetsInitializer.offsets(Map, OffsetResetStrategy)`.
 *
 * @example
 * kafkaSource({
 *   bootstrapServers: "localhost:9092",
 *   topics: "orders",
 *   startingOffsets: offsets({ orders: { 0: 1_200, 1: 980 } }),
 *   value: text(),
 * });
 */
export function offsets(byPartition: OffsetsByPartition, reset?: OffsetReset): KafkaOffsets {
  checkReset("offsets", reset);
  if (typeof byPartition !== "object" || byPartition === null)
    throw wrongOption(`offsets() takes { topic: { partition: offset } }, but was given ${described(byPartition)}`);
  for (const [topic, partitions] of Object.entries(byPartition)) {
    if (typeof partitions !== "object" || partitions === null)
      throw wrongOption(
        `offsets() takes { topic: { partition: offset } }, but for "${topic}" was given ${described(partitions)}`,
      );
    for (const [partition, offset] of Object.entries(partitions))
      if (!/^\d+$/.test(partition) || !Number.isSafeInteger(offset) || offset < 0)
        throw wrongOption(
          `offsets() has ${described(offset)} for partition "${partition}" of "${topic}": partitions and offsets are whole numbers from 0`,
        );
  }
  return { at: "offsets", offsets: byPartition, reset };
}

function checkReset(owner: string, reset: unknown): void {
  if (reset === undefined || reset === "earliest" || reset === "latest") return;
  throw wrongOption(`the reset of ${owner}() is "earliest" or "latest", but is ${described(reset)}`);
}
