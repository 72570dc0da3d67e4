/** The options of `kafkaSource`, as users write them. What they come to, with defaults and checked, is in `settings.ts`. */
import type { Duration } from "../../../core/util/duration.ts";
import type { KafkaConnection } from "../client/connection.ts";
import type { Isolation, TopicPartition } from "../client/kafka-client.ts";
import type { Codecs } from "../records/batch-format.ts";
import type { KafkaDeserializer, KafkaValue } from "./deserializers.ts";
import type { OnMalformed } from "./malformed.ts";
import type { KafkaOffsets } from "./offsets.ts";

/** Which partitions are read: one of the three. */
export type WhatToRead =
  | {
      readonly topics: string | readonly string[];
      readonly topicPattern?: never;
      readonly partitions?: never;
    }
  | {
      /** As `pattern.test(topic)` has it: anchor it if the whole name is meant. Without Kafka's own topics. */
      readonly topicPattern: RegExp;
      readonly topics?: never;
      readonly partitions?: never;
    }
  | {
      readonly partitions: readonly TopicPartition[];
      readonly topics?: never;
      readonly topicPattern?: never;
    };

/** What becomes of a record: one of the two. */
export type WhatToMakeOfIt<T> =
  | {
      /** Its value alone: `bytes()`, `text()` or `json()`. */
      readonly value: KafkaValue<T>;
      readonly deserializer?: never;
    }
  | {
      /** A function of the record, or an object that makes any number of values of it. */
      readonly deserializer: KafkaDeserializer<T>;
      readonly value?: never;
    };

export interface KafkaSourceSettings<T> extends KafkaConnection {
  /** For `committed()`, and to tell Kafka's tools how far the job is: offsets are committed to this group when a checkpoint completes. The source never begins there by itself. Default: no group. */
  readonly groupId?: string;
  /** Where partitions begin that there are when the job starts; those found later begin at their earliest record. Default: `earliest()`. */
  readonly startingOffsets?: KafkaOffsets;
  /** Where partitions end. Default: nowhere, or if `bounded` is true, `latest()`. */
  readonly stoppingOffsets?: KafkaOffsets;
  /** Whether the job sees an input with an end. Default: whether `stoppingOffsets` are given. False with `stoppingOffsets` goes on looking for partitions. */
  readonly bounded?: boolean;
  /** What becomes of a record of which the deserializer can make nothing. Default: `"fail"`. */
  readonly onMalformed?: OnMalformed<T>;
  /** Where to go on if the next record is not there any more: nowhere, or with a warning at what is there. Default: `"fail"`. */
  readonly onOutOfRange?: "fail" | "earliest" | "latest";
  /** `read_committed` leaves out records of transactions that were aborted, and waits for those that are open. Default: `"read_committed"`. */
  readonly isolation?: Isolation;
  /** How often to look for new partitions and topics. Default: every 5 minutes; `"never"` if bounded, or for `partitions`. */
  readonly discoverEvery?: Duration | "never";
  /** Default: true with a `groupId`. */
  readonly commitOffsetsOnCheckpoints?: boolean;
  /** For records that were not compressed by gzip, which needs none. */
  readonly codecs?: Codecs;
  /** How long a broker may wait for a record before it answers. Default: 500 ms. */
  readonly fetchWait?: Duration;
  /** Of one answer of a broker. Default: 16 MiB. */
  readonly fetchBytesMax?: number;
  /** Of one answer, per partition; a larger batch still comes whole. Default: 1 MiB. */
  readonly partitionBytesMax?: number;
  /** What may be fetched ahead, per subtask. Beyond it, only partitions are fetched of which nothing is at hand. Default: 64 MiB. */
  readonly bufferBytes?: number;
}

export type KafkaSourceOptions<T> = KafkaSourceSettings<T> & WhatToRead & WhatToMakeOfIt<T>;
