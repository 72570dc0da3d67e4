/**
 * A clock that stands still until a test moves it. Callbacks run in the order of their times, then of their registration.
 *
 * In:  `advance` and `runYielded`, called by the test.
 * Out: the callbacks that were scheduled, each with the clock standing at its own time.
 */
import type { Cancel, Clock, TimeMs } from "../../core/time/clock.ts";

interface Alarm {
  readonly atMs: TimeMs;
  readonly callback: () => void;
}

/**
 * A clock that stands still until a test moves it.
 *
 * Shape:  a `Clock`, for the harness or for code of your own that takes one.
 * Time:   ms; begins at `startMs`. `advance` runs what falls due on the way, each callback at its own time.
 * Source: Flink's `ManualClock` and `TestProcessingTimeService`.
 *
 * @example
 * import { strict as assert } from "node:assert";
 * const clock = new ManualClock(1_000);
 * const heard: number[] = [];
 * clock.schedule(50, () => heard.push(clock.nowMs()));
 * clock.advance(100);
 * assert.deepEqual(heard, [1_050]);
 */
export class ManualClock implements Clock {
  #nowMs: TimeMs;
  #elapsedMs = 0;
  /** Sorted by time; equal times in the order of registration. */
  #alarms: Alarm[] = [];
  #yielded: (() => void)[] = [];

  constructor(startMs: TimeMs = 0) {
    this.#nowMs = startMs;
  }

  /** The time at which the clock stands. */
  nowMs(): TimeMs {
    return this.#nowMs;
  }

  /** How far the test moved it. */
  elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** Runs `callback` once, when the clock has moved on by `delayMs`; returns how to cancel it. */
  schedule(delayMs: number, callback: () => void): Cancel {
    const alarm: Alarm = { atMs: this.#nowMs + Math.max(delayMs, 0), callback };
    const behind = this.#alarms.findIndex((other) => other.atMs > alarm.atMs);
    this.#alarms.splice(behind === -1 ? this.#alarms.length : behind, 0, alarm);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  }

  /** Runs `callback` with the next `advance` or `runYielded`. */
  yield(callback: () => void): void {
    this.#yielded.push(callback);
  }

  /** When the next callback falls due; undefined: none waits. */
  get nextAlarmMs(): TimeMs | undefined {
    return this.#alarms[0]?.atMs;
  }

  /** Callbacks that still wait, for tests that look for leaks. */
  get alarms(): number {
    return this.#alarms.length;
  }

  /** Runs what was handed to `yield`, also what is handed over meanwhile. */
  runYielded(): void {
    for (let callback = this.#yielded.shift(); callback !== undefined; callback = this.#yielded.shift()) callback();
  }

  /** Moves on by `ms` and runs everything that falls due on the way, also what is scheduled on the way. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    this.runYielded();
    for (let next = this.#alarms[0]; next !== undefined && next.atMs <= endMs; next = this.#alarms[0]) {
      this.#alarms.shift();
      this.#moveTo(Math.max(next.atMs, this.#nowMs));
      next.callback();
      this.runYielded();
    }
    this.#moveTo(endMs);
  }

  #moveTo(timeMs: TimeMs): void {
    this.#elapsedMs += timeMs - this.#nowMs;
    this.#nowMs = timeMs;
  }
}
