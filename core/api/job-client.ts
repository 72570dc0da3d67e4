/**
 * What is handed to a cluster, and what comes back: the submission, the client of a running job, and the result of a finished one.
 *
 * Only contracts: `core/cluster` implements `JobClient`, and `environment.ts` hands submissions over.
 */
import type { StreamGraph } from "../graph/stream-graph.ts";
import type { MetricScope, MetricValue } from "../metrics/registry.ts";
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
}

export interface JobClient {
  readonly jobId: string;
  readonly jobName: string;
  status(): JobStatus;
  /** Ends the job without a savepoint; settles when all its tasks have ended. Does nothing if they have. */
  cancel(): Promise<void>;
  /** Takes a savepoint, commits what it contains, and ends the job. Returns the savepoint's path. */
  stopWithSavepoint(options?: StopOptions): Promise<string>;
  /** Returns the savepoint's path; the job goes on. */
  triggerSavepoint(options?: SavepointOptions): Promise<string>;
  /** Returns the id of the checkpoint, once it is complete. */
  triggerCheckpoint(): Promise<number>;
  /** Settles when the job has ended; rejects with the cause if it failed, and with a `MillraceError` if it was cancelled. */
  result(): Promise<JobResult>;
  /** Totals so far. */
  accumulators(): Readonly<Record<string, number>>;
  metrics(): readonly MetricSample[];
  /** The job graph that runs. */
  explain(options?: ExplainOptions): string;
}
