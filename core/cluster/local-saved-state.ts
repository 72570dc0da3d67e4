/** Opens checkpoints in the file system, to be read: what `openSavedState` loads when it is called. */
import type { SavedOperatorState, SavedState } from "../api/saved-state.ts";
import type { CompletedCheckpoint } from "../checkpoint/contract.ts";
import { locateCheckpoint } from "../checkpoint/find-checkpoint.ts";
import { loadSavedState } from "../checkpoint/saved-keyed-state.ts";
import { savedOperators } from "../checkpoint/saved-operators.ts";
import type { SavedOperator } from "../checkpoint/saved-operators.ts";
import type { SavedKeyedState } from "../state/keyed-state.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { TimeMs } from "../time/clock.ts";
import type { Done } from "../util/outcome.ts";
import { systemWorld } from "./system-world.ts";

export async function openLocally(path: string): Promise<SavedState> {
  const world = systemWorld();
  const { directory, name } = world.splitPath(path.replace(/\/_metadata$/, ""));
  const storage = world.openStore(directory);
  const checkpoint = await answerOf<CompletedCheckpoint>((done) => locateCheckpoint(storage, name, done));
  const { checkpointId, jobName, completedAtMs } = checkpoint;
  const operators = [...savedOperators(checkpoint).values()].map((operator) => savedState(storage, operator));
  return { checkpointId, jobName, completedAtMs, operators };
}

function savedState(storage: BlobStore, operator: SavedOperator): SavedOperatorState {
  const { name, uid } = operator;
  return { name, uid, keyedStates: (atMs) => keyedStates(storage, operator, atMs) };
}

async function* keyedStates(
  storage: BlobStore,
  operator: SavedOperator,
  atMs: TimeMs,
): AsyncGenerator<SavedKeyedState, void> {
  for (const subtask of operator.snapshots.keys()) {
    const state = await answerOf<SavedKeyedState | undefined>((done) =>
      loadSavedState(storage, { operator, subtask, atMs }, done),
    );
    if (state !== undefined) yield state;
  }
}

function answerOf<T>(ask: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    ask((outcome) => (outcome.ok ? resolve(outcome.value) : reject(outcome.error)));
  });
}
