/** What the file sink saves. Plain data. */

/** Of one subtask, past or present. Whoever starts after a restore gets those of all. */
export interface FileSinkState {
  readonly subtask: number;
  /** The number of its next part; never used before. */
  readonly next: number;
  /** Attempts whose pending files may still have to be committed. All others are leftovers. */
  readonly live: readonly LiveAttempt[];
}

/** Parts of `attemptId` below `next` belong to this checkpoint or an earlier one. */
export interface LiveAttempt {
  readonly attemptId: string;
  readonly next: number;
}

/**
 * A whole, durable, hidden file, to be renamed. Names without directory, so that a directory may be moved together with its savepoint. `hidden` is its name
 * until a savepoint contains it, and then says how it is called (`keptName`).
 */
export interface FileCommittable {
  readonly hidden: string;
  readonly finished: string;
}

/** States of one subtask as one. */
export function mergedStates(states: readonly FileSinkState[]): Map<number, FileSinkState> {
  const merged = new Map<number, FileSinkState>();
  for (const state of states) {
    const other = merged.get(state.subtask) ?? { subtask: state.subtask, next: 0, live: [] };
    merged.set(state.subtask, {
      subtask: state.subtask,
      next: Math.max(other.next, state.next),
      live: [...other.live, ...state.live],
    });
  }
  return merged;
}
