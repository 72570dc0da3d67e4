/**
 * Time as a parameter: the only way in which the engine reads a clock, waits, or lets others run.
 *
 * The real one is `system-clock.ts`; tests and the simulator hand in their own.
 */

/** Milliseconds since the epoch, as a double. `-Infinity` and `Infinity` are the first and the last watermark. */
export type TimeMs = number;

/** Takes back what was scheduled; does nothing if it has run. */
export type Cancel = () => void;

export interface Clock {
  /** Wall-clock time, as users see it in processing-time timers. May jump. */
  nowMs(): TimeMs;
  /** Time since an arbitrary start, with fractions of a ms. Never goes back; only for measuring how long something took. */
  elapsedMs(): number;
  /** Calls `callback` once, `delayMs` from now or later, never before this call returns. */
  schedule(delayMs: number, callback: () => void): Cancel;
  /** Calls `callback` once, as soon as other work that waits (I/O above all) had its turn. */
  yield(callback: () => void): void;
}
