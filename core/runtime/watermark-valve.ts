/**
 * The watermark of a task: of all its input channels together, by the rule of `WatermarkCombiner`; and which channel holds it back.
 *
 * A channel that wakes up behind the output does not pull it back; the output never falls.
 */
import type { ChannelStatus } from "../graph/messages.ts";
import type { TimeMs } from "../time/clock.ts";
import { WatermarkCombiner } from "../time/watermark-combiner.ts";
import type { CombinedPart } from "../time/watermark-combiner.ts";
import type { WatermarkStatus } from "../time/watermark.ts";
import { assert } from "../util/errors.ts";

export class WatermarkValve {
  readonly #combiner: WatermarkCombiner<number>;
  readonly #channels: readonly CombinedPart<number>[];

  /** All channels stand at the beginning before the first is restored: it alone would raise the minimum. */
  constructor(restored: readonly ChannelStatus[]) {
    this.#combiner = new WatermarkCombiner();
    this.#channels = restored.map((_, channel) => this.#combiner.register(channel));
    for (const [channel, { watermarkMs, status }] of restored.entries()) {
      this.#combiner.update(this.#at(channel), watermarkMs);
      this.setStatus(channel, status);
    }
  }

  /** The combined watermark; rises only. */
  get watermarkMs(): TimeMs {
    return this.#combiner.watermarkMs;
  }

  /** Nobody is active and somebody only idles. */
  get idle(): boolean {
    return this.#combiner.idle;
  }

  /** The channel that holds the watermark back, if one does. */
  get holder(): number | undefined {
    return this.#combiner.holder();
  }

  /** True if the combined watermark has risen. */
  advance(channel: number, watermarkMs: TimeMs): boolean {
    const beforeMs = this.watermarkMs;
    this.#combiner.update(this.#at(channel), watermarkMs);
    return this.watermarkMs > beforeMs;
  }

  /** True if the combined watermark has risen; `idle` may have changed too. */
  setStatus(channel: number, status: WatermarkStatus): boolean {
    const beforeMs = this.watermarkMs;
    if (status === "finished") this.#combiner.finish(this.#at(channel));
    else this.#combiner.setIdle(this.#at(channel), status === "idle");
    return this.watermarkMs > beforeMs;
  }

  snapshot(): ChannelStatus[] {
    return this.#channels.map(({ watermarkMs, status }) => ({ watermarkMs, status }));
  }

  #at(channel: number): CombinedPart<number> {
    const part = this.#channels[channel];
    assert(part !== undefined, `there is no input channel ${channel}`);
    return part;
  }
}
