/**
 * Time as idleness counts it: it stands still while back-pressure keeps records from being read, since such an input is not idle.
 *
 * In:  `pause` and `resume`, each as often as convenient; the running clock.
 * Out: `nowMs`, from an arbitrary start.
 */
import type { Clock } from "./clock.ts";

export class IdleClock {
  readonly #clock: Clock;
  #pausedMs = 0;
  #pausedSinceMs: number | undefined = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  nowMs(): number {
    return (this.#pausedSinceMs ?? this.#clock.elapsedMs()) - this.#pausedMs;
  }

  pause(): void {
    this.#pausedSinceMs ??= this.#clock.elapsedMs();
  }

  resume(): void {
    if (this.#pausedSinceMs === undefined) return;
    this.#pausedMs += this.#clock.elapsedMs() - this.#pausedSinceMs;
    this.#pausedSinceMs = undefined;
  }
}
