/**
 * How long so many records take, by the clock and by the processor time of the process.
 *
 * In:    each record, when it is seen. Out: the time from the first record to the last, or to `stop`. State: a count, and two moments.
 *
 * Starting, connecting and joining a group are not in it: a bare loop and a job differ in them, and both do them once.
 */
export interface Taken {
  readonly tookMs: number;
  /** Of all threads of the process: on a busy machine the figure that repeats. */
  readonly cpuMs: number;
}

export class StopWatch {
  /** Settles with the last record. */
  readonly allSeen: Promise<void>;
  readonly #records: number;
  #seen = 0;
  /** Of all weights: what is added up is not optimised away. */
  #sum = 0;
  #startedMs = 0;
  #endedMs = 0;
  #cpuStartedUs = 0;
  #cpuEndedUs = 0;
  #onAllSeen: () => void = () => undefined;

  constructor(records: number) {
    this.#records = records;
    this.allSeen = new Promise((resolve) => (this.#onAllSeen = resolve));
  }

  /** Hot. `weight`: a number that depends on the record. */
  see(weight: number): void {
    this.#sum += weight;
    if (this.#seen++ === 0) this.#start();
    if (this.#seen === this.#records) {
      this.stop();
      this.#onAllSeen();
    }
  }

  /** The work goes on behind the last record, and ends here. */
  stop(): void {
    this.#endedMs = performance.now();
    this.#cpuEndedUs = cpuUs();
  }

  taken(): Taken {
    if (this.#seen !== this.#records || Number.isNaN(this.#sum))
      throw new Error(`${this.#seen} of ${this.#records} records were seen: the figures would be wrong`);
    return {
      tookMs: this.#endedMs - this.#startedMs,
      cpuMs: (this.#cpuEndedUs - this.#cpuStartedUs) / 1_000,
    };
  }

  #start(): void {
    this.#startedMs = performance.now();
    this.#cpuStartedUs = cpuUs();
  }
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
