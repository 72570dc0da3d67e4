/**
 * Where jobs are handed in: starts each with a master of its own, knows which there are, and passes on what clients want of one.
 *
 * In:   requests. Out: one answer for each. State: the jobs that run, and how the last ones ended.
 * One endpoint: requests have their turn one after the other, and what was awaited for one comes back as a message.
 */
import type { JobClient, JobResult } from "../api/job-client.ts";
import { asError, MillraceError } from "../util/errors.ts";
import type {
  DispatcherAnswer,
  DispatcherQuestion,
  DispatcherRequest,
  DispatcherValues,
  JobOverview,
  JobRequest,
  SubmittedJob,
} from "./dispatcher-messages.ts";
import type { Endpoint } from "./rpc/endpoint.ts";

/** A job with its master. */
export interface StartedJob {
  readonly client: JobClient;
  readonly config: SubmittedJob["config"];
}

export interface DispatcherOptions {
  /** Of its leadership: rises with every change. */
  readonly token: number;
  /** Its own. */
  readonly endpoint: Endpoint;
  /** Imports the module, and builds what it exports. Rejects with what is wrong with it. */
  prepare(request: JobRequest): Promise<() => StartedJob>;
}

type Answer = (answer: DispatcherAnswer) => void;
type Value = DispatcherValues[keyof DispatcherValues];

interface EndedJob {
  readonly overview: JobOverview;
  readonly result: JobResult | Error;
}

/** Of so many jobs that have ended it is known how. */
const ENDED_MAX = 100;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  /** By id; those that are not over. */
  readonly #running: Map<string, JobClient>;
  /** By id, in the order in which they ended. */
  readonly #ended: Map<string, EndedJob>;
  #isShutDown: boolean;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#running = new Map();
    this.#ended = new Map();
    this.#isShutDown = false;
  }

  /** A message. `answer` is called once, in a later one. */
  handle({ token, id, question }: DispatcherRequest, answer: Answer): void {
    const { endpoint } = this.#options;
    const post = (message: DispatcherAnswer): void => endpoint.post(() => answer(message));
    this.#answerTo(token, question).then(
      (value) => post({ id, ok: true, value }),
      (error: unknown) => post({ id, ok: false, error: asError(error) }),
    );
  }

  async #answerTo(token: number, question: DispatcherQuestion): Promise<Value> {
    if (token !== this.#options.token) {
      const sentence = `this was meant for dispatcher ${token}, and dispatcher ${this.#options.token} is asked: find out which one leads, and ask again`;
      throw new MillraceError("MR7016", sentence);
    }
    switch (question.kind) {
      case "submit":
        return this.#submit(question.job);
      case "list":
        return [
          ...[...this.#running.values()].map(overviewOf),
          ...[...this.#ended.values()].map(({ overview }) => overview),
        ];
      case "cancel":
        return this.#running.has(question.jobId)
          ? this.#job(question.jobId).cancel().then(nothing)
          : this.#known(question.jobId);
      case "savepoint":
        return this.#job(question.jobId).triggerSavepoint(question.options);
      case "stop":
        return this.#job(question.jobId).stopWithSavepoint(question.options);
      case "result":
        return this.#result(question.jobId);
      case "shut-down":
        this.#isShutDown = true;
        await Promise.all([...this.#running.values()].map((client) => client.cancel()));
        return undefined;
    }
  }

  async #submit(request: JobRequest): Promise<SubmittedJob> {
    this.#checkOpen();
    const start = await this.#options.prepare(request);
    // Meanwhile others had their turn.
    this.#checkOpen();
    const { client, config } = start();
    this.#running.set(client.jobId, client);
    const over = (result: JobResult | Error): void => this.#options.endpoint.post(() => this.#over(client, result));
    client.result().then(over, (error: unknown) => over(asError(error)));
    return { jobId: client.jobId, config };
  }

  #over(client: JobClient, result: JobResult | Error): void {
    this.#running.delete(client.jobId);
    this.#ended.set(client.jobId, { overview: overviewOf(client), result });
    const [oldest] = this.#ended.keys();
    if (oldest !== undefined && this.#ended.size > ENDED_MAX) this.#ended.delete(oldest);
  }

  async #result(jobId: string): Promise<JobResult> {
    const ended = this.#ended.get(jobId);
    if (ended === undefined) return this.#job(jobId).result();
    if (ended.result instanceof Error) throw ended.result;
    return ended.result;
  }

  #job(jobId: string): JobClient {
    const running = this.#running.get(jobId);
    if (running !== undefined) return running;
    this.#known(jobId);
    throw new MillraceError("MR7005", `the job ${jobId} does not run any more: ask for its result`, {
      retryable: false,
    });
  }

  /** Throws if there was never such a job, or too long ago. */
  #known(jobId: string): undefined {
    if (this.#ended.has(jobId)) return undefined;
    const sentence = `there is no job ${jobId}, and it is none of the last ${ENDED_MAX} that have ended: list the jobs`;
    throw new MillraceError("MR7017", sentence, { retryable: false });
  }

  #checkOpen(): void {
    if (this.#isShutDown) throw new MillraceError("MR7014", "the cluster is closed: make another one");
  }
}

function overviewOf(client: JobClient): JobOverview {
  return { jobId: client.jobId, jobName: client.jobName, status: client.status() };
}

function nothing(): undefined {
  return undefined;
}
