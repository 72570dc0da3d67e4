/**
 * Watermark generators as they are saved. That of a split goes where the split goes; that of a whole subtask lies in a union list: what it knew, and whose it was.
 *
 * After a restore with the same parallelism each subtask goes on from its own. After a change there is no such thing: all start from the one that was
 * furthest behind, so that none promises more than was true.
 */
import type { TimeMs } from "../time/clock.ts";

export interface SavedGenerator {
  readonly subtaskIndex: number;
  readonly parallelism: number;
  readonly watermarkMs: TimeMs;
  readonly generator: unknown;
}

/** One of a split, in the list of splits. */
export interface SavedSplit<S> {
  readonly split: S;
  readonly watermarkMs: TimeMs;
  readonly generator: unknown;
}

export function takeOverGenerator(
  saved: readonly SavedGenerator[],
  task: { readonly subtaskIndex: number; readonly parallelism: number },
): SavedGenerator | undefined {
  let last: SavedGenerator | undefined;
  for (const one of saved) {
    if (one.subtaskIndex === task.subtaskIndex && one.parallelism === task.parallelism) return one;
    if (last === undefined || one.watermarkMs < last.watermarkMs) last = one;
  }
  return last;
}
