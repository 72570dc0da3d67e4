/**
 * When the next periodic checkpoint is due: one interval after the last began, not before the minimum pause after the last ended, and not while
 * something else is in the way.
 *
 * In:   starts and ends of checkpoints. Out: calls of `begin`.
 */
import type { Cancel, Clock } from "../time/clock.ts";

export interface ScheduleOptions {
  readonly clock: Clock;
  /** 0: no periodic checkpoints. */
  readonly intervalMs: number;
  readonly minPauseMs: number;
  /** Whether one may begin now, the pause apart. If not, {@link TriggerSchedule.poke} tells when it may. */
  readonly isFree: () => boolean;
  readonly begin: () => void;
}

export class TriggerSchedule {
  readonly #options: ScheduleOptions;
  /** By `Clock.elapsedMs`; undefined while stopped. */
  #dueMs: number | undefined = undefined;
  #lastEndMs = -Infinity;
  #waits = false;
  #cancel: Cancel | undefined = undefined;

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  start(): void {
    this.stop();
    if (this.#options.intervalMs <= 0) return;
    this.#dueMs = this.#options.clock.elapsedMs() + this.#options.intervalMs;
    this.#arm();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#dueMs = undefined;
    this.#waits = false;
  }

  /** A checkpoint has completed or was aborted: the pause begins. */
  ended(): void {
    this.#lastEndMs = this.#options.clock.elapsedMs();
  }

  pauseLeftMs(): number {
    return Math.max(0, this.#lastEndMs + this.#options.minPauseMs - this.#options.clock.elapsedMs());
  }

  /** What was in the way may be gone. */
  poke(): void {
    if (!this.#waits) return;
    this.#waits = false;
    this.#arm();
  }

  #arm(): void {
    if (this.#dueMs === undefined) return;
    const delayMs = Math.max(this.#dueMs - this.#options.clock.elapsedMs(), this.pauseLeftMs(), 0);
    this.#cancel = this.#options.clock.schedule(delayMs, () => this.#fire());
  }

  #fire(): void {
    this.#cancel = undefined;
    if (!this.#options.isFree()) {
      this.#waits = true;
    } else if (this.pauseLeftMs() > 0) {
      this.#arm();
    } else {
      this.#dueMs = this.#options.clock.elapsedMs() + this.#options.intervalMs;
      this.#arm();
      this.#options.begin();
    }
  }
}
