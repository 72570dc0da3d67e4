/**
 * The contract of sinks, after Flink's Sink V2: a writer per subtask, and a committer that makes visible what a completed checkpoint contains.
 *
 * At a barrier the engine calls `flush`, then `prepareCommit`, then `snapshot`; the committables are saved with the checkpoint and committed once it is
 * complete. After a restore, everything in the restored state is committed first. A commit may be repeated after a crash, so it must be idempotent.
 */
import type { MetricGroup } from "../../metrics/registry.ts";
import type { Cancel, TimeMs } from "../../time/clock.ts";
import type { Config } from "../../util/config.ts";

/** `W` is the writer's state, `C` what is committed. Both are plain values. */
export interface Sink<T, W = never, C = never> {
  createWriter(ctx: SinkContext, restored: readonly W[]): SinkWriter<T, W, C>;
  /** Left out by sinks that have nothing to commit. */
  createCommitter?(ctx: SinkContext): Committer<C>;
  /** Who gets the writer states after a restore: each a part (`split`, the default), or all subtasks everything (`union`). */
  readonly writerState?: "split" | "union";
  /** More writers than this are refused while the graph is built. Default: no limit. */
  readonly parallelismMax?: number;
  /** Names what it writes, where two writers would lose each other's output: two sinks of one job with one name are refused. Default: may be shared. */
  readonly exclusive?: string;
  /** No checkpoint waits until it has written, so a failure may lose records: it keeps no guarantee. Default: it waits. */
  readonly mayLose?: boolean;
  /** In jobs that take no checkpoints, what is written is visible at once. Default: when all sources have ended, where there is a committer. */
  readonly commitsWithoutCheckpoints?: boolean;
}

export interface WriteContext {
  readonly timestampMs: TimeMs;
  readonly currentWatermarkMs: TimeMs;
}

export interface SinkWriter<T, W, C> {
  write(value: T, ctx: WriteContext): void;
  writeWatermark?(watermarkMs: TimeMs): void;
  /** Everything written so far reaches the outside, durable where that is promised. No record is written before it settles. */
  flush?(endOfInput: boolean): void | Promise<void>;
  /** What the coming checkpoint will commit. Called after `flush`. */
  prepareCommit?(checkpointId: number): readonly C[];
  /**
   * Called after `prepareCommit`. `uncommitted`: everything that this checkpoint contains of this subtask and that is not known to be committed, in the
   * order of the checkpoints: what was just prepared, what earlier checkpoints prepared, and what was restored (also of other subtasks, if the
   * parallelism has changed). Empty without a committer.
   */
  snapshot?(checkpointId: number, uncommitted: readonly C[]): readonly W[];
  /**
   * The checkpoint is complete, and with it all earlier ones. Called before the first of its committables is given to the committer, and at any time
   * otherwise: also during a flush, and after the last record. Not for every checkpoint: some are aborted, and a word may be lost with its attempt.
   */
  checkpointCompleted?(checkpointId: number): void;
  close?(): void | Promise<void>;
}

export interface CommitRequest<C> {
  readonly committable: C;
  /** 0 the first time. */
  readonly retries: number;
  /** Commit again later, with backoff; at most `sink.committer.retries` times, by default 10 (43 s), and then the job fails. */
  retryLater(): void;
  updateAndRetryLater(committable: C): void;
  signalAlreadyCommitted(): void;
  /** The committable is lost for a known reason: counted, said in a warning with the operator and the reason, and the job goes on. */
  signalFailedWithKnownReason(error: unknown): void;
  /** Fails the job. */
  signalFailedWithUnknownReason(error: unknown): void;
}

export interface Committer<C> {
  /** Requests that are not signalled are committed when it settles. A rejection fails the job, which commits again after the restart. */
  commit(requests: readonly CommitRequest<C>[]): void | Promise<void>;
  /**
   * A savepoint is about to contain these. They must stay committable, since somebody may start from it though this job never commits them: after a
   * failure it may go back to an older checkpoint that does not know them, and write their records again. Called at the barrier, which waits; perhaps
   * again with some of the same, and while a commit is under way. Left out: a savepoint is good only until the job fails.
   */
  keepForSavepoint?(committables: readonly C[]): void | Promise<void>;
  close?(): void | Promise<void>;
}

export interface SinkContext {
  readonly subtaskIndex: number;
  readonly parallelism: number;
  readonly attempt: number;
  /** Orders attempts under different masters, see `TaskInfo`. */
  readonly masterToken: number;
  readonly jobName: string;
  readonly jobId: string;
  /** True if this attempt starts from a checkpoint or savepoint. */
  readonly restored: boolean;
  readonly metrics: MetricGroup;
  readonly config: Config;
  nowMs(): TimeMs;
  /** The writer's buffer is full: no record is written until `unblock`. */
  block(): void;
  unblock(): void;
  /** Runs `mail` in the task, between records. */
  execute(mail: () => void): void;
  schedule(delayMs: number, mail: () => void): Cancel;
  /** To the sink's listener beside the client (results of `executeAndCollect`, rxjs). Plain data, in order. */
  sendToClient(value: unknown): void;
  fail(error: unknown): void;
}
