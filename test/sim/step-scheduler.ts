/**
 * The scheduler of a simulated slot: every step of a task is an event of its own, with as many records as the dice say. Where tasks may be slow, some are: they
 * have no further step until the time of the last one is over, whoever wakes them.
 */
import type { Runnable, Seat, TaskScheduler } from "../../core/runtime/thread-scheduler.ts";
import type { Random } from "../../core/util/random.ts";
import type { SimProcess, SimScheduler } from "./scheduler.ts";

export interface StepSchedulerOptions {
  readonly scheduler: SimScheduler;
  readonly process: SimProcess;
  readonly random: Random;
  readonly recordsMax: number;
  /** How long a slow task takes for a step, at most; undefined: none is slow. */
  readonly slowMs: number | undefined;
}

/** Of ten tasks. */
const SLOW_OF_TEN = 6;

export class StepScheduler implements TaskScheduler {
  readonly #options: StepSchedulerOptions;

  constructor(options: StepSchedulerOptions) {
    this.#options = options;
  }

  add(runnable: Runnable): Seat {
    const { scheduler, process, random, recordsMax, slowMs } = this.#options;
    const stepMsMax = slowMs !== undefined && random.next() * 10 < SLOW_OF_TEN ? slowMs : 0;
    let freeAtMs = 0;
    let isScheduled = false;
    let isGone = false;
    const step = (): void => {
      isScheduled = false;
      if (isGone) return;
      const { clock } = process;
      if (runnable.runStep(clock.elapsedMs(), 1 + Math.floor(random.next() * recordsMax))) wake();
      runnable.stepEnded(clock.elapsedMs());
      if (stepMsMax > 0) freeAtMs = scheduler.nowMs + random.next() * stepMsMax;
    };
    const wake = (): void => {
      if (isScheduled || isGone) return;
      isScheduled = true;
      if (scheduler.nowMs < freeAtMs) scheduler.at(process, freeAtMs - scheduler.nowMs, step);
      else scheduler.soon(process, step);
    };
    return {
      wake,
      leave: () => {
        isGone = true;
      },
    };
  }
}
