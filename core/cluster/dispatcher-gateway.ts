/**
 * A Dispatcher as its clients reach it, wherever it is: calls become requests, answers settle the promises of the calls.
 *
 * In:   calls of clients; answers. Out: requests. State: calls that are not answered yet.
 */
import type { JobResult, SavepointOptions, StopOptions } from "../api/job-client.ts";
import { assert, MillraceError } from "../util/errors.ts";
import type {
  DispatcherAnswer,
  DispatcherQuestion,
  DispatcherRequest,
  DispatcherValues,
  JobOverview,
  JobRequest,
  SubmittedJob,
} from "./dispatcher-messages.ts";

export interface DispatcherGatewayOptions {
  /** Of the Dispatcher that is meant. */
  readonly token: number;
  ask(request: DispatcherRequest): void;
}

interface Waiting {
  resolve(value: DispatcherAnswer & { readonly ok: true }): void;
  reject(error: Error): void;
}

export class DispatcherGateway {
  readonly #options: DispatcherGatewayOptions;
  readonly #waiting: Map<number, Waiting>;
  #requests: number;

  constructor(options: DispatcherGatewayOptions) {
    this.#options = options;
    this.#waiting = new Map();
    this.#requests = 0;
  }

  submit(job: JobRequest): Promise<SubmittedJob> {
    return this.#ask({ kind: "submit", job });
  }

  list(): Promise<readonly JobOverview[]> {
    return this.#ask({ kind: "list" });
  }

  async cancel(jobId: string): Promise<void> {
    await this.#ask({ kind: "cancel", jobId });
  }

  savepoint(jobId: string, options: SavepointOptions = {}): Promise<string> {
    return this.#ask({ kind: "savepoint", jobId, options });
  }

  stop(jobId: string, options: StopOptions = {}): Promise<string> {
    return this.#ask({ kind: "stop", jobId, options });
  }

  result(jobId: string): Promise<JobResult> {
    return this.#ask({ kind: "result", jobId });
  }

  async shutDown(): Promise<void> {
    await this.#ask({ kind: "shut-down" });
  }

  answered(answer: DispatcherAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    assert(waiting !== undefined, "a Dispatcher answers once, and what it was asked");
    this.#waiting.delete(answer.id);
    if (answer.ok) waiting.resolve(answer);
    else waiting.reject(answer.error);
  }

  /** It cannot be reached any more: whether it has done what it was asked last, nobody knows here. */
  lost(cause: Error): void {
    const sentence = `the connection to the dispatcher was lost (${cause.message}); list the jobs, to see what it has done`;
    for (const waiting of this.#waiting.values()) waiting.reject(new MillraceError("MR7018", sentence, { cause }));
    this.#waiting.clear();
  }

  #ask<Q extends DispatcherQuestion>(question: Q): Promise<DispatcherValues[Q["kind"]]> {
    this.#requests += 1;
    const id = this.#requests;
    return new Promise((resolve, reject) => {
      // Whoever is asked answers with what belongs to the kind of question.
      this.#waiting.set(id, { resolve: ({ value }) => resolve(value as DispatcherValues[Q["kind"]]), reject });
      this.#options.ask({ token: this.#options.token, id, question });
    });
  }
}
