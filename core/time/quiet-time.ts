/**
 * How long something has been quiet, as idleness counts it; that of one split stands still while the split is not read.
 *
 * In:  `active`, whenever it was; `setPaused`. Out: `lasts`. State: two times of the `IdleClock` that all splits of a source share, and which is read once for all of them.
 */
import type { IdleClock } from "./idle-clock.ts";

export class QuietTime {
  readonly #clock: IdleClock;
  #activeAtMs: number;
  #pausedAtMs: number | undefined = undefined;

  constructor(clock: IdleClock) {
    this.#clock = clock;
    this.#activeAtMs = clock.nowMs();
  }

  /** Not quiet until now, or until it was paused. */
  active(nowMs: number): void {
    this.#activeAtMs = this.#pausedAtMs ?? nowMs;
  }

  /** True if that is new. */
  setPaused(paused: boolean): boolean {
    if (paused === (this.#pausedAtMs !== undefined)) return false;
    const nowMs = this.#clock.nowMs();
    this.#activeAtMs += nowMs - (this.#pausedAtMs ?? nowMs);
    this.#pausedAtMs = paused ? nowMs : undefined;
    return true;
  }

  /** Never while it is paused. */
  lasts(nowMs: number, idlenessMs: number): boolean {
    return this.#pausedAtMs === undefined && nowMs - this.#activeAtMs >= idlenessMs;
  }
}
