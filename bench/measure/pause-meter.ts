/** The times between two looks at the clock, one look every 64 records. A function of its own per subtask; saves what it has seen when it is closed. */
import type { LifeCycle } from "millrace";
import { Durations } from "./durations.ts";

const LOOK_EVERY = 64;

export class PauseMeter implements LifeCycle {
  readonly #directory: string;
  readonly #name: string;
  readonly #pauses: Durations;
  #records: number;
  #lastMs: number;

  constructor(directory: string, name: string) {
    this.#directory = directory;
    this.#name = name;
    this.#pauses = new Durations();
    this.#records = 0;
    this.#lastMs = 0;
  }

  /** `counts`: pauses before the state is full are those of growing it. */
  record(counts: boolean): void {
    this.#records += 1;
    if (this.#records % LOOK_EVERY !== 0) return;
    const nowMs = performance.now();
    if (counts && this.#lastMs > 0) this.#pauses.record(nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }

  close(): void {
    this.#pauses.save(this.#directory, this.#name);
  }
}
