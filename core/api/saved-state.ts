/**
 * Reading what a completed checkpoint or savepoint holds, without a job: for libraries on top of the engine that know the names of their states.
 *
 * In:   a path. Out: its operators, and their keyed state, a subtask at a time.
 * Only contracts: `core/cluster` implements them.
 */
import type { SavedKeyedState } from "../state/keyed-state.ts";
import type { TimeMs } from "../time/clock.ts";

/** One operator of a checkpoint. */
export interface SavedOperatorState {
  readonly name: string;
  readonly uid: string | undefined;
  /** Of one subtask after the other, each read when it is asked for; together they have every key once. What expires by the clock has done so at `atMs`. */
  keyedStates(atMs: TimeMs): AsyncIterable<SavedKeyedState>;
}

/** A checkpoint, opened. Its files are read later, and must stay where they are until then. */
export interface SavedState {
  readonly checkpointId: number;
  readonly jobName: string;
  readonly completedAtMs: TimeMs;
  readonly operators: readonly SavedOperatorState[];
}

/** Opens a checkpoint or savepoint, or the newest checkpoint in the directory of a job. Errors: `MR5001` to `MR5003`. */
export async function openSavedState(path: string): Promise<SavedState> {
  // oxlint-disable-next-line no-restricted-imports -- the door up to the executor, opened only when somebody reads
  const { openLocally } = await import("../cluster/local-saved-state.ts");
  return openLocally(path);
}
