/**
 * One watermark and one idleness out of the two inputs of an operator.
 *
 * In:    what each input says.
 * Out:   calls of the target, when the watermark of both rose or their idleness changed.
 * State: none beside what the operator saves: both inputs start at the restored watermark, which was the minimum of the two.
 */
import type { TimeMs } from "../time/clock.ts";
import { CombinedOutput } from "../time/combined-output.ts";
import type { CombinedTarget } from "../time/combined-output.ts";
import { WatermarkCombiner } from "../time/watermark-combiner.ts";
import type { CombinedPart } from "../time/watermark-combiner.ts";
import { WATERMARK_MIN } from "../time/watermark.ts";

export class TwoInputTime {
  readonly #combiner: WatermarkCombiner<number>;
  readonly #parts: readonly CombinedPart<number>[];
  readonly #output: CombinedOutput<number>;

  constructor(restoredWatermarkMs: TimeMs, target: CombinedTarget) {
    this.#combiner = new WatermarkCombiner(restoredWatermarkMs);
    this.#parts = [this.#combiner.register(0, restoredWatermarkMs), this.#combiner.register(1, restoredWatermarkMs)];
    this.#output = new CombinedOutput(this.#combiner, target, WATERMARK_MIN);
  }

  /** Tells the restored watermark, unless a higher one came first. */
  start(): void {
    this.#output.tell();
  }

  processWatermark(input: 0 | 1, watermarkMs: TimeMs): void {
    const part = this.#parts[input];
    if (part !== undefined && this.#combiner.update(part, watermarkMs)) this.#output.tell();
  }

  processIdle(input: 0 | 1, idle: boolean): void {
    const part = this.#parts[input];
    if (part !== undefined && this.#combiner.setIdle(part, idle)) this.#output.tell();
  }

  /** An ended input holds nobody back, also if its last watermark did not come. */
  finish(input: number): void {
    const part = this.#parts[input];
    if (part !== undefined && this.#combiner.finish(part)) this.#output.tell();
  }
}
