/**
 * Remembers which tasks had not answered when a checkpoint was aborted: their acknowledgements may still arrive, and with them files that nobody
 * else knows of.
 *
 * Bound: the last `REMEMBERED_MAX` aborted checkpoints. An answer that is later still is ignored, and its files stay behind.
 */
import type { SubtaskId } from "../graph/messages.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { PendingCheckpoint } from "./pending-checkpoint.ts";
import { taskKey } from "./task-key.ts";

const REMEMBERED_MAX = 256;

/** What has to be known to clean up after a late answer. */
export interface Aborted {
  readonly savepoint: boolean;
  readonly storage: BlobStore;
  readonly directory: string;
}

export class Stragglers {
  readonly #aborted = new Map<number, { readonly checkpoint: Aborted; readonly outstanding: Set<string> }>();

  remember(pending: PendingCheckpoint): void {
    const outstanding = new Set(pending.outstanding());
    if (outstanding.size === 0) return;
    const { storage, directory } = pending;
    this.#aborted.set(pending.checkpointId, {
      checkpoint: { savepoint: pending.kind === "savepoint", storage, directory },
      outstanding,
    });
    const oldest = this.#aborted.keys().next().value;
    if (this.#aborted.size > REMEMBERED_MAX && oldest !== undefined) this.#aborted.delete(oldest);
  }

  /** The aborted checkpoint that this task owed an answer; undefined for answers that nobody waited for, and for repeated ones. */
  answered(checkpointId: number, task: SubtaskId): Aborted | undefined {
    const entry = this.#aborted.get(checkpointId);
    if (entry === undefined || !entry.outstanding.delete(taskKey(task))) return undefined;
    if (entry.outstanding.size === 0) this.#aborted.delete(checkpointId);
    return entry.checkpoint;
  }
}
