/**
 * Ctrl-C while a job runs: the first cancels it and lets it close, the second ends the process at once.
 *
 * In:  signals; the job's status, looked at after the first. Out: `cancel`; the end of the process, where the job cannot end, because what it waits for (a
 *      storage that never answers, mostly) does not come.
 */
import type { JobClient, JobStatus } from "../../api/job-client.ts";
import { exitCodeOf } from "./exit-codes.ts";
import { isFinal } from "./progress.ts";

const SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM"];

const LOOK_EVERY_MS = 100;
/** Its status is final: nothing is left to do but to remove checkpoints. */
const REMOVAL_MS_MAX = 10_000;
/** Beyond the time that tasks have to close, of which the engine makes sure. */
const CLOSING_MS_MAX = 10_000;

/** What this file uses of `process`. */
export interface SignalledProcess {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  exit(code: number): void;
}

export interface InterruptsOptions {
  readonly out: { write(text: string): unknown };
  /** `task.cancellation.timeout`. 0: tasks may close for ever. */
  readonly cancellationTimeoutMs: number;
  readonly process: SignalledProcess;
}

export class Interrupts {
  readonly #client: Pick<JobClient, "cancel" | "status">;
  readonly #options: InterruptsOptions;
  readonly #onSignal: (signal: NodeJS.Signals) => void;
  #first: NodeJS.Signals | undefined = undefined;
  #looking: NodeJS.Timeout | undefined = undefined;

  constructor(client: Pick<JobClient, "cancel" | "status">, options: InterruptsOptions) {
    this.#client = client;
    this.#options = options;
    this.#onSignal = (signal) => this.#signalled(signal);
    for (const signal of SIGNALS) options.process.on(signal, this.#onSignal);
  }

  /** The signal that cancelled the job. */
  get signal(): NodeJS.Signals | undefined {
    return this.#first;
  }

  /** From now on signals end the process, as they do without us. */
  stop(): void {
    clearInterval(this.#looking);
    for (const signal of SIGNALS) this.#options.process.off(signal, this.#onSignal);
  }

  #signalled(signal: NodeJS.Signals): void {
    const { out, process } = this.#options;
    if (this.#first !== undefined) return process.exit(exitCodeOf(signal));
    this.#first = signal;
    out.write("millrace: stopping the job; press Ctrl-C again to end at once\n");
    void this.#client.cancel();
    this.#wait(signal);
  }

  #wait(signal: NodeJS.Signals): void {
    const { out, process } = this.#options;
    let status: JobStatus = this.#client.status();
    let sinceMs = performance.now();
    this.#looking = setInterval(() => {
      const now = this.#client.status();
      if (isFinal(now) !== isFinal(status)) sinceMs = performance.now();
      status = now;
      if (performance.now() - sinceMs < this.#patienceMs(status)) return;
      this.stop();
      out.write(
        `millrace: the job is ${status} and does not end: what it waits for does not answer; ending without it\n`,
      );
      process.exit(exitCodeOf(signal));
    }, LOOK_EVERY_MS);
  }

  #patienceMs(status: JobStatus): number {
    if (isFinal(status)) return REMOVAL_MS_MAX;
    const { cancellationTimeoutMs } = this.#options;
    return cancellationTimeoutMs === 0 ? Infinity : cancellationTimeoutMs + CLOSING_MS_MAX;
  }
}
