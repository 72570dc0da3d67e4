/**
 * Whether a task's chain can take more: the sum of all reasons to wait, one object per task.
 *
 * Reasons come from channels that are full and from operators that wait for something outside (a sink's buffer); beside them, an operator that
 * stopped in the middle marks the rest of the call stack busy. Hot code reads the plain field `busy`.
 */
import type { Availability } from "../operators/operator.ts";
import { assert } from "../util/errors.ts";

export class TaskAvailability implements Availability {
  busy: boolean;
  #reasons: number;
  readonly #onAvailable: () => void;

  constructor(onAvailable: () => void) {
    this.busy = false;
    this.#reasons = 0;
    this.#onAvailable = onAvailable;
  }

  /** Something outside the chain's own pending work holds it back. */
  get blocked(): boolean {
    return this.#reasons > 0;
  }

  block(): void {
    this.#reasons += 1;
    this.busy = true;
  }

  unblock(): void {
    assert(this.#reasons > 0, "a reason to wait is taken back once");
    this.#reasons -= 1;
    if (this.#reasons === 0) this.#onAvailable();
  }

  interrupted(): void {
    this.busy = true;
  }

  /** At the start of a step, before pending work is resumed. */
  refresh(): void {
    this.busy = this.#reasons > 0;
  }
}
