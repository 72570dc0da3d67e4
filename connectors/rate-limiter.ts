/**
 * Spreads records over time: a source asks how many it may emit now, and how long to wait if none.
 *
 * In:    the task's clock, which may jump. Out: whole records.
 * State: credit since the last question, at most a tenth of a second's worth, so that a source that was held up does not flood what follows.
 */

const BURST_MS = 100;

export class RateLimiter {
  readonly #perMs: number;
  readonly #creditMax: number;
  #credit = 1;
  #lastMs: number;

  /** `perSecond` above zero, may be a fraction. */
  constructor(perSecond: number, nowMs: number) {
    this.#perMs = perSecond / 1_000;
    this.#creditMax = Math.max(1, this.#perMs * BURST_MS);
    this.#lastMs = nowMs;
  }

  /** Records that may be emitted at once. */
  available(nowMs: number): number {
    if (nowMs > this.#lastMs)
      this.#credit = Math.min(this.#creditMax, this.#credit + (nowMs - this.#lastMs) * this.#perMs);
    this.#lastMs = nowMs;
    // Sums of fractions fall short of a whole record by an error of rounding; the timer for it has already run.
    return Math.floor(this.#credit + 1e-6);
  }

  /** So many were emitted. */
  take(records: number): void {
    this.#credit -= records;
  }

  /** Until the next record may go; at least 1 ms. */
  waitMs(): number {
    return Math.max(1, Math.ceil((1 - this.#credit) / this.#perMs));
  }
}
