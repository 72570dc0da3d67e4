/** What a Kafka sink saves, and the names of its transactional ids. Plain data. */
import type { ProducerIdentity, TransactionalProducer } from "../client/kafka-client.ts";

/** A transaction with all records of a checkpoint of one subtask, flushed and open. Committing needs no more than this. */
export interface KafkaCommittable extends TransactionalProducer {
  /** For people. */
  readonly records: number;
}

/** Of one subtask, past or present. Whoever starts after a restore gets those of all. */
export interface KafkaSinkState {
  readonly prefix: string;
  readonly subtask: number;
  /** Its ids are those with the numbers below. */
  readonly ids: number;
  /** Those that the same checkpoint holds as committables: nobody may take them over before they are committed. */
  readonly uncommitted: readonly string[];
}

export interface PooledId {
  readonly prefix: string;
  readonly subtask: number;
  readonly number: number;
}

export function idText({ prefix, subtask, number }: PooledId): string {
  return `${prefix}-${subtask}-${number}`;
}

/** For no transactions: who has it, is the attempt that the subtask belongs to. */
export function ownerId(prefix: string, subtask: number): string {
  return `${prefix}-${subtask}-owner`;
}

/** Undefined: an id of somebody else. */
export function parseId(prefix: string, text: string): PooledId | undefined {
  if (!text.startsWith(`${prefix}-`)) return undefined;
  const numbers = /^(\d{1,9})-(\d{1,9})$/.exec(text.slice(prefix.length + 1));
  return numbers === null ? undefined : { prefix, subtask: Number(numbers[1]), number: Number(numbers[2]) };
}

export function identityOf({ producerId, epoch }: ProducerIdentity): ProducerIdentity {
  return { producerId, epoch };
}
