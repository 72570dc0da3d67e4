/**
 * Passes on what changed of a combined watermark: only rising watermarks, only changes of idleness.
 *
 * In:  `tell`, after any change of the combiner.
 * Out: calls of the target. Activity goes before the watermark and idleness after it, since whoever listens passes over watermarks of an idle input.
 */
import type { TimeMs } from "./clock.ts";
import type { WatermarkCombiner } from "./watermark-combiner.ts";
import { WATERMARK_MAX } from "./watermark.ts";

export interface CombinedTarget {
  onWatermark(watermarkMs: TimeMs): void;
  onIdle(idle: boolean): void;
}

export class CombinedOutput<K> {
  readonly #combiner: WatermarkCombiner<K>;
  readonly #target: CombinedTarget;
  #toldMs: TimeMs;
  #toldIdle = false;

  /** `toldMs`: the watermark that the target knows already. */
  constructor(combiner: WatermarkCombiner<K>, target: CombinedTarget, toldMs: TimeMs) {
    this.#combiner = combiner;
    this.#target = target;
    this.#toldMs = toldMs;
  }

  tell(): void {
    this.#become(this.#combiner.watermarkMs, this.#combiner.idle);
  }

  /** The end of the input, whatever the parts say. */
  end(): void {
    this.#become(WATERMARK_MAX, false);
  }

  #become(watermarkMs: TimeMs, idle: boolean): void {
    const wasIdle = this.#toldIdle;
    this.#toldIdle = idle;
    if (wasIdle && !idle) this.#target.onIdle(false);
    if (watermarkMs > this.#toldMs) {
      this.#toldMs = watermarkMs;
      this.#target.onWatermark(watermarkMs);
    }
    if (idle && !wasIdle) this.#target.onIdle(true);
  }
}
