/** What a Kafka sink saves, and the names of its transactional ids. Plain data. */
import type { SinkContext } from "../../../core/operators/contracts/sink.ts";
import type { ProducerIdentity, TransactionalProducer } from "../client/kafka-client.ts";

/** A transaction with all records of a checkpoint of one subtask, flushed and open. Committing needs no more than this. */
export interface KafkaCommittable extends TransactionalProducer {
  /** For people. */
  readonly records: number;
}

/** A subtask of a job, in all its attempts. */
export interface OwnerId {
  readonly prefix: string;
  readonly subtask: number;
  /** The beginning of the job's id. */
  readonly job: string;
}

/** One attempt of a subtask: all its ids have this in their names, so that nobody who came before can have asked for one of them. */
export interface IdOwner extends OwnerId {
  /** Of two attempts in one job, the later one has the greater token, or the same and the greater number. */
  readonly masterToken: number;
  readonly attempt: number;
}

/** Of one subtask, past or present. Whoever starts after a restore gets those of all. */
export interface KafkaSinkState extends IdOwner {
  /** Its ids are those with the numbers below. */
  readonly ids: number;
  /** Those that the same checkpoint holds as committables: nobody may take them over before they are committed. */
  readonly uncommitted: readonly string[];
  /** Other jobs that brokers knew of at its start, see `jobText`: their attempts are refused since then. */
  readonly past: readonly string[];
}

export interface PooledId extends IdOwner {
  readonly number: number;
}

/** Enough of a job's id to tell those with one prefix apart. Always as many: so no id with the prefix `a-1` looks like one with the prefix `a`. */
const JOB_CHARACTERS = 8;

export function idOwner(prefix: string, ctx: SinkContext): IdOwner {
  const { subtaskIndex: subtask, jobId, masterToken, attempt } = ctx;
  return { prefix, subtask, job: jobId.slice(0, JOB_CHARACTERS).padEnd(JOB_CHARACTERS, "_"), masterToken, attempt };
}

export function idText({ prefix, subtask, job, masterToken, attempt, number }: PooledId): string {
  return `${prefix}-${subtask}-${job}.${masterToken}.${attempt}-${number}`;
}

/** For no transactions: who has it, is the attempt that the subtask belongs to. */
export function ownerId({ prefix, subtask, job }: OwnerId): string {
  return `${prefix}-${subtask}-${job}-owner`;
}

export function jobText({ prefix, job }: Pick<OwnerId, "prefix" | "job">): string {
  return `${job} ${prefix}`;
}

/** Undefined: an id of somebody else. */
export function parseOwnerId(prefix: string, text: string): OwnerId | undefined {
  if (!text.startsWith(`${prefix}-`)) return undefined;
  const [, subtask, job] = /^(\d{1,9})-(.{8})-owner$/.exec(text.slice(prefix.length + 1)) ?? [];
  return job === undefined ? undefined : { prefix, subtask: Number(subtask), job };
}

/** Undefined: an id of somebody else. */
export function parseId(prefix: string, text: string): PooledId | undefined {
  if (!text.startsWith(`${prefix}-`)) return undefined;
  const parts = /^(\d{1,9})-(.{8})\.(\d{1,15})\.(\d{1,9})-(\d{1,9})$/.exec(text.slice(prefix.length + 1));
  const [, subtask, job, masterToken, attempt, number] = parts ?? [];
  if (job === undefined) return undefined;
  return {
    prefix,
    subtask: Number(subtask),
    job,
    masterToken: Number(masterToken),
    attempt: Number(attempt),
    number: Number(number),
  };
}

export function identityOf({ producerId, epoch }: ProducerIdentity): ProducerIdentity {
  return { producerId, epoch };
}
