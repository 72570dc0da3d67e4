/** The scheduler of a simulated slot: every step of a task is an event of its own, with as many records as the dice say. */
import type { Runnable, Seat, TaskScheduler } from "../../core/runtime/thread-scheduler.ts";
import type { Random } from "../../core/util/random.ts";
import type { SimProcess, SimScheduler } from "./scheduler.ts";

export interface StepSchedulerOptions {
  readonly scheduler: SimScheduler;
  readonly process: SimProcess;
  readonly random: Random;
  readonly recordsMax: number;
}

export class StepScheduler implements TaskScheduler {
  readonly #options: StepSchedulerOptions;

  constructor(options: StepSchedulerOptions) {
    this.#options = options;
  }

  add(runnable: Runnable): Seat {
    const { scheduler, process, random, recordsMax } = this.#options;
    let isScheduled = false;
    let isGone = false;
    const step = (): void => {
      isScheduled = false;
      if (isGone) return;
      const { clock } = process;
      if (runnable.runStep(clock.elapsedMs(), 1 + Math.floor(random.next() * recordsMax))) wake();
      runnable.stepEnded(clock.elapsedMs());
    };
    const wake = (): void => {
      if (isScheduled || isGone) return;
      isScheduled = true;
      scheduler.soon(process, step);
    };
    return {
      wake,
      leave: () => {
        isGone = true;
      },
    };
  }
}
