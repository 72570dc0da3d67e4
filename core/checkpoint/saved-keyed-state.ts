/**
 * Loads the keyed state of one subtask as a checkpoint has it, to be read and not to be run.
 *
 * In:   an operator of a checkpoint. Out: a backend of its own, restored as that of a task would be; nothing of it is ever saved again.
 * Time stands still in it: what a time to live has ended by `atMs`, or by the watermark of the checkpoint, is not there.
 */
import { loadState } from "../runtime/state-loading.ts";
import { HeapKeyedState } from "../state/heap/backend.ts";
import type { RestoredKeyedFile, SavedKeyedState } from "../state/keyed-state.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { Clock, TimeMs } from "../time/clock.ts";
import { isMillraceError } from "../util/errors.ts";
import { failed, succeeded } from "../util/outcome.ts";
import type { Done, Outcome } from "../util/outcome.ts";
import type { SavedOperator } from "./saved-operators.ts";

export interface SavedPart {
  readonly operator: SavedOperator;
  readonly subtask: number;
  readonly atMs: TimeMs;
}

/** Undefined: the subtask has saved none. Fails with `MR4005`, `MR5203` or `MR5204`, naming the file. */
export function loadSavedState(
  storage: BlobStore,
  { operator, subtask, atMs }: SavedPart,
  done: Done<SavedKeyedState | undefined>,
): void {
  const handle = operator.snapshots[subtask]?.keyed;
  const { id: operatorId } = operator;
  const operators =
    handle === undefined ? [] : [{ operatorId, lists: [], keyed: [handle], watermarkMs: handle.watermarkMs }];
  loadState(storage, { operators, channels: [], ended: false, stopped: false, owned: false }, (loaded) => {
    if (!loaded.ok) return done(loaded);
    const [file] = loaded.value.get(operatorId)?.keyed ?? [];
    return done(file === undefined ? succeeded(undefined) : restored(file, operator, atMs));
  });
}

function restored(
  file: RestoredKeyedFile,
  { name: operatorName, vertex }: SavedOperator,
  atMs: TimeMs,
): Outcome<SavedKeyedState> {
  const { keyGroups } = file.handle;
  const { maxParallelism } = vertex;
  const state = new HeapKeyedState({ keyGroups, maxParallelism, clock: stoppedClock(atMs), operatorName });
  try {
    state.restore([file], { owned: false });
  } catch (error) {
    if (isMillraceError(error)) return failed(error);
    throw error;
  }
  return succeeded(state);
}

function stoppedClock(atMs: TimeMs): Clock {
  const never = (): void => undefined;
  return { nowMs: () => atMs, elapsedMs: () => 0, schedule: () => never, yield: never };
}
