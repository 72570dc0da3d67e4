/** Ctrl-C while a job runs: the first cancels it and lets it close, the second ends the process at once. */
import type { JobClient } from "../../api/job-client.ts";
import { exitCodeOf } from "./exit-codes.ts";

const SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM"];

export class Interrupts {
  readonly #onSignal: (signal: NodeJS.Signals) => void;
  #first: NodeJS.Signals | undefined;

  constructor(client: JobClient, out: NodeJS.WriteStream) {
    this.#first = undefined;
    this.#onSignal = (signal) => {
      if (this.#first !== undefined) process.exit(exitCodeOf(signal));
      this.#first = signal;
      out.write("millrace: stopping the job; press Ctrl-C again to end at once\n");
      void client.cancel();
    };
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  /** The signal that cancelled the job. */
  get signal(): NodeJS.Signals | undefined {
    return this.#first;
  }

  /** From now on signals end the process, as they do without us. */
  stop(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }
}
