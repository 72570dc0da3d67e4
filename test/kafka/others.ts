/**
 * Others who write into the input of a job while it runs, as a world outside: where a run goes back to a savepoint, they do too.
 *
 * In:    how often they do something. Out: that, step by step, in true time. State: how many steps are done.
 */
import type { OutsideMoment, OutsideSeams } from "../sim/outside-world.ts";

export interface OthersSeams {
  readonly everyMs: number;
  /** So often something happens. */
  readonly steps: number;
  entered(moment: Others): void;
  /** Whether the run goes on from this one, and from no other. */
  isCurrent(moment: Others): boolean;
  do(step: number): void;
  leave(): void;
}

export class Others implements OutsideMoment {
  readonly #seams: OthersSeams;
  #step: number;
  #isEntered = false;

  constructor(seams: OthersSeams, step: number) {
    this.#seams = seams;
    this.#step = step;
  }

  fork(): OutsideMoment {
    return new Others(this.#seams, this.#step);
  }

  enter({ scheduler }: OutsideSeams): void {
    this.#seams.entered(this);
    if (this.#isEntered) return;
    this.#isEntered = true;
    const { everyMs, steps } = this.#seams;
    // The last one once more: what was under way may have come to nothing.
    this.#step = Math.min(this.#step, steps - 1);
    const next = (): void =>
      void scheduler.at(undefined, everyMs, () => {
        if (!this.#seams.isCurrent(this)) return;
        this.#seams.do(this.#step++);
        if (this.#step < steps) next();
      });
    next();
  }

  leave(): void {
    this.#seams.leave();
  }
}
