/**
 * What is handed to a cluster, and what comes back: the submission, the client of a running job, and the result of a finished one.
 *
 * Only contracts: `core/cluster` implements `JobClient`, and `environment.ts` hands submissions over.
 */
import type { StreamGraph } from "../graph/stream-graph.ts";
import type { MetricScope, MetricValue } from "../metrics/registry.ts";
import type { QuarantineReport } from "../operators/quarantine-report.ts";
import type { Config } from "../util/config.ts";

/** A job as the environment hands it over. The graph does not change any more. */
export interface JobSubmission {
  readonly jobName: string;
  readonly streamGraph: StreamGraph;
  readonly config: Config;
  /**
   * By id of the stream node: who gets what the node's sink sends with `sendToClient`, in the order of each subtask. Everything that was committed
   * reaches its listener before `JobClient.result` settles.
   */
  readonly listeners: ReadonlyMap<number, (value: unknown) => void>;
}

/** Flink's names. The last three are final. */
export type JobStatus =
  | "CREATED"
  | "RUNNING"
  | "FAILING"
  | "RESTARTING"
  | "CANCELLING"
  | "FINISHED"
  | "CANCELED"
  | "FAILED";

export interface SavepointOptions {
  /** Default: the option `execution.checkpointing.savepoint-dir`. */
  readonly directory?: string;
}

export interface StopOptions extends SavepointOptions {
  /** Sends the last watermark first, so that every window and event timer fires. Default: false, so that the job can go on from the savepoint. */
  readonly drain?: boolean;
}

export interface MetricSample {
  readonly scope: MetricScope;
  readonly name: string;
  readonly value: MetricValue;
}

export type ExplainFormat = "text" | "json" | "dot";

export interface ExplainOptions {
  /** Default: `"text"`. */
  readonly format?: ExplainFormat;
}

export interface JobResult {
  readonly jobId: string;
  readonly jobName: string;
  readonly durationMs: number;
  /** What the sources have read, over all attempts. */
  readonly records: number;
  readonly restarts: number;
  /** Completed checkpoints. */
  readonly checkpoints: number;
  /** Totals of what functions added with `RuntimeContext.accumulate`. */
  readonly accumulators: Readonly<Record<string, number>>;
  /** What operators could not process and have set aside: how many, and the oldest ten. Stateful functions set addresses aside. */
  readonly quarantined: QuarantineReport;
}

/**
 * The client of one job, from its start on. What it tells stays true when the job has ended.
 *
 * Source: Flink's `JobClient`.
 *
 * @example
 * numbers.print();
 * const job = await env.executeAsync("numbers");
 * const { records, durationMs } = await job.result();
 * console.log(`${job.jobName}: ${records} records in ${durationMs} ms, ${job.status()}`);
 */
export interface JobClient {
  readonly jobId: string;
  readonly jobName: string;
  /**
   * What the job does at the moment.
   *
   * Shape:  `JobStatus`; `"FINISHED"`, `"CANCELED"` and `"FAILED"` are final.
   * Source: Flink's `JobClient#getJobStatus`.
   *
   * @example
   * numbers.print();
   * const job = await env.executeAsync("numbers");
   * if (job.status() === "RESTARTING") console.log("it failed, and tries again");
   */
  status(): JobStatus;
  /**
   * Ends the job without a savepoint; settles when all its tasks have ended. Does nothing if they have.
   *
   * Shape:  a promise of nothing; it does not reject.
   * Errors: `MR7004` is what `result` rejects with from then on.
   * Source: Flink's `JobClient#cancel`.
   *
   * @example
   * numbers.print();
   * const job = await env.executeAsync("numbers");
   * await job.cancel();
   */
  cancel(): Promise<void>;
  /**
   * Takes a savepoint, commits what it contains, and ends the job. If a commit fails, the job starts again, only to commit.
   *
   * Shape:  the savepoint's path, once the job has ended.
   * Errors: `MR7003` no directory; `MR7005` the job has ended; what `result()` rejects with, if it could not commit;
   *         `MR5009`, `MR5010` it did not come about. If its tasks had stopped by then, the job fails with `MR5012`, and starts again from its last checkpoint.
   * Source: Flink's `JobClient#stopWithSavepoint`.
   *
   * @example
   * export async function stop(job: JobClient): Promise<void> {
   *   const path = await job.stopWithSavepoint({ directory: "savepoints" });
   *   console.log(`go on with --restore ${path}`);
   * }
   */
  stopWithSavepoint(options?: StopOptions): Promise<string>;
  /**
   * Takes a savepoint; the job goes on.
   *
   * Shape:  the savepoint's path, once it is complete.
   * Errors: `MR7003` no directory; `MR7005` the job has ended; `MR5009`, `MR5010` it did not come about.
   * Source: Flink's `JobClient#triggerSavepoint`.
   *
   * @example
   * export async function save(job: JobClient): Promise<string> {
   *   return await job.triggerSavepoint({ directory: "savepoints" });
   * }
   */
  triggerSavepoint(options?: SavepointOptions): Promise<string>;
  /**
   * Takes a checkpoint now, beside those that come by themselves.
   *
   * Shape:  the id of the checkpoint, once it is complete.
   * Errors: `MR7005` the job has ended; `MR5009`, `MR5010` it did not come about.
   * Source: Flink's `MiniCluster#triggerCheckpoint`.
   *
   * @example
   * export async function saveNow(job: JobClient): Promise<void> {
   *   console.log(`checkpoint ${await job.triggerCheckpoint()} is complete`);
   * }
   */
  triggerCheckpoint(): Promise<number>;
  /**
   * Waits for the end of the job.
   *
   * Shape:  `JobResult`, once the job has finished and everything is committed.
   * Errors: the cause, if the job failed; `MR7004` if it was cancelled.
   * Source: Flink's `JobClient#getJobExecutionResult`.
   *
   * @example
   * numbers.print();
   * const job = await env.executeAsync("numbers");
   * const { records } = await job.result();
   */
  result(): Promise<JobResult>;
  /**
   * Totals so far of what functions added with `RuntimeContext.accumulate`, over all subtasks.
   *
   * Shape:  totals by name; empty before the first.
   * Source: Flink's `JobClient#getAccumulators`.
   *
   * @example
   * export function malformed(job: JobClient): number {
   *   return job.accumulators()["malformed"] ?? 0;
   * }
   */
  accumulators(): Readonly<Record<string, number>>;
  /**
   * All metrics of the job as they are now; docs/metrics.md lists them.
   *
   * Shape:  one sample per metric and subtask.
   * Cost:   reads every gauge of the job.
   *
   * @example
   * numbers.print();
   * const job = await env.executeAsync("numbers");
   * await job.result();
   * const read = job.metrics().filter(({ name }) => name === "numRecordsIn");
   */
  metrics(): readonly MetricSample[];
  /**
   * The job graph that runs: what was chained, and how the parts are connected.
   *
   * Shape:  text for people, or `"json"`, or `"dot"` for Graphviz.
   * Source: the plan of a running job in Flink's REST interface, `/jobs/:jobid/plan`.
   *
   * @example
   * numbers.print();
   * const job = await env.executeAsync("numbers");
   * console.log(job.explain({ format: "dot" }));
   */
  explain(options?: ExplainOptions): string;
}
