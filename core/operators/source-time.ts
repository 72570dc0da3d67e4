/**
 * The watermark of one source subtask, put together from its splits.
 *
 * In:    changes of the parts of `combiner`, each followed by `tell`.
 * Out:   the watermark and the idleness of all together; nothing before `start`, nothing after `end` but the last watermark.
 */
import type { TimeMs } from "../time/clock.ts";
import { CombinedOutput } from "../time/combined-output.ts";
import type { CombinedPart } from "../time/watermark-combiner.ts";
import { WatermarkCombiner } from "../time/watermark-combiner.ts";
import { WATERMARK_MAX, WATERMARK_MIN } from "../time/watermark.ts";
import type { Output } from "./operator.ts";

export class SourceTime {
  readonly combiner: WatermarkCombiner<string>;
  readonly #combined: CombinedOutput<string>;
  #state: "gathering" | "telling" | "ended" = "gathering";
  /** Stands for the splits to come while there is none, once that is idleness. */
  #nobody: CombinedPart<string> | undefined = undefined;

  constructor(restoredWatermarkMs: TimeMs, output: Output<never>) {
    this.combiner = new WatermarkCombiner(restoredWatermarkMs);
    const target = {
      onWatermark: (watermarkMs: TimeMs): void => output.processWatermark(watermarkMs),
      onIdle: (idle: boolean): void => output.processIdle(idle),
    };
    this.#combined = new CombinedOutput(this.combiner, target, WATERMARK_MIN);
  }

  /** There is no split, and watermarks need not wait for one. */
  nobody(): void {
    if (this.#nobody !== undefined) return;
    this.#nobody = this.combiner.register("no split", this.combiner.watermarkMs);
    if (this.combiner.setIdle(this.#nobody, true)) this.tell();
  }

  /** There is a split again. */
  somebody(): void {
    if (this.#nobody !== undefined) this.combiner.remove(this.#nobody);
    this.#nobody = undefined;
    this.tell();
  }

  get ended(): boolean {
    return this.#state === "ended";
  }

  get watermarkMs(): TimeMs {
    return this.#state === "ended" ? WATERMARK_MAX : this.combiner.watermarkMs;
  }

  /** Everything downstream stands: the restored watermark goes out first. */
  start(): void {
    if (this.#state === "gathering") this.#state = "telling";
    this.tell();
  }

  tell(): void {
    if (this.#state === "telling") this.#combined.tell();
  }

  /** Many changes, told as one. */
  batch(changes: () => void): void {
    const state = this.#state;
    if (state === "telling") this.#state = "gathering";
    changes();
    this.#state = state;
    this.tell();
  }

  end(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#combined.end();
  }
}
