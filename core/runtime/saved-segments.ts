/**
 * Which files of checkpoints hold which segments of what waits on disk, so that a checkpoint writes only what is new.
 *
 * In:   the files as they are written or referred to, by checkpoint. Out: the file that the newest completed checkpoint has of a segment.
 * A checkpoint may only refer to files of one that is complete and the newest: files of others may be gone at any time.
 */
import type { Segment } from "../network/spill-space.ts";
import type { StateFile } from "../state/keyed-state.ts";

export class SavedSegments {
  readonly #files: Map<Segment, Map<number, StateFile>>;

  constructor() {
    this.#files = new Map();
  }

  /** Undefined: it has to be written. */
  find(segment: Segment, completedId: number | undefined): StateFile | undefined {
    return completedId === undefined ? undefined : this.#files.get(segment)?.get(completedId);
  }

  saved(segment: Segment, checkpointId: number, file: StateFile): void {
    const files = this.#files.get(segment) ?? new Map<number, StateFile>();
    files.set(checkpointId, file);
    this.#files.set(segment, files);
  }

  /** Older checkpoints than the completed one do not matter any more, nor do segments in which nothing waits. */
  forget(completedId: number): void {
    for (const [segment, files] of this.#files) {
      for (const checkpointId of files.keys()) if (checkpointId < completedId) files.delete(checkpointId);
      if (files.size === 0 || segment.waiting === 0) this.#files.delete(segment);
    }
  }
}
