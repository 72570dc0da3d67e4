/** The clock of one simulated process: virtual time, seen with an offset and a drift of its own. What it schedules belongs to that process. */
import type { Cancel, Clock, TimeMs } from "../../core/time/clock.ts";
import type { SimProcess, SimScheduler } from "./scheduler.ts";

/** When true time begins. */
export const START_MS: TimeMs = Date.UTC(2030, 0, 1);

export class SimClock implements Clock {
  readonly #process: SimProcess;
  readonly #scheduler: SimScheduler;
  readonly #offsetMs: number;
  readonly #rate: number;

  constructor(
    process: SimProcess,
    scheduler: SimScheduler,
    { offsetMs, drift }: { readonly offsetMs: number; readonly drift: number },
  ) {
    this.#process = process;
    this.#scheduler = scheduler;
    this.#offsetMs = offsetMs;
    this.#rate = 1 + drift;
  }

  nowMs(): TimeMs {
    return Math.floor(START_MS + this.#offsetMs + this.elapsedMs());
  }

  elapsedMs(): number {
    return this.#scheduler.nowMs * this.#rate;
  }

  schedule(delayMs: number, callback: () => void): Cancel {
    return this.#scheduler.at(this.#process, Math.max(delayMs, 0) / this.#rate, callback);
  }

  yield(callback: () => void): void {
    this.#scheduler.soon(this.#process, callback);
  }
}
