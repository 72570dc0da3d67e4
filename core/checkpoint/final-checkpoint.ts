/** Whether the last checkpoint of a job that is done is still wanted, and when it is tried again after a failure. */
import type { Cancel, Clock } from "../time/clock.ts";

const RETRY_MS = 1_000;

export class FinalCheckpoint {
  readonly #clock: Clock;
  readonly #begin: () => void;
  #wanted = false;
  #cancelRetry: Cancel | undefined = undefined;

  constructor(clock: Clock, begin: () => void) {
    this.#clock = clock;
    this.#begin = begin;
  }

  get wanted(): boolean {
    return this.#wanted;
  }

  want(): void {
    this.#wanted = true;
  }

  /** It is complete, or the tasks do not run any more. */
  giveUp(): void {
    this.#wanted = false;
    this.#cancelRetry?.();
  }

  tryLater(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = this.#clock.schedule(RETRY_MS, this.#begin);
  }
}
