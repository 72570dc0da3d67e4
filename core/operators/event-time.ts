/**
 * The watermark of an operator with timers: it passes on only after every timer that it makes due has fired.
 *
 * In:    rising watermarks, the idleness of the input, `resume` of the task.
 * Out:   calls of the timers' target; then the watermark, then the idleness.
 * State: `watermarkMs`, which the task saves. Timers that are due and have not fired are in the keyed state, so a barrier may pass between two of them;
 *        a restored operator fires them by itself.
 *
 * Firing stops between two timers when downstream takes no more. A watermark that comes meanwhile only raises the goal.
 */
import type { KeyedState } from "../state/keyed-state.ts";
import type { InternalTimers } from "../state/timers.ts";
import type { TimeMs } from "../time/clock.ts";
import { WATERMARK_MIN } from "../time/watermark.ts";
import type { Availability, OperatorServices, Output, Pending } from "./operator.ts";

export class EventTime {
  watermarkMs: TimeMs;
  pending: Pending = "none";
  readonly #timers: InternalTimers;
  readonly #keyedState: KeyedState;
  readonly #output: Output<never>;
  readonly #availability: Availability;
  /** What downstream was told last; less than `watermarkMs` only while timers are firing, and after a restore. */
  #toldMs: TimeMs = WATERMARK_MIN;
  /** What the input said of its idleness while the watermark was under way. */
  #idle: boolean | undefined = undefined;

  constructor(services: OperatorServices<never>, timers: InternalTimers) {
    this.watermarkMs = services.restoredWatermarkMs;
    this.#timers = timers;
    this.#keyedState = services.keyedState;
    this.#output = services.output;
    this.#availability = services.availability;
    services.metrics.gauge("currentOutputWatermark", () => this.#toldMs);
    if (this.watermarkMs > WATERMARK_MIN) services.execute(() => this.advance(this.watermarkMs));
  }

  /** A watermark behind the restored one is old news and goes no further. */
  advance(watermarkMs: TimeMs): void {
    if (watermarkMs < this.watermarkMs) return;
    this.watermarkMs = watermarkMs;
    this.#keyedState.advanceWatermark(watermarkMs);
    this.resume();
  }

  processIdle(idle: boolean): void {
    if (this.pending === "none") this.#output.processIdle(idle);
    else this.#idle = idle;
  }

  resume(): void {
    if (this.#availability.busy || !this.#timers.fireEvent(this.watermarkMs, this.#availability)) {
      this.pending = "interruptible";
      this.#availability.interrupted();
      return;
    }
    this.pending = "none";
    if (this.watermarkMs > this.#toldMs) {
      this.#toldMs = this.watermarkMs;
      this.#output.processWatermark(this.watermarkMs);
    }
    if (this.#idle === undefined) return;
    const idle = this.#idle;
    this.#idle = undefined;
    this.#output.processIdle(idle);
  }
}
