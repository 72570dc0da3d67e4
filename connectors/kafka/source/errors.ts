/** What can go wrong in a Kafka source, beside what its client and the records themselves are to blame for. */
import { isMillraceError, MillraceError } from "../../../core/util/errors.ts";
import type { TopicPartition } from "../client/kafka-client.ts";
import { placeOf } from "./splits.ts";

export function wrongOption(sentence: string): MillraceError {
  return new MillraceError("MR6423", sentence, { retryable: false });
}

export function nothingCommitted(group: string, partitions: readonly TopicPartition[]): MillraceError {
  const sentence = `the group "${group}" has committed no offset for ${listOf(partitions)}: say where to begin there, such as committed("earliest")`;
  return new MillraceError("MR6424", sentence, { retryable: false });
}

/** Of `offsets({ … })`: partitions that are not there, or are not read. */
export function notRead(partitions: readonly TopicPartition[]): MillraceError {
  const sentence = `offsets() names ${listOf(partitions)}, which this source does not read: correct topic and partition`;
  return new MillraceError("MR6425", sentence, { retryable: false });
}

export function nothingMatches(pattern: RegExp): MillraceError {
  const sentence = `no topic matches ${String(pattern)}, and the source does not look again: create one, correct topicPattern, or set discoverEvery`;
  return new MillraceError("MR6426", sentence, { retryable: false });
}

export function deletedMeanwhile(partitions: readonly TopicPartition[], cause: unknown): MillraceError {
  const sentence = `a topic was deleted while it was read, one of ${listOf(partitions)}: what was not read yet is lost; to go on without it, take it out of the topics of kafkaSource and restart from the last checkpoint`;
  return new MillraceError("MR6427", sentence, { cause, retryable: false });
}

export function outOfRange(place: TopicPartition, offset: number, cause: unknown): MillraceError {
  const sentence = `${placeOf(place, offset)} is not there (any more): the broker deleted records before they were read, or the topic is a new one of the same name; keep records for longer than the job may be down, or set onOutOfRange: "earliest" to go on without them`;
  return new MillraceError("MR6428", sentence, { cause, retryable: false });
}

export function malformed(place: TopicPartition, offset: number, reason: string, cause: unknown): MillraceError {
  const sentence = `${placeOf(place, offset)} is malformed: ${reason}; choose with onMalformed what becomes of such records`;
  return new MillraceError("MR6429", sentence, { cause, retryable: false });
}

const ASYNC_SCHEMA = "MR6430";

export function asyncSchema(): MillraceError {
  const sentence =
    "the schema of json() checks asynchronously, and the way of a record has no place to wait: take the asynchronous parts out of the schema";
  return new MillraceError(ASYNC_SCHEMA, sentence, { retryable: false });
}

/** It is wrong with every record, not with the one at hand. */
export function isOfSchema(thrown: unknown): boolean {
  return isMillraceError(thrown) && thrown.code === ASYNC_SCHEMA;
}

const SHOWN = 5;

function listOf(partitions: readonly TopicPartition[]): string {
  const shown = partitions.slice(0, SHOWN).map((partition) => placeOf(partition));
  const more = partitions.length > SHOWN ? [`${partitions.length - SHOWN} more`] : [];
  return [...shown, ...more].join("; ");
}
