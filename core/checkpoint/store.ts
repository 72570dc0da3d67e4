/**
 * The list of completed checkpoints that a job may start again from. Adding to it is the commit point of a checkpoint: before, nobody may act as if it
 * were complete; afterwards it must never be forgotten for an older one. A savepoint that stops the job is added too, since the sinks commit what it contains:
 * if the job fails before it has ended, an older checkpoint would write the same output again.
 *
 * Read `MemoryCheckpointStore` first: it lives as long as the process. With high availability the list is kept as pointers that survive it.
 */
import { assert } from "../util/errors.ts";
import type { MillraceError } from "../util/errors.ts";
import { succeeded } from "../util/outcome.ts";
import type { Outcome } from "../util/outcome.ts";
import type { CompletedCheckpoint } from "./contract.ts";

/** `unknown`: the list may or may not have it now, such as after a connection was lost in the middle; so nothing of it may be deleted. */
export type AddOutcome =
  | { readonly kind: "added" }
  | { readonly kind: "refused"; readonly error: MillraceError }
  | { readonly kind: "unknown"; readonly error: MillraceError };

export interface CompletedCheckpointStore {
  /** Ids increase from call to call. The callback comes exactly once, possibly before the call returns; no second `add` is made until it came. */
  add(checkpoint: CompletedCheckpoint, done: (outcome: AddOutcome) => void): void;
  /** What the list has for certain, oldest first. */
  retained(): readonly CompletedCheckpoint[];
  /** Whether its files go when it is taken off. Those of a savepoint that stopped the job are its user's. */
  owns(checkpointId: number): boolean;
  /** Takes one off the list; only when `done` says ok may its files go. If it fails, the checkpoint is still retained. */
  remove(checkpointId: number, done: (outcome: Outcome<void>) => void): void;
}

export class MemoryCheckpointStore implements CompletedCheckpointStore {
  #retained: readonly CompletedCheckpoint[];
  readonly #foreign: Set<number>;

  /** `retained`, oldest first: what the job takes over, such as a snapshot that it claims. */
  constructor(retained: readonly CompletedCheckpoint[] = []) {
    this.#retained = retained;
    this.#foreign = new Set();
  }

  add(checkpoint: CompletedCheckpoint, done: (outcome: AddOutcome) => void): void {
    const newest = this.#retained.at(-1);
    assert(
      newest === undefined || newest.checkpointId < checkpoint.checkpointId,
      "completed checkpoints must be added in the order of their ids",
    );
    this.#retained = [...this.#retained, checkpoint];
    if (checkpoint.kind === "savepoint") this.#foreign.add(checkpoint.checkpointId);
    done({ kind: "added" });
  }

  retained(): readonly CompletedCheckpoint[] {
    return this.#retained;
  }

  owns(checkpointId: number): boolean {
    return !this.#foreign.has(checkpointId);
  }

  remove(checkpointId: number, done: (outcome: Outcome<void>) => void): void {
    this.#retained = this.#retained.filter((checkpoint) => checkpoint.checkpointId !== checkpointId);
    done(succeeded(undefined));
  }
}
