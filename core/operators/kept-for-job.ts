/**
 * What the readers of one source keep over the attempts of a job, such as a subscription that must not begin anew.
 *
 * In:    what the first reader of a subtask makes. Out: the same for the readers of later attempts.
 * State: one object per subtask, in this process only; no checkpoint has it. It belongs to the graph of the job, and goes when the job is over.
 */
import type { KeptThing } from "./contracts/source.ts";

export class KeptForJob {
  readonly #bySubtask = new Map<number, KeptThing>();

  keep<K extends KeptThing>(subtask: number, create: () => K): K {
    const kept = this.#bySubtask.get(subtask);
    if (kept !== undefined) return kept as K; // the readers of one source keep one kind of thing
    const made = create();
    this.#bySubtask.set(subtask, made);
    return made;
  }

  /** The job is over. A failing `close` has nobody left to fail, and must not keep the others open. */
  close(): void {
    const all = [...this.#bySubtask.values()];
    this.#bySubtask.clear();
    for (const kept of all) {
      try {
        kept.close();
      } catch {
        // What it held goes with the process.
      }
    }
  }
}
