/**
 * One watermark out of many: of the splits of a source, the channels of an input, the inputs of an operator.
 *
 * In:    what each part says: a higher watermark, idle, active, finished.
 * Out:   `watermarkMs` and `idle` of all together. Any part active: the minimum over the active ones. Else any idle: the maximum over the idle ones.
 *        All finished: the last watermark. Without parts: as it was. The watermark never goes back.
 * State: in memory only; whoever owns the parts saves their watermarks.
 *
 * A finished part must not speak for idle ones: their records may still come, and the last watermark would make all of them late.
 * Cost: a part that is not the only one at the minimum changes nothing, in constant time; else all parts are looked at.
 */
import { assert } from "../util/errors.ts";
import type { TimeMs } from "./clock.ts";
import { WATERMARK_MAX, WATERMARK_MIN } from "./watermark.ts";
import type { WatermarkStatus } from "./watermark.ts";

/** What one part has said; written by its combiner only. */
export interface CombinedPart<K> {
  readonly id: K;
  watermarkMs: TimeMs;
  status: WatermarkStatus;
}

export class WatermarkCombiner<K> {
  readonly #parts = new Map<K, CombinedPart<K>>();
  #watermarkMs: TimeMs;
  #idle = false;
  /** The minimum over the active parts, and how many of them stand there; 0: there is no active part. */
  #lowestMs: TimeMs = WATERMARK_MAX;
  #atLowest = 0;

  /** `startMs`: where a restored owner stands already. */
  constructor(startMs: TimeMs = WATERMARK_MIN) {
    this.#watermarkMs = startMs;
  }

  get watermarkMs(): TimeMs {
    return this.#watermarkMs;
  }

  /** No part is active and at least one is idle. */
  get idle(): boolean {
    return this.#idle;
  }

  get size(): number {
    return this.#parts.size;
  }

  /** A new part, active. */
  register(id: K, watermarkMs: TimeMs = WATERMARK_MIN): CombinedPart<K> {
    assert(!this.#parts.has(id), `a part of a watermark is registered once, but ${String(id)} is twice`);
    const part: CombinedPart<K> = { id, watermarkMs, status: "active" };
    this.#parts.set(id, part);
    this.#combine();
    return part;
  }

  part(id: K): CombinedPart<K> | undefined {
    return this.#parts.get(id);
  }

  /** True if the result changed. The last watermark finishes the part; one that does not rise is ignored; an idle part stays idle. */
  update(part: CombinedPart<K>, watermarkMs: TimeMs): boolean {
    if (watermarkMs === WATERMARK_MAX) return this.finish(part);
    if (part.status === "finished" || !(watermarkMs > part.watermarkMs)) return false;
    if (part.status === "active" && part.watermarkMs === this.#lowestMs) this.#atLowest--;
    part.watermarkMs = watermarkMs;
    return this.#atLowest === 0 && this.#combine();
  }

  /** True if the result changed. A finished part stays finished. */
  setIdle(part: CombinedPart<K>, idle: boolean): boolean {
    const status = idle ? "idle" : "active";
    if (part.status === "finished" || part.status === status) return false;
    part.status = status;
    return this.#combine();
  }

  /** Sends nothing any more, so nobody waits for it. True if the result changed. */
  finish(part: CombinedPart<K>): boolean {
    if (part.status === "finished") return false;
    part.watermarkMs = WATERMARK_MAX;
    part.status = "finished";
    return this.#combine();
  }

  /** Forgets the part: the others alone decide, and what it still says counts for nothing. True if the result changed. */
  remove(part: CombinedPart<K>): boolean {
    if (this.#parts.get(part.id) !== part) return false;
    part.status = "finished";
    this.#parts.delete(part.id);
    return this.#combine();
  }

  /** A part that holds the watermark back, for people who ask why nothing fires. */
  holder(): K | undefined {
    for (const part of this.#parts.values()) {
      if (part.status === "active" && part.watermarkMs === this.#lowestMs) return part.id;
    }
    return undefined;
  }

  #combine(): boolean {
    let lowestMs = WATERMARK_MAX;
    let atLowest = 0;
    let highestIdleMs = WATERMARK_MIN;
    let idle = false;
    for (const part of this.#parts.values()) {
      if (part.status === "active") {
        atLowest =
          part.watermarkMs < lowestMs || atLowest === 0 ? 1 : part.watermarkMs === lowestMs ? atLowest + 1 : atLowest;
        if (part.watermarkMs < lowestMs) lowestMs = part.watermarkMs;
      } else if (part.status === "idle") {
        idle = true;
        if (part.watermarkMs > highestIdleMs) highestIdleMs = part.watermarkMs;
      }
    }
    this.#lowestMs = lowestMs;
    this.#atLowest = atLowest;
    const combinedMs =
      this.#parts.size === 0 ? this.#watermarkMs : atLowest > 0 ? lowestMs : idle ? highestIdleMs : WATERMARK_MAX;
    return this.#become(Math.max(this.#watermarkMs, combinedMs), atLowest === 0 && idle);
  }

  #become(watermarkMs: TimeMs, idle: boolean): boolean {
    const changed = watermarkMs !== this.#watermarkMs || idle !== this.#idle;
    this.#watermarkMs = watermarkMs;
    this.#idle = idle;
    return changed;
  }
}
