/** Savepoints: what a user asks for, and whose a snapshot is that a job starts from. */
import type { BlobStore } from "../storage/blob-store.ts";
import { MillraceError } from "../util/errors.ts";
import type { CompletedCheckpoint } from "./contract.ts";
import { MemoryCheckpointStore } from "./store.ts";

export interface SavepointTarget {
  /** Where metadata and files go; the tasks must write to the same store. */
  readonly storage: BlobStore;
  /** Relative to its root; nothing else may lie in it. See `savepointDirectory`. */
  readonly directory: string;
  /** Stops the job: `suspend` so that it can go on later, `drain` so that it ends. Without it the job goes on. */
  readonly stop?: "suspend" | "drain";
}

/** How a job begins with the snapshot that it was told to start from. */
export interface Claim {
  readonly store: MemoryCheckpointStore;
  /** Later checkpoints may refer to its files (`SubtaskRestore.owned`). */
  readonly owned: boolean;
}

/**
 * `CLAIM`: the snapshot becomes the first of the job's own checkpoints, and its files go when nothing refers to them any more. `NO_CLAIM`: it stays
 * what it is, and the job's first checkpoint is full. Fails with `MR5013` if it does not lie in the store of the job's checkpoints.
 */
export function claim(
  snapshot: CompletedCheckpoint,
  options: { readonly claimMode: string; readonly sameStore: boolean },
): Claim {
  if (options.claimMode === "NO_CLAIM") return { store: new MemoryCheckpointStore(), owned: false };
  if (!options.sameStore) {
    throw new MillraceError(
      "MR5013",
      `"${snapshot.directory}" cannot be claimed, since it lies in another store than the job's checkpoints; ` +
        `set execution.state-recovery.claim-mode to NO_CLAIM, or keep the checkpoints in the same store`,
      { retryable: false },
    );
  }
  return { store: new MemoryCheckpointStore([snapshot]), owned: true };
}
