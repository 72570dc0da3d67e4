/**
 * What becomes of files: those of checkpoints that were aborted or are no longer retained go, as soon as nothing can refer to them.
 *
 * In:    what happens to checkpoints. Out: deletions in the blob stores, and removals from the store of completed checkpoints.
 *
 * Order is everything here. A checkpoint first leaves the store, then loses its metadata file, then its state files: whoever finds a metadata file
 * finds the files it names. A metadata file that may still be in the making is waited for. Savepoints belong to the user: their files are deleted only if
 * they did not complete.
 */
import type { CheckpointAck, SubtaskId } from "../graph/messages.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { CompletedCheckpoint } from "./contract.ts";
import { Deletions } from "./deletions.ts";
import { isWithin, metadataPath } from "./directories.ts";
import { copiesOf } from "./finalize.ts";
import type { PendingCheckpoint } from "./pending-checkpoint.ts";
import { SharedFiles } from "./shared-files.ts";
import { stateFilesOf, stateFilesOfCheckpoint } from "./snapshot-files.ts";
import type { CompletedCheckpointStore } from "./store.ts";
import { Stragglers } from "./stragglers.ts";

const ATTEMPTS_MAX = 5;

export interface CleanupOptions {
  /** Of checkpoints; savepoints bring their own. */
  readonly storage: BlobStore;
  readonly store: CompletedCheckpointStore;
  /** The coordinator's, live. */
  readonly pending: ReadonlyMap<number, PendingCheckpoint>;
}

export class CheckpointCleanup {
  readonly #options: CleanupOptions;
  readonly #deletions = new Deletions();
  readonly #stragglers = new Stragglers();
  readonly #sharedFiles: SharedFiles;
  /** Ids that are being taken off the store. */
  readonly #leaving = new Set<number>();

  constructor(options: CleanupOptions) {
    this.#options = options;
    this.#sharedFiles = new SharedFiles((path) => this.#deletions.delete(options.storage, path));
    for (const checkpoint of options.store.retained()) {
      if (!options.store.owns(checkpoint.checkpointId)) continue;
      this.#sharedFiles.retain(
        checkpoint.checkpointId,
        stateFilesOfCheckpoint(checkpoint).map((file) => file.path),
      );
    }
  }

  /** Nothing is being deleted, what failed was tried again or given up, and nothing will be deleted without a further call. May call at once. */
  whenIdle(callback: () => void): void {
    this.#deletions.whenIdle(() => {
      if (!this.#deletions.waiting) return callback();
      this.#deletions.retry();
      return this.whenIdle(callback);
    });
  }

  hold(): void {
    this.#deletions.hold();
  }

  unhold(): void {
    this.#deletions.unhold();
  }

  /** Subtasks that have finished take part with files of earlier checkpoints: they must not go while this one is under way. */
  began(pending: PendingCheckpoint): void {
    for (const { snapshot } of pending.plan.finished) this.#sharedFiles.retain(pending.checkpointId, pathsOf(snapshot));
  }

  acknowledged(pending: PendingCheckpoint, ack: CheckpointAck): void {
    if (pending.kind !== "savepoint") this.#sharedFiles.retain(pending.checkpointId, pathsOf(ack.snapshot));
  }

  /** For a checkpoint that is not under way: if it was aborted before this task answered, its files are deleted now. */
  acknowledgedLate(ack: CheckpointAck): void {
    const aborted = this.#stragglers.answered(ack.checkpointId, ack.task);
    if (aborted === undefined) return;
    if (aborted.savepoint) this.#deleteWithin(aborted, pathsOf(ack.snapshot));
    else this.#sharedFiles.discard(pathsOf(ack.snapshot), this.#options.pending.keys());
  }

  willNotAcknowledge(checkpointId: number, task: SubtaskId): void {
    this.#stragglers.answered(checkpointId, task);
  }

  /** It will not complete. Its files go by {@link discard}, which may have to come later. */
  aborted(pending: PendingCheckpoint): void {
    this.#stragglers.remember(pending);
    this.#sharedFiles.ended(pending.checkpointId);
    this.#deletions.retry();
  }

  discard(pending: PendingCheckpoint): void {
    const release = (): void => {
      if (pending.kind === "savepoint")
        this.#deleteWithin(pending, [...pending.acknowledged().flatMap(pathsOf), ...copiesOf(pending).values()]);
      this.#sharedFiles.release(pending.checkpointId, this.#options.pending.keys());
    };
    if (pending.mayHaveMetadata) this.#deletions.delete(pending.storage, metadataPath(pending.directory), release);
    else release();
  }

  completed(pending: PendingCheckpoint): void {
    if (pending.kind === "savepoint") this.#sharedFiles.release(pending.checkpointId, this.#options.pending.keys());
    this.#sharedFiles.ended(pending.checkpointId);
    this.#deletions.retry();
  }

  /** Drops the oldest, so that `kept` remain. What the store does not let go is tried again at the next call. */
  dropAllBut(kept: number): void {
    const retained = this.#options.store.retained();
    for (const checkpoint of retained.slice(0, Math.max(0, retained.length - kept))) this.#drop(checkpoint);
  }

  /** All of them, at the end of the job: what the store does not let go, or the storage does not delete, is tried again a few times. */
  dropAll(done: () => void): void {
    let attempts = 0;
    const again = (): void => {
      if (attempts === ATTEMPTS_MAX || this.#options.store.retained().length === 0) return done();
      attempts += 1;
      this.dropAllBut(0);
      return this.whenIdle(again);
    };
    again();
  }

  #drop({ checkpointId, directory }: CompletedCheckpoint): void {
    if (this.#leaving.has(checkpointId)) return;
    const { storage, store, pending } = this.#options;
    const owned = store.owns(checkpointId);
    this.#leaving.add(checkpointId);
    this.hold();
    store.remove(checkpointId, (outcome) => {
      this.#leaving.delete(checkpointId);
      if (outcome.ok && owned)
        this.#deletions.delete(storage, metadataPath(directory), () =>
          this.#sharedFiles.release(checkpointId, pending.keys()),
        );
      this.unhold();
    });
  }

  #deleteWithin(
    savepoint: { readonly storage: BlobStore; readonly directory: string },
    paths: readonly string[],
  ): void {
    for (const path of new Set(paths))
      if (isWithin(path, savepoint.directory)) this.#deletions.delete(savepoint.storage, path);
  }
}

function pathsOf(snapshot: CheckpointAck["snapshot"]): readonly string[] {
  return stateFilesOf(snapshot).map((file) => file.path);
}
