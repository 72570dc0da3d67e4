/**
 * Which transactional ids a new attempt takes over, so that their records are never seen and no reader waits for them.
 *
 * In:    what was restored, and what the brokers know. Out: ids of earlier attempts, of this subtask and of those that are no more. State: none.
 *
 * Left alone: those whose transactions are to be committed, until they are; those of later attempts, which find out about this one in the same way; and those that were taken over before, by an
 * attempt whose checkpoint is the one that was restored. So a job that starts again every minute does not ask for a day's ids each time.
 */
import { idText, parseId } from "./sink-state.ts";
import type { IdOwner, KafkaSinkState, PooledId } from "./sink-state.ts";
import type { ListedTransaction } from "../client/kafka-client.ts";

export interface EarlierIdsOptions {
  readonly owner: IdOwner;
  readonly parallelism: number;
  readonly restored: readonly KafkaSinkState[];
  /** Undefined: the brokers cannot say. */
  readonly listed: readonly ListedTransaction[] | undefined;
}

/** What brokers cannot list is guessed, of so many attempts before this one: each used few ids if no checkpoint completed. */
const GUESSED_ATTEMPTS = 20;
const GUESSED_IDS = 3;

export function earlierIds(options: EarlierIdsOptions): readonly PooledId[] {
  const { owner, restored, listed } = options;
  const uncommitted = new Set(restored.flatMap((state) => state.uncommitted));
  const known = listed === undefined ? guessed(owner) : listedIds(options, listed);
  const ids = new Map([...restoredIds(options), ...known].map((id) => [idText(id), id]));
  return [...ids].flatMap(([text, id]) => (uncommitted.has(text) ? [] : [id]));
}

/** Of earlier attempts, with transactions that are to be committed. */
export function uncommittedIds(options: Omit<EarlierIdsOptions, "listed">): readonly PooledId[] {
  const uncommitted = new Set(options.restored.flatMap((state) => state.uncommitted));
  return restoredIds(options).filter((id) => uncommitted.has(idText(id)));
}

function restoredIds({ owner, parallelism, restored }: Omit<EarlierIdsOptions, "listed">): readonly PooledId[] {
  return restored
    .filter((state) => isMine(state, owner, parallelism))
    .flatMap(({ prefix, subtask, job, masterToken, attempt, ids }) =>
      Array.from({ length: ids }, (_, number) => ({ prefix, subtask, job, masterToken, attempt, number })),
    );
}

function listedIds(
  { owner, parallelism, restored }: EarlierIdsOptions,
  listed: readonly ListedTransaction[],
): readonly PooledId[] {
  return listed.flatMap(({ transactionalId, isOpen }) => {
    const id = parseId(owner.prefix, transactionalId);
    if (id === undefined || !isMine(id, owner, parallelism) || !isBefore(id, owner)) return [];
    return isOpen || !restored.some((state) => hasTakenOver(state, id)) ? [id] : [];
  });
}

function guessed(owner: IdOwner): readonly PooledId[] {
  const attempts = Array.from({ length: GUESSED_ATTEMPTS }, (_, back) => owner.attempt - 1 - back);
  return attempts
    .filter((attempt) => attempt >= 0)
    .flatMap((attempt) => Array.from({ length: GUESSED_IDS }, (_, number) => ({ ...owner, attempt, number })));
}

/** Subtasks that are no more are shared out. */
function isMine({ subtask }: IdOwner, owner: IdOwner, parallelism: number): boolean {
  return subtask % parallelism === owner.subtask;
}

/** Which of two jobs came first nobody can tell: the one that asks. */
function isBefore(id: IdOwner, owner: IdOwner): boolean {
  if (id.job !== owner.job) return true;
  return id.masterToken < owner.masterToken || (id.masterToken === owner.masterToken && id.attempt < owner.attempt);
}

/** At its start, before any checkpoint: where it had another master, another subtask may have done it. */
function hasTakenOver(later: IdOwner, id: IdOwner): boolean {
  if (later.job !== id.job || later.prefix !== id.prefix) return false;
  const isSameSubtask = later.masterToken === id.masterToken && later.subtask === id.subtask;
  return later.masterToken > id.masterToken || (isSameSubtask && later.attempt > id.attempt);
}
