/**
 * The list of completed checkpoints, kept as pointers where they survive the master: with high availability.
 *
 * In:   pointers, and the metadata files that they lead to. Out: a store that the coordinator of the next master starts from.
 * State: what the pointers say, as far as this master knows; only the leader writes them, so that it knows.
 *
 * The pointer is the commit point of a checkpoint. Whether one was written may stay unknown for a while, as when the connection was lost in the middle:
 * until it is known, no checkpoint completes and the job does not start again, since it could start from the wrong one.
 */
import type { Clock } from "../time/clock.ts";
import { assert, isMillraceError, MillraceError } from "../util/errors.ts";
import { failed, succeeded } from "../util/outcome.ts";
import type { Done, Outcome } from "../util/outcome.ts";
import { isStorageAway } from "../storage/blob-paths.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { CompletedCheckpoint } from "./contract.ts";
import { readCheckpoint } from "./read-checkpoint.ts";
import type { AddOutcome, CompletedCheckpointStore } from "./store.ts";
import { verifyFiles } from "./verify.ts";

/** Plain data. */
export interface CheckpointPointer {
  readonly checkpointId: number;
  /** Where its metadata lies in the job's blob store. */
  readonly directory: string;
  /** Its files belong to the job. */
  readonly owned: boolean;
}

/**
 * Pointers of one job, as its current leader sees them. A master that is no leader any more is refused with `MR7009`, whatever it asks; every other error
 * leaves open whether the change was made.
 */
export interface CheckpointPointers {
  /** Oldest first. What was added before this call was answered is in it, or never will be. */
  list(done: Done<readonly CheckpointPointer[]>): void;
  add(pointer: CheckpointPointer, done: Done<void>): void;
  /** Succeeds if there is none. */
  remove(checkpointId: number, done: Done<void>): void;
}

export interface PointerStoreOptions {
  readonly pointers: CheckpointPointers;
  readonly clock: Clock;
}

/** Between two questions whether a pointer was written. */
const ASK_AGAIN_MS = 100;

export class PointerCheckpointStore implements CompletedCheckpointStore {
  readonly #options: PointerStoreOptions;
  #retained: readonly CompletedCheckpoint[];
  readonly #owned: Set<number>;

  /** `retained`: what {@link recoverCheckpoints} found. */
  constructor(options: PointerStoreOptions, retained: readonly RecoveredCheckpoint[]) {
    this.#options = options;
    this.#retained = retained.map(({ checkpoint }) => checkpoint);
    this.#owned = new Set(retained.filter(({ owned }) => owned).map(({ checkpoint }) => checkpoint.checkpointId));
  }

  add(checkpoint: CompletedCheckpoint, done: (outcome: AddOutcome) => void): void {
    const { checkpointId, directory, kind } = checkpoint;
    const newest = this.#retained.at(-1);
    assert(
      newest === undefined || newest.checkpointId < checkpointId,
      "completed checkpoints must be added in the order of their ids",
    );
    const owned = kind !== "savepoint";
    const added = (): void => {
      this.#retained = [...this.#retained, checkpoint];
      if (owned) this.#owned.add(checkpointId);
      done({ kind: "added" });
    };
    this.#options.pointers.add({ checkpointId, directory, owned }, (outcome) => {
      if (outcome.ok) added();
      else this.#find(checkpointId, (isThere) => (isThere ? added() : done({ kind: "refused", error: outcome.error })));
    });
  }

  retained(): readonly CompletedCheckpoint[] {
    return this.#retained;
  }

  owns(checkpointId: number): boolean {
    return this.#owned.has(checkpointId);
  }

  remove(checkpointId: number, done: (outcome: Outcome<void>) => void): void {
    this.#options.pointers.remove(checkpointId, (outcome) => {
      if (outcome.ok) this.#retained = this.#retained.filter((checkpoint) => checkpoint.checkpointId !== checkpointId);
      done(outcome);
    });
  }

  /** Asks until there is an answer. Never answers a master that is no leader any more: it must not act on whatever it would hear. */
  #find(checkpointId: number, found: (isThere: boolean) => void): void {
    this.#options.pointers.list((outcome) => {
      if (outcome.ok) found(outcome.value.some((pointer) => pointer.checkpointId === checkpointId));
      else if (outcome.error.code !== "MR7009")
        this.#options.clock.schedule(ASK_AGAIN_MS, () => this.#find(checkpointId, found));
    });
  }
}

export interface RecoveredCheckpoint {
  readonly checkpoint: CompletedCheckpoint;
  readonly owned: boolean;
}

/**
 * What a new master starts from. Fails with `MR5014` if the newest checkpoint cannot be read whole: what it contains is visible already, so going back to an
 * older one would write it again. Nobody starts from an older one: if such a one is gone or damaged, its pointer is taken away, and its files stay. A storage
 * that does not answer says nothing about either: the error is the storage's, and whoever tries again may find everything.
 */
export function recoverCheckpoints(
  parts: { readonly pointers: CheckpointPointers; readonly storage: BlobStore },
  done: Done<readonly RecoveredCheckpoint[]>,
): void {
  parts.pointers.list((listed) => {
    if (!listed.ok) return done(listed);
    const recovered: RecoveredCheckpoint[] = [];
    const next = (index: number): void => {
      const pointer = listed.value[index];
      if (pointer === undefined) return done(succeeded(recovered));
      return readWhole(parts.storage, pointer.directory, (outcome) => {
        if (outcome.ok) recovered.push({ checkpoint: outcome.value, owned: pointer.owned });
        else if (isAway(outcome.error)) return done(failed(away(pointer, outcome.error)));
        else if (index === listed.value.length - 1) return done(failed(unreadable(pointer, outcome.error)));
        else return remove(pointer, index);
        return next(index + 1);
      });
    };
    const remove = ({ checkpointId }: CheckpointPointer, index: number): void =>
      parts.pointers.remove(checkpointId, (removed) => (removed.ok ? next(index + 1) : done(removed)));
    return next(0);
  });
}

function readWhole(storage: BlobStore, directory: string, done: Done<CompletedCheckpoint>): void {
  readCheckpoint(storage, directory, (read) => {
    if (!read.ok) return done(read);
    return verifyFiles(storage, read.value, (verified) => done(verified.ok ? read : verified));
  });
}

/** The storage could not be asked; that a file is not there, or not sound, is an answer. */
function isAway({ cause }: MillraceError): boolean {
  return isMillraceError(cause) && isStorageAway(cause);
}

function away({ checkpointId, directory }: CheckpointPointer, cause: MillraceError): MillraceError {
  return new MillraceError(
    "MR5014",
    `checkpoint ${checkpointId} at "${directory}" could not be read now (${cause.message}); the next attempt to lead the job tries again`,
    { cause },
  );
}

function unreadable({ checkpointId, directory }: CheckpointPointer, cause: MillraceError): MillraceError {
  return new MillraceError(
    "MR5014",
    `checkpoint ${checkpointId} at "${directory}", which the job has to start from, cannot be read (${cause.message}); repair the storage, ` +
      `or start the job anew from an older checkpoint with --restore and --accept-duplicates`,
    { cause, retryable: false },
  );
}
