/**
 * Combines the watermarks of all channels of a task into one, and says which channel holds it back.
 *
 * Rule: some channel active → the minimum over the active ones; else some idle → the maximum over the idle ones; else (all finished) the last
 * watermark. A channel that wakes up behind the output does not pull it back; the output never falls.
 */
import type { ChannelStatus } from "../graph/messages.ts";
import type { TimeMs } from "../time/clock.ts";
import { WATERMARK_MAX, WATERMARK_MIN } from "../time/watermark.ts";
import type { WatermarkStatus } from "../time/watermark.ts";

export class WatermarkValve {
  readonly #watermarksMs: Float64Array;
  readonly #statuses: WatermarkStatus[];
  #outputMs: TimeMs;
  #idle: boolean;

  constructor(restored: readonly ChannelStatus[]) {
    this.#watermarksMs = Float64Array.from(restored, (channel) => channel.watermarkMs);
    this.#statuses = restored.map((channel) => channel.status);
    this.#outputMs = restored.length === 0 ? WATERMARK_MIN : this.#combine();
    this.#idle = this.#allIdle();
  }

  /** The combined watermark; rises only. */
  get watermarkMs(): TimeMs {
    return this.#outputMs;
  }

  /** Nobody is active and somebody only idles. */
  get idle(): boolean {
    return this.#idle;
  }

  /** True if the combined watermark has risen. */
  advance(channel: number, watermarkMs: TimeMs): boolean {
    if (!(watermarkMs > (this.#watermarksMs[channel] ?? WATERMARK_MIN))) return false;
    this.#watermarksMs[channel] = watermarkMs;
    return this.#update();
  }

  /** True if the combined watermark has risen; `idle` may have changed too. */
  setStatus(channel: number, status: WatermarkStatus): boolean {
    if (this.#statuses[channel] === "finished") return false;
    this.#statuses[channel] = status;
    this.#idle = this.#allIdle();
    return this.#update();
  }

  snapshot(): ChannelStatus[] {
    return this.#statuses.map((status, channel) => ({ watermarkMs: this.#watermarksMs[channel] ?? WATERMARK_MIN, status }));
  }

  #update(): boolean {
    const combinedMs = this.#combine();
    if (!(combinedMs > this.#outputMs)) return false;
    this.#outputMs = combinedMs;
    return true;
  }

  #combine(): TimeMs {
    let minActiveMs = WATERMARK_MAX;
    let maxIdleMs = WATERMARK_MIN;
    let active = false;
    let idle = false;
    for (let channel = 0; channel < this.#statuses.length; channel += 1) {
      const watermarkMs = this.#watermarksMs[channel] ?? WATERMARK_MIN;
      const status = this.#statuses[channel];
      if (status === "active") {
        active = true;
        minActiveMs = Math.min(minActiveMs, watermarkMs);
      } else if (status === "idle") {
        idle = true;
        maxIdleMs = Math.max(maxIdleMs, watermarkMs);
      }
    }
    if (active) return minActiveMs;
    if (idle) return maxIdleMs;
    return this.#watermarksMs.reduce((lowMs, watermarkMs) => Math.min(lowMs, watermarkMs), WATERMARK_MAX);
  }

  #allIdle(): boolean {
    return !this.#statuses.includes("active") && this.#statuses.includes("idle");
  }
}
