/**
 * What watermark each key group had reached when it was saved. After a rescale, groups may come from subtasks that were further ahead than this one
 * starts; a window that is closed there must stay closed.
 */
import type { TimeMs } from "../../time/clock.ts";
import { intersect } from "../key-groups.ts";
import type { KeyGroupRange } from "../key-groups.ts";
import type { KeyedStateHandle, WatermarkFloor } from "../keyed-state.ts";

export class Floors {
  readonly #range: KeyGroupRange;
  /** One per key group; undefined without a restore. */
  #reached: Float64Array | undefined = undefined;

  constructor(range: KeyGroupRange) {
    this.#range = range;
  }

  restore(handles: readonly KeyedStateHandle[]): void {
    const reached =
      this.#reached ?? new Float64Array(Math.max(this.#range.last - this.#range.first + 1, 0)).fill(-Infinity);
    this.#reached = reached;
    for (const handle of handles) {
      this.#raise(reached, handle.keyGroups, handle.watermarkMs);
      for (const floor of handle.floors)
        this.#raise(reached, intersect(floor.keyGroups, handle.keyGroups), floor.watermarkMs);
    }
  }

  /** Hot after restores. */
  of(keyGroup: number): TimeMs {
    if (this.#reached === undefined) return -Infinity;
    return this.#reached[keyGroup - this.#range.first] ?? -Infinity;
  }

  /** What a snapshot at that watermark has to say beside it. */
  above(watermarkMs: TimeMs): readonly WatermarkFloor[] {
    const floors: { keyGroups: { first: number; last: number }; watermarkMs: TimeMs }[] = [];
    for (const [index, reachedMs] of (this.#reached ?? []).entries()) {
      if (reachedMs <= watermarkMs) continue;
      const keyGroup = this.#range.first + index;
      const last = floors.at(-1);
      if (last?.keyGroups.last === keyGroup - 1 && last.watermarkMs === reachedMs) last.keyGroups.last = keyGroup;
      else floors.push({ keyGroups: { first: keyGroup, last: keyGroup }, watermarkMs: reachedMs });
    }
    return floors;
  }

  #raise(reached: Float64Array, keyGroups: KeyGroupRange, watermarkMs: TimeMs): void {
    const ours = intersect(keyGroups, this.#range);
    for (let keyGroup = ours.first; keyGroup <= ours.last; keyGroup += 1) {
      const index = keyGroup - this.#range.first;
      reached[index] = Math.max(reached[index] ?? -Infinity, watermarkMs);
    }
  }
}
