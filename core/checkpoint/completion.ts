/**
 * From the last acknowledgement to a complete checkpoint: writes the metadata file, then enters it into the store, one checkpoint at a time and in the
 * order of ids, so that completed ids only increase.
 *
 * In:    checkpoints that all their tasks have acknowledged; answers of the storage and the store, in the same thread.
 * Out:   each either `completed` or `failed`, unless it was aborted before it came to the store.
 * State: which one is being committed. What the store answers about it is final: it cannot be aborted meanwhile, and who wants to know which checkpoint is the
 *        newest has to wait for it (`whenSettled`).
 *
 * A savepoint is complete with its metadata file and does not enter the store, unless it stops the job.
 */
import { assert } from "../util/errors.ts";
import type { CheckpointCleanup } from "./cleanup.ts";
import type { CompletedCheckpoint } from "./contract.ts";
import { finalizeCheckpoint } from "./finalize.ts";
import type { FinalizeOptions } from "./finalize.ts";
import type { PendingCheckpoint } from "./pending-checkpoint.ts";
import type { AddOutcome, CompletedCheckpointStore } from "./store.ts";

export interface CompletionOptions {
  /** Read when a checkpoint is assembled. */
  readonly about: () => Omit<FinalizeOptions, "pending">;
  readonly store: CompletedCheckpointStore;
  readonly cleanup: CheckpointCleanup;
  /** The coordinator's, live, in the order of ids. */
  readonly pending: ReadonlyMap<number, PendingCheckpoint>;
  readonly completed: (pending: PendingCheckpoint, checkpoint: CompletedCheckpoint) => void;
  /** `keepFiles`: it may be in the store all the same. */
  readonly failed: (pending: PendingCheckpoint, cause: Error, files: { readonly keepFiles: boolean }) => void;
}

export class Completion {
  readonly #options: CompletionOptions;
  #committing: PendingCheckpoint | undefined = undefined;
  /** Called when nothing is being committed. */
  #settled: (() => void)[] = [];

  constructor(options: CompletionOptions) {
    this.#options = options;
  }

  /** Nothing is being committed. */
  get settled(): boolean {
    return this.#committing === undefined;
  }

  /** May call at once. */
  whenSettled(callback: () => void): void {
    if (this.settled) callback();
    else this.#settled.push(callback);
  }

  acknowledged(pending: PendingCheckpoint): void {
    const { about, cleanup, failed } = this.#options;
    pending.enter("writing");
    cleanup.hold();
    finalizeCheckpoint({ ...about(), pending }, (outcome) => {
      if (pending.phase === "ended") {
        cleanup.discard(pending); // aborted meanwhile; only now can the metadata file not appear any more
      } else if (outcome.ok) {
        pending.written(outcome.value);
        this.#commitNext();
      } else {
        pending.enter("written");
        failed(pending, outcome.error, { keepFiles: false });
      }
      cleanup.unhold();
    });
  }

  #commitNext(): void {
    if (this.#committing !== undefined) return;
    for (const pending of this.#options.pending.values()) {
      const { checkpoint } = pending;
      if (pending.phase !== "written" || checkpoint === undefined) continue;
      pending.enter("committing");
      this.#committing = pending;
      if (pending.kind === "savepoint" && pending.options.stop === undefined)
        this.#committed(pending, { kind: "added" });
      else this.#options.store.add(checkpoint, (outcome) => this.#committed(pending, outcome));
      return;
    }
  }

  #committed(pending: PendingCheckpoint, outcome: AddOutcome): void {
    const { checkpoint } = pending;
    assert(checkpoint !== undefined, "a checkpoint is committed only after its metadata was written");
    this.#committing = undefined;
    if (outcome.kind === "added") {
      this.#options.completed(pending, checkpoint);
    } else {
      pending.enter("written");
      this.#options.failed(pending, outcome.error, { keepFiles: outcome.kind === "unknown" });
    }
    for (const callback of this.#settled.splice(0)) callback();
    this.#commitNext();
  }
}
