/**
 * Runs the tasks of one thread in turns, and lets everything else that lives in the thread (I/O, timers, the master) have its turn in between.
 *
 * It runs while some task has more to do and yields to the event loop every few milliseconds; with nothing to do it does not run at all. Nobody spins.
 */
import type { Clock } from "../time/clock.ts";

/** How long tasks run before others have their turn. */
const TURN_MS = 4;
/** A bound in steps too, for clocks that stand still. */
const ROUNDS_MAX = 64;

/** Records that a task may take before the next one has its turn. */
const RECORDS_PER_STEP = 1_024;

/** Something that can be run in turns. */
export interface Runnable {
  /** True: it has more to do right now. `nowMs`: when it begins, by `Clock.elapsedMs`. `recordsMax` bounds what it takes of its input. */
  runStep(nowMs: number, recordsMax: number): boolean;
  /** When the step ended: measured once for everyone, since a look at the clock costs as much as several records. */
  stepEnded(nowMs: number): void;
}

/** A runnable's place in the schedule. */
export interface Seat {
  /** It has something to do again. Cheap, may be called at any time. */
  wake(): void;
  leave(): void;
}

/** Who decides which of the tasks of a slot has its turn. */
export interface TaskScheduler {
  add(runnable: Runnable): Seat;
}

interface Entry {
  readonly runnable: Runnable;
  ready: boolean;
  gone: boolean;
}

export class ThreadScheduler implements TaskScheduler {
  readonly #clock: Clock;
  readonly #poll: () => void;
  #entries: Entry[];
  #scheduled: boolean;

  /** `poll` takes in what has arrived from other threads: called between steps, since the event loop has its turn too rarely for frames that others wait to send. */
  constructor(clock: Clock, poll: () => void = () => undefined) {
    this.#clock = clock;
    this.#poll = poll;
    this.#entries = [];
    this.#scheduled = false;
  }

  add(runnable: Runnable): Seat {
    const entry: Entry = { runnable, ready: false, gone: false };
    this.#entries.push(entry);
    return {
      wake: () => {
        entry.ready = true;
        if (!this.#scheduled) this.#schedule();
      },
      leave: () => {
        entry.gone = true;
        this.#entries = this.#entries.filter((other) => other !== entry);
      },
    };
  }

  #schedule(): void {
    this.#scheduled = true;
    this.#clock.yield(() => this.#turn());
  }

  #turn(): void {
    let nowMs = this.#clock.elapsedMs();
    const endMs = nowMs + TURN_MS;
    let more = true;
    for (let round = 0; more && round < ROUNDS_MAX; round += 1) {
      more = false;
      this.#poll();
      for (const entry of this.#entries) {
        if (!entry.ready || entry.gone) continue;
        entry.ready = false;
        if (entry.runnable.runStep(nowMs, RECORDS_PER_STEP)) entry.ready = true;
        nowMs = this.#clock.elapsedMs();
        entry.runnable.stepEnded(nowMs);
        if (nowMs >= endMs) round = ROUNDS_MAX;
      }
      more = this.#entries.some((entry) => entry.ready);
    }
    this.#scheduled = false;
    if (this.#entries.some((entry) => entry.ready)) this.#schedule();
  }
}
