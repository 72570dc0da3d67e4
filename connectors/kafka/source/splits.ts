/** What the Kafka source saves: partitions with their positions, and what the enumerator knows. Plain data. */
import type { SourceSplit } from "../../../core/operators/contracts/source.ts";
import type { TopicPartition } from "../client/kafka-client.ts";

/** One partition, and how far it is read. The offset is always a number: what "latest" meant was found out once. */
export interface KafkaSplit extends SourceSplit, TopicPartition {
  /** The next one to read: all records before it are emitted, or are none. */
  readonly offset: number;
  /** The first one that is not read any more; undefined: goes on for ever. */
  readonly stop: number | undefined;
}

export interface KafkaEnumeratorState {
  /** Whether the first partitions were found, with where they begin and end. Those found later are read from their earliest record. */
  readonly started: boolean;
  /** Ids of all partitions found so far. */
  readonly known: readonly string[];
  /** Those of them that no reader has yet. */
  readonly pending: readonly KafkaSplit[];
}

/** A reader took this many splits over from the checkpoint. The first thing that it says, so that new ones can be dealt out evenly. */
export interface HoldingEvent {
  readonly type: "holding";
  readonly splits: number;
}

/** A reader has no partition, and gets none unless one is found later. */
export interface WithoutEvent {
  readonly type: "without";
}

export function splitIdOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

/** The partition of that id. Names of topics may have hyphens too. */
export function partitionOf(splitId: string): TopicPartition {
  const hyphen = splitId.lastIndexOf("-");
  return { topic: splitId.slice(0, hyphen), partition: Number(splitId.slice(hyphen + 1)) };
}

/** For sentences. */
export function placeOf({ topic, partition }: TopicPartition, offset?: number): string {
  return `topic "${topic}", partition ${partition}${offset === undefined ? "" : `, offset ${offset}`}`;
}
