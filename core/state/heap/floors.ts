/**
 * How far time had come for each key group when it was saved. After a rescale, groups may come from subtasks that were further ahead than this one
 * starts; a window that is closed there must stay closed, and what was expired there must not come back.
 */
import type { TimeMs } from "../../time/clock.ts";
import { intersect } from "../key-groups.ts";
import type { KeyGroupRange } from "../key-groups.ts";
import type { KeyedStateHandle, SavedTime, WatermarkFloor } from "../keyed-state.ts";

/** One entry per key group. */
interface Reached {
  readonly watermarks: Float64Array;
  /** What state had expired by: as the watermark, but for the last one, which says only that the input has ended. */
  readonly expiry: Float64Array;
}

export class Floors {
  readonly #range: KeyGroupRange;
  /** Undefined without a restore. */
  #reached: Reached | undefined = undefined;

  constructor(range: KeyGroupRange) {
    this.#range = range;
  }

  restore(handles: readonly KeyedStateHandle[]): void {
    const groups = Math.max(this.#range.last - this.#range.first + 1, 0);
    const never = (): Float64Array => new Float64Array(groups).fill(-Infinity);
    const reached = this.#reached ?? { watermarks: never(), expiry: never() };
    this.#reached = reached;
    for (const handle of handles) {
      this.#raise(reached, handle.keyGroups, handle);
      for (const floor of handle.floors) this.#raise(reached, intersect(floor.keyGroups, handle.keyGroups), floor);
    }
  }

  /** Hot after restores. */
  of(keyGroup: number): TimeMs {
    if (this.#reached === undefined) return -Infinity;
    return this.#reached.watermarks[keyGroup - this.#range.first] ?? -Infinity;
  }

  /** Finite, or `-Infinity`. Hot for state that expires by event time. */
  expiryOf(keyGroup: number): TimeMs {
    if (this.#reached === undefined) return -Infinity;
    return this.#reached.expiry[keyGroup - this.#range.first] ?? -Infinity;
  }

  /** What a snapshot at that time has to say beside it. */
  above(saved: SavedTime): readonly WatermarkFloor[] {
    const floors: { keyGroups: { first: number; last: number }; watermarkMs: TimeMs; expiryMs?: TimeMs }[] = [];
    const { watermarks, expiry } = this.#reached ?? { watermarks: [], expiry: [] };
    for (const [index, watermarkMs] of watermarks.entries()) {
      const expiryMs = expiry[index] ?? -Infinity;
      if (watermarkMs <= saved.watermarkMs && expiryMs <= expiryOf(saved)) continue;
      const keyGroup = this.#range.first + index;
      const last = floors.at(-1);
      const isSame = last?.watermarkMs === watermarkMs && expiryOf(last) === expiryMs;
      if (isSame && last.keyGroups.last === keyGroup - 1) last.keyGroups.last = keyGroup;
      else floors.push({ keyGroups: { first: keyGroup, last: keyGroup }, ...savedTime(watermarkMs, expiryMs) });
    }
    return floors;
  }

  #raise({ watermarks, expiry }: Reached, keyGroups: KeyGroupRange, saved: SavedTime): void {
    const ours = intersect(keyGroups, this.#range);
    for (let keyGroup = ours.first; keyGroup <= ours.last; keyGroup += 1) {
      const index = keyGroup - this.#range.first;
      watermarks[index] = Math.max(watermarks[index] ?? -Infinity, saved.watermarkMs);
      expiry[index] = Math.max(expiry[index] ?? -Infinity, expiryOf(saved));
    }
  }
}

/** `expiryMs` is said only where the watermark does not say it. */
export function savedTime(watermarkMs: TimeMs, expiryMs: TimeMs): SavedTime {
  return watermarkMs === expiryMs || expiryMs === -Infinity ? { watermarkMs } : { watermarkMs, expiryMs };
}

function expiryOf({ watermarkMs, expiryMs }: SavedTime): TimeMs {
  return expiryMs ?? (Number.isFinite(watermarkMs) ? watermarkMs : -Infinity);
}
