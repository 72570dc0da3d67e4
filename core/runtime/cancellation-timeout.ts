/**
 * How long a task that is to end waits for the job's code: an `open` or a `close` that never settles must not keep the job from ending.
 *
 * In:    which call is under way; that the task is to end; that it is closed. Out: one call of `giveUp`, with a sentence that names the operator.
 * What was given up may settle later, and is closed then; nobody waits for it.
 */
import type { JobOperator } from "../graph/job-graph-types.ts";
import type { Cancel, Clock } from "../time/clock.ts";
import { OPTIONS } from "../util/config.ts";

export interface CancellationTimeoutOptions {
  readonly clock: Clock;
  /** 0: waits for ever. */
  readonly timeoutMs: number;
  /** `"count" (1/2)`, as sentences name the task. */
  readonly task: string;
  readonly giveUp: (sentence: string) => void;
}

export class CancellationTimeout {
  readonly #options: CancellationTimeoutOptions;
  #underWay: string | undefined = undefined;
  #cancel: Cancel | undefined = undefined;

  constructor(options: CancellationTimeoutOptions) {
    this.#options = options;
  }

  /** Until the next call. */
  waitsFor(call: "open" | "close", operator: JobOperator): void {
    this.#underWay = `${call}() of operator "${operator.name}" has not returned`;
  }

  /** From the first call on. */
  start(): void {
    const { clock, timeoutMs } = this.#options;
    if (timeoutMs > 0) this.#cancel ??= clock.schedule(timeoutMs, () => this.#expire());
  }

  stop(): void {
    this.#cancel?.();
  }

  #expire(): void {
    const { task, timeoutMs, giveUp } = this.#options;
    const what = this.#underWay ?? "its state was not read";
    giveUp(
      `task ${task} was to end, but ${what} within ${timeoutMs} ms (${OPTIONS.taskCancellationTimeout.key}): ` +
        "nobody waits for it any more, and what it holds stays open",
    );
  }
}
