/**
 * Which tasks have come to the end of their input, and whether a completed checkpoint says so.
 *
 * In:    reports of tasks, completed checkpoints, deployments. Out: who has ended; whose end is saved, so that it may be gone at any time.
 * A task that was restored as ended has to hear of a checkpoint that completes in its own attempt before it goes.
 */
import type { Subtask } from "../graph/job-graph-types.ts";

export class EndedTasks {
  readonly #ended: Set<string>;
  /** Those for which a checkpoint has completed since they were deployed. */
  readonly #hasCompleted: Set<string>;

  constructor() {
    this.#ended = new Set();
    this.#hasCompleted = new Set();
  }

  ended(task: Subtask): void {
    this.#ended.add(subtaskKey(task));
  }

  /** `tasks`: all of the job. */
  completed(tasks: readonly Subtask[]): void {
    for (const task of tasks) this.#hasCompleted.add(subtaskKey(task));
  }

  /** They begin anew. */
  deployed(tasks: readonly Subtask[]): void {
    for (const task of tasks) {
      this.#ended.delete(subtaskKey(task));
      this.#hasCompleted.delete(subtaskKey(task));
    }
  }

  has(task: Subtask): boolean {
    return this.#ended.has(subtaskKey(task));
  }

  /** It knows of a completed checkpoint. */
  mayKnowItsEnd(task: Subtask): boolean {
    return this.has(task) && this.#hasCompleted.has(subtaskKey(task));
  }
}

export function subtaskKey({ vertex, subtask }: Subtask): string {
  return `${vertex}/${subtask}`;
}
