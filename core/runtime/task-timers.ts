/**
 * Processing-time timers of a task: arms the clock for the earliest one, and fires what is due between records.
 *
 * One per keyed operator and service. Firing stops when the chain is busy and goes on in a later step.
 */
import type { Busy, InternalTimers } from "../state/timers.ts";
import type { Cancel, Clock, TimeMs } from "../time/clock.ts";

export class TaskTimers {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  readonly #services: InternalTimers[];
  #cancel: Cancel | undefined;
  #armedForMs: TimeMs;

  constructor(options: { readonly clock: Clock; readonly onDue: () => void }) {
    this.#clock = options.clock;
    this.#onDue = options.onDue;
    this.#services = [];
    this.#cancel = undefined;
    this.#armedForMs = Infinity;
  }

  add(timers: InternalTimers): void {
    this.#services.push(timers);
    timers.onEarlierProcessing((timeMs) => this.#arm(timeMs));
    this.#arm(timers.earliestProcessingMs());
  }

  /** Fires what is due; true when nothing due is left. Tail first, so that what fires downstream does not wait for upstream. */
  fire(busy: Busy): boolean {
    if (this.#armedForMs === Infinity) return true;
    const nowMs = this.#clock.nowMs();
    if (this.#armedForMs > nowMs) {
      // The clock has called before its time: it was set back meanwhile, or does not wait that long in one go.
      if (this.#cancel === undefined) this.#schedule(nowMs);
      return true;
    }
    if (busy.busy) return false;
    for (let index = this.#services.length - 1; index >= 0; index -= 1) {
      if (this.#services[index]?.fireProcessing(nowMs, busy) === false) return false;
    }
    this.#armedForMs = Infinity;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#arm(Math.min(...this.#services.map((timers) => timers.earliestProcessingMs())));
    return true;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#armedForMs = -Infinity;
  }

  #arm(timeMs: TimeMs): void {
    if (!(timeMs < this.#armedForMs)) return;
    this.#cancel?.();
    this.#armedForMs = timeMs;
    this.#schedule(this.#clock.nowMs());
  }

  #schedule(nowMs: TimeMs): void {
    this.#cancel = this.#clock.schedule(Math.max(0, this.#armedForMs - nowMs), () => {
      this.#cancel = undefined;
      this.#onDue();
    });
  }
}
