/** Where the readers of a job can be held up, and where a test hears how far they are. */

/** Stops the readers of a job at a number of records, counted over all of them and all attempts. */
export class Gate {
  emitted = 0;
  #limit = Infinity;
  #waiting: (() => void)[] = [];
  #watchers: { readonly at: number; readonly tell: () => void }[] = [];

  /** How many more records may pass. */
  get room(): number {
    return this.#limit - this.emitted;
  }

  closeAt(limit: number): void {
    this.#limit = limit;
  }

  open(): void {
    this.#limit = Infinity;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  passed(records: number): void {
    this.emitted += records;
    const due = this.#watchers.filter(({ at }) => at <= this.emitted);
    this.#watchers = this.#watchers.filter(({ at }) => at > this.emitted);
    for (const { tell } of due) tell();
  }

  /** Settles once that many records have passed. */
  reached(at: number): Promise<void> {
    if (at <= this.emitted) return Promise.resolve();
    return new Promise((tell) => this.#watchers.push({ at, tell }));
  }

  whenOpen(wake: () => void): void {
    this.#waiting.push(wake);
  }
}
