/** What can go wrong in a Kafka sink. */
import { MillraceError } from "../../../core/util/errors.ts";
import type { KafkaCommittable } from "./sink-state.ts";

export function wrongOption(sentence: string): MillraceError {
  return new MillraceError("MR6440", sentence, { retryable: false });
}

export function timeoutTooLong(timeoutMs: number, maxMs: number): MillraceError {
  const sentence = `the transactionTimeout of kafkaSink is ${timeoutMs} ms, but the broker allows ${maxMs} ms at most: shorten it, or raise transaction.max.timeout.ms of the brokers`;
  return new MillraceError("MR6441", sentence, { retryable: false });
}

export function timeoutTooShort(timeoutMs: number, intervalMs: number): MillraceError {
  const sentence = `the transactionTimeout of kafkaSink is ${timeoutMs} ms, but a checkpoint is taken every ${intervalMs} ms, so the broker would abort each transaction before it is committed: take checkpoints more often, or set a longer timeout (and transaction.max.timeout.ms of the brokers)`;
  return new MillraceError("MR6446", sentence, { retryable: false });
}

/** The records of a completed checkpoint will never be seen: worse than any other failure, so nothing goes on by itself. */
export function lost(committable: KafkaCommittable, cause: unknown): MillraceError {
  const { transactionalId, producerId, epoch, records } = committable;
  const sentence = `the transaction of "${transactionalId}" (producer ${producerId}, epoch ${epoch}) with ${records} records of a completed checkpoint was aborted before it was committed, so these records are lost: it was open for longer than transactionTimeout, or another job with this transactionalIdPrefix took it over; onLostTransaction: "accept" goes on without them`;
  return new MillraceError("MR6442", sentence, { cause, retryable: false });
}

export function noPartition(topic: string, partition: number, partitions: number): MillraceError {
  const sentence = `the partition function of kafkaSink returned ${partition} for the topic "${topic}", which has the partitions 0 to ${partitions - 1}`;
  return new MillraceError("MR6443", sentence, { retryable: false });
}

export function wrongRecord(what: string): MillraceError {
  return new MillraceError("MR6444", `${what}: return text, bytes or null, as the options of kafkaSink say`, {
    retryable: false,
  });
}

export function tooManyTransactions(max: number): MillraceError {
  const sentence = `${max} transactions of one subtask wait to be committed, since no checkpoint completes: see why checkpoints fail; their records are written, but nobody may read them yet`;
  return new MillraceError("MR6445", sentence);
}
