/**
 * Which splits the enumerator of a source has assigned since the newest complete checkpoint: no checkpoint has them yet in the state of a reader, so they are
 * lost with the reader, and have to go back to the enumerator.
 *
 * In:    assignments, snapshots of the enumerator, completed checkpoints. Out: what a subtask that starts again does not get back from the newest of these.
 * State: the assignments, by the next checkpoint after them.
 * Bound: forgotten with each completed checkpoint; a job without checkpoints keeps them all, since it starts its readers from nothing.
 */
import type { SourceSplit } from "../operators/contracts/source.ts";

interface Assignment {
  readonly subtask: number;
  readonly splits: readonly SourceSplit[];
  /** The first checkpoint that was begun after it; undefined while there is none. */
  savedBy: number | undefined;
}

export class SplitAssignments {
  #open: Assignment[] = [];

  assigned(subtask: number, splits: readonly SourceSplit[]): void {
    this.#open.push({ subtask, splits, savedBy: undefined });
  }

  /** What was assigned before is in the snapshots that the readers make for this checkpoint. */
  snapshot(checkpointId: number): void {
    for (const assignment of this.#open) assignment.savedBy ??= checkpointId;
  }

  completed(checkpointId: number): void {
    this.#open = this.#open.filter(({ savedBy }) => savedBy === undefined || savedBy > checkpointId);
  }

  /** In the order of their assignment. They are forgotten here. */
  takeBack(subtask: number): readonly SourceSplit[] {
    const lost = this.#open.filter((assignment) => assignment.subtask === subtask);
    this.#open = this.#open.filter((assignment) => assignment.subtask !== subtask);
    return lost.flatMap(({ splits }) => splits);
  }

  clear(): void {
    this.#open = [];
  }
}
