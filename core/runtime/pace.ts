/**
 * How many records a task may take in one step: fewer where they take long, so that mails, barriers, cancels and the frames of other threads need not wait
 * for a thousand slow calls of the user's code.
 *
 * State: the bound, and nothing else: it follows what the steps before took.
 */

/** What the input of a step may take, about. */
const INPUT_MS = 4;

export class Pace {
  #recordsMax: number = Infinity;

  /** `limit`: what there would be time for, were records fast. */
  bounded(limit: number): number {
    return Math.min(limit, this.#recordsMax);
  }

  /** A step that was allowed `recordsMax` records took so long over them. `isCut`: it might have taken more. */
  took(elapsedMs: number, recordsMax: number, isCut: boolean): void {
    if (elapsedMs > INPUT_MS) this.#recordsMax = Math.max(1, Math.floor((recordsMax * INPUT_MS) / elapsedMs));
    else if (isCut && elapsedMs * 2 <= INPUT_MS) this.#recordsMax = recordsMax * 2;
  }
}
