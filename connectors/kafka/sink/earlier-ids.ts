/**
 * Which transactional ids a new attempt takes over: those of earlier attempts, of its subtask and of those that are no more.
 *
 * In:    what was restored, and what the brokers know. Out: ids and owner ids. State: none.
 *
 * Left alone: those whose transactions are to be committed, until they are; those of other sinks of this very job, which may have a prefix that this one had before; and those that were taken over before. A
 * completed checkpoint proves that all subtasks of that time had succeeded those before them, in their job and in others (`succession.ts`): whatever these have not open now they never will. So with
 * checkpoints in between, a start asks for no more than what the last attempts had, and brokers forget the rest in time.
 */
import type { ListedTransaction } from "../client/kafka-client.ts";
import { idText, jobText, ownerId, parseId, parseOwnerId } from "./sink-state.ts";
import type { IdOwner, KafkaSinkState, OwnerId, PooledId } from "./sink-state.ts";

export interface Predecessors {
  readonly owner: IdOwner;
  readonly parallelism: number;
  readonly restored: readonly KafkaSinkState[];
  /** Of all `prefixesOf`. Undefined: the brokers cannot say. */
  readonly listed: readonly ListedTransaction[] | undefined;
}

type Restored = Omit<Predecessors, "listed">;

/** What brokers cannot list is guessed: so many attempts, each of which used few ids if no checkpoint completed. */
const GUESSED_ATTEMPTS = 20;
const GUESSED_IDS = 3;

export function prefixesOf({ owner, restored }: Restored): ReadonlySet<string> {
  return new Set([owner.prefix, ...restored.map(({ prefix }) => prefix)]);
}

export function earlierIds(options: Predecessors): readonly PooledId[] {
  const { listed } = options;
  const uncommitted = uncommittedOf(options);
  const known = listed === undefined ? guessedIds(options) : listedIds(options, listed);
  const ids = new Map([...restoredIds(options), ...known].map((id) => [idText(id), id]));
  return [...ids].flatMap(([text, id]) => (uncommitted.has(text) ? [] : [id]));
}

/** Of earlier attempts, with transactions that are to be committed. */
export function uncommittedIds(options: Restored): readonly PooledId[] {
  const uncommitted = uncommittedOf(options);
  return restoredIds(options).filter((id) => uncommitted.has(idText(id)));
}

/** Of subtasks that this job has no more, and of other jobs: nobody asks for these by themselves. */
export function earlierOwners(options: Predecessors): readonly string[] {
  const { owner, parallelism, restored } = options;
  const before = [...restored, ...listedOwners(options)].filter((other) =>
    isOfJob(other, owner)
      ? other.subtask >= parallelism && isMine(other, options)
      : other.job !== owner.job && !isOver(other, restored),
  );
  return [...new Set(before.map((other: OwnerId) => ownerId(other)))];
}

/** Other jobs that brokers know of. */
export function otherJobs(options: Predecessors): readonly string[] {
  return [...new Set(listedOwners(options).flatMap((each) => (each.job === options.owner.job ? [] : [jobText(each)])))];
}

/** Also of ids whose owner the brokers have forgotten: it is asked for only when an id is new. */
function listedOwners({ listed = [], ...options }: Predecessors): readonly OwnerId[] {
  const prefixes = [...prefixesOf(options)];
  return listed.flatMap(({ transactionalId: text }) =>
    prefixes.flatMap(
      (prefix): OwnerId | readonly OwnerId[] => parseOwnerId(prefix, text) ?? parseId(prefix, text) ?? [],
    ),
  );
}

/** Of an attempt that came after this one, in the same job. */
export function laterId({ owner, listed = [] }: Predecessors): string | undefined {
  return listed.find(({ transactionalId }) => {
    const id = parseId(owner.prefix, transactionalId);
    return id !== undefined && isOfJob(id, owner) && succeeds(id, owner);
  })?.transactionalId;
}

function uncommittedOf({ restored }: Restored): ReadonlySet<string> {
  return new Set(restored.flatMap(({ uncommitted }) => uncommitted));
}

function restoredIds(options: Restored): readonly PooledId[] {
  return options.restored
    .filter((state) => isMine(state, options))
    .flatMap(({ prefix, subtask, job, masterToken, attempt, ids }) =>
      Array.from({ length: ids }, (_, number) => ({ prefix, subtask, job, masterToken, attempt, number })),
    );
}

function listedIds(options: Predecessors, listed: readonly ListedTransaction[]): readonly PooledId[] {
  const { owner, restored } = options;
  const prefixes = [...prefixesOf(options)];
  return listed.flatMap(({ transactionalId, isOpen }) =>
    prefixes.flatMap((prefix) => {
      const id = parseId(prefix, transactionalId);
      if (id === undefined || !isMine(id, options) || !mayBeEarlier(id, owner)) return [];
      return isOpen || !hasBeenSucceeded(id, restored) ? [id] : [];
    }),
  );
}

/** The attempts before this one, and those behind each that was restored. */
function guessedIds(options: Predecessors): readonly PooledId[] {
  const { owner, restored } = options;
  const behind = restored.map((state) => ({ ...state, attempt: state.attempt + 1 + GUESSED_ATTEMPTS }));
  return [owner, ...behind]
    .filter((end) => isMine(end, options))
    .flatMap(({ prefix, subtask, job, masterToken, attempt: end }) =>
      Array.from({ length: GUESSED_ATTEMPTS }, (_, back) => end - 1 - back).flatMap((attempt) =>
        Array.from({ length: GUESSED_IDS }, (__, number) => ({ prefix, subtask, job, masterToken, attempt, number })),
      ),
    )
    .filter((id) => id.attempt >= 0 && mayBeEarlier(id, owner));
}

/** Subtasks that are no more are shared out. */
function isMine({ subtask }: OwnerId, { owner, parallelism }: Pick<Restored, "owner" | "parallelism">): boolean {
  return subtask % parallelism === owner.subtask;
}

function isOfJob({ prefix, job }: OwnerId, owner: OwnerId): boolean {
  return job === owner.job && prefix === owner.prefix;
}

/** Of an earlier attempt, or of another job; other sinks of this one are neither. */
function mayBeEarlier(id: IdOwner, owner: IdOwner): boolean {
  return id.job !== owner.job || (id.prefix === owner.prefix && isBefore(id, owner));
}

/** In one job. */
function isBefore(id: IdOwner, other: IdOwner): boolean {
  return id.masterToken < other.masterToken || (id.masterToken === other.masterToken && id.attempt < other.attempt);
}

/** In one job: attempts of two subtasks under one master may run at the same time, with whatever numbers. */
function succeeds(later: IdOwner, id: IdOwner): boolean {
  return isBefore(id, later) && (later.masterToken > id.masterToken || later.subtask === id.subtask);
}

/** By an attempt of the restored checkpoint, before that. */
function hasBeenSucceeded(id: IdOwner, restored: readonly KafkaSinkState[]): boolean {
  return isOver(id, restored) || restored.some((state) => isOfJob(state, id) && succeeds(state, id));
}

/** Every subtask of the restored checkpoint has succeeded that job. */
function isOver(other: OwnerId, restored: readonly KafkaSinkState[]): boolean {
  return restored.length > 0 && restored.every(({ past }) => past.includes(jobText(other)));
}
