/**
 * An executor that runs nothing: it keeps submissions, and the test says how each job ends. Stands in for `core/cluster/local.ts`, where only the hand-over
 * matters.
 */
import type { JobClient, JobResult, JobSubmission } from "../../../core/api/job-client.ts";

export class FakeJob implements JobClient {
  readonly jobId: string = "0".repeat(32);
  readonly jobName: string;
  readonly submission: JobSubmission;
  cancelled = 0;
  readonly #result: PromiseWithResolvers<JobResult>;

  constructor(submission: JobSubmission) {
    this.jobName = submission.jobName;
    this.submission = submission;
    this.#result = withResolvers<JobResult>();
    this.#result.promise.catch(() => undefined);
  }

  /** What the sink at the node of that kind sends. */
  send(kind: string, value: unknown): void {
    for (const { id } of this.submission.streamGraph.nodes.filter((node) => node.kind === kind))
      this.submission.listeners.get(id)?.(value);
  }

  finish(): void {
    const { jobId, jobName } = this;
    this.#result.resolve({
      jobId,
      jobName,
      durationMs: 1,
      records: 0,
      restarts: 0,
      checkpoints: 0,
      accumulators: {},
      quarantined: { count: 0, first: [] },
    });
  }

  fail(cause: unknown): void {
    this.#result.reject(cause);
  }

  result(): Promise<JobResult> {
    return this.#result.promise;
  }

  cancel(): Promise<void> {
    this.cancelled += 1;
    this.fail(new Error("cancelled"));
    return Promise.resolve();
  }

  status(): "RUNNING" {
    return "RUNNING";
  }

  stopWithSavepoint(): Promise<string> {
    return Promise.resolve("");
  }

  triggerSavepoint(): Promise<string> {
    return Promise.resolve("");
  }

  triggerCheckpoint(): Promise<number> {
    return Promise.resolve(1);
  }

  accumulators(): Readonly<Record<string, number>> {
    return {};
  }

  metrics(): readonly never[] {
    return [];
  }

  explain(): string {
    return "";
  }
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (cause: unknown) => void;
}

/** `Promise.withResolvers` came with Node 22. */
function withResolvers<T>(): PromiseWithResolvers<T> {
  let settle: Pick<PromiseWithResolvers<T>, "resolve" | "reject"> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  if (settle === undefined) throw new Error("a promise calls its executor at once");
  return { promise, ...settle };
}
