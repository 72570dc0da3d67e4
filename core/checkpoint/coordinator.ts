/**
 * The master's side of checkpoints: decides when one begins, collects what the tasks saved, makes it complete, and forgets what is no longer needed.
 *
 * In:    calls of the JobMaster, one at a time: its own wishes, and the messages of tasks. Answers of clock and storage come in the same thread.
 * Out:   triggers and notices to the tasks through `CheckpointParticipants`; metadata files; deletions; events to listeners.
 * State: `#pending` holds the checkpoints under way, the `CompletedCheckpointStore` the complete ones, `CheckpointCleanup` who needs which file.
 *
 *   asked for    trigger-schedule.ts (periodic), savepoint-requests.ts (users), final-checkpoint.ts (the end of the job)
 *   beginning.ts → the tasks acknowledge → completion.ts; or it is aborted from here
 *
 * A checkpoint is complete when the store has it, in three steps: all tasks acknowledged, the metadata file is durable, the store answered. A savepoint
 * is complete with its metadata file; it is not in the store, so nobody is told to commit anything for it (after a failure the job goes back to an older
 * checkpoint, and would commit it again), unless the job stops with it: then the store has it too.
 */
import type { CheckpointAck, SubtaskId, SubtaskSnapshot } from "../graph/messages.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { Clock } from "../time/clock.ts";
import { OPTIONS } from "../util/config.ts";
import type { Config } from "../util/config.ts";
import { assert, MillraceError } from "../util/errors.ts";
import { failed, succeeded } from "../util/outcome.ts";
import type { Done } from "../util/outcome.ts";
import { Beginning } from "./beginning.ts";
import { CheckpointCleanup } from "./cleanup.ts";
import { Completion } from "./completion.ts";
import type { CheckpointParticipants, CompletedCheckpoint, VertexDescription } from "./contract.ts";
import { CHECKPOINT_FAILURES } from "./failures.ts";
import type { CheckpointFailureReason } from "./failures.ts";
import { FailurePolicy } from "./failure-policy.ts";
import { FinalCheckpoint } from "./final-checkpoint.ts";
import type { PendingCheckpoint } from "./pending-checkpoint.ts";
import { refuse } from "./request.ts";
import type { CheckpointRequest, Refusal } from "./request.ts";
import { keepsCheckpoints } from "./retention.ts";
import type { JobEnd } from "./retention.ts";
import type { SavepointTarget } from "./savepoint.ts";
import { SavepointRequests } from "./savepoint-requests.ts";
import { CheckpointStatistics } from "./statistics.ts";
import type { CheckpointListener } from "./statistics.ts";
import type { CompletedCheckpointStore } from "./store.ts";
import { TriggerSchedule } from "./trigger-schedule.ts";

export interface CoordinatorOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly participants: CheckpointParticipants;
  /** What it has already belongs to the job, such as a snapshot that was claimed. */
  readonly store: CompletedCheckpointStore;
  readonly storage: BlobStore;
  /** The job's directory in `storage`; checkpoint n lies in `<directory>/chk-<n>`. Default: the root. */
  readonly directory?: string;
  readonly jobName: string;
  /** By vertex index; see `describeVertices`. */
  readonly vertices: () => readonly VertexDescription[];
  /** Above every id that was used in the directory. */
  readonly firstCheckpointId: number;
  readonly listeners?: readonly CheckpointListener[];
}

export class CheckpointCoordinator {
  readonly statistics: CheckpointStatistics = new CheckpointStatistics();
  readonly #options: CoordinatorOptions;
  readonly #schedule: TriggerSchedule;
  readonly #cleanup: CheckpointCleanup;
  readonly #listeners: readonly CheckpointListener[];
  readonly #concurrentMax: number;
  readonly #failures: FailurePolicy;
  /** In the order of ids. */
  readonly #pending = new Map<number, PendingCheckpoint>();
  #life: "stopped" | "running" | "shut down" = "stopped";
  /** Of those that the tasks were told of. */
  #newestCompletedId: number | undefined;
  readonly #beginning: Beginning;
  readonly #completion: Completion;
  readonly #savepoints: SavepointRequests;
  readonly #final: FinalCheckpoint;

  constructor(options: CoordinatorOptions) {
    const { config, clock } = options;
    const retained = options.store.retained();
    const newest = retained.at(-1);
    assert(
      newest === undefined || newest.checkpointId < options.firstCheckpointId,
      "checkpoint ids must go on above those that the store has",
    );
    const minPauseMs = config.get(OPTIONS.checkpointMinPause);
    this.#options = options;
    this.#listeners = [this.statistics, ...(options.listeners ?? [])];
    this.#concurrentMax = minPauseMs > 0 ? 1 : config.get(OPTIONS.checkpointMaxConcurrent);
    this.#failures = new FailurePolicy(config.get(OPTIONS.checkpointTolerableFailures));
    this.#newestCompletedId = newest?.checkpointId;
    this.#cleanup = new CheckpointCleanup({ storage: options.storage, store: options.store, pending: this.#pending });
    this.#beginning = this.#createBeginning();
    this.#completion = this.#createCompletion();
    this.#savepoints = new SavepointRequests({ clock, begin: (request) => this.#begin(request) });
    this.#final = new FinalCheckpoint(clock, () => this.#beginFinal());
    this.#schedule = new TriggerSchedule({
      clock,
      intervalMs: config.get(OPTIONS.checkpointInterval),
      minPauseMs,
      isFree: () => this.#refusal() === undefined && !this.#final.wanted,
      begin: () => this.#begin({ kind: "checkpoint", storage: options.storage }),
    });
  }

  /** The tasks run: periodic checkpoints begin, the first after one interval. Again after each restart. */
  start(): void {
    assert(
      this.#life === "stopped" && this.#completion.settled,
      "a checkpoint coordinator must be stopped and settled before it is started",
    );
    this.#life = "running";
    this.#savepoints.goOn();
    this.#schedule.start();
  }

  /**
   * The tasks do not run any more. Aborts what is under way, except what is being committed: `settled` is called once that is decided, and only then
   * does the store say what to restore from. May call it at once.
   */
  stop(reason: CheckpointFailureReason, settled?: () => void): void {
    if (this.#life === "running") this.#life = "stopped";
    this.#schedule.stop();
    this.#savepoints.giveUp(reason);
    this.#final.giveUp();
    for (const pending of [...this.#pending.values()]) if (pending.phase !== "committing") this.#abort(pending, reason);
    if (settled !== undefined) this.#completion.whenSettled(settled);
  }

  /** The job is over. Keeps or deletes its checkpoints, as configured; `done` is called when all that could be deleted is gone. */
  shutDown(end: JobEnd, done: () => void): void {
    this.stop("CHECKPOINT_COORDINATOR_SHUTDOWN", () => {
      this.#life = "shut down";
      const keeps = keepsCheckpoints(this.#options.config.get(OPTIONS.checkpointRetention), end);
      if (keeps) this.#cleanup.whenIdle(done);
      else this.#cleanup.dropAll(() => this.#cleanup.whenIdle(done));
    });
  }

  /** A checkpoint at once. Refused with `MR5010` while the limits of periodic ones forbid it. */
  trigger(done?: Done<CompletedCheckpoint>): void {
    const reason =
      this.#refusal() ?? (this.#schedule.pauseLeftMs() > 0 ? "MINIMUM_TIME_BETWEEN_CHECKPOINTS" : undefined);
    const request = { kind: "checkpoint", storage: this.#options.storage, ...(done && { done }) } as const;
    const refusal = reason === undefined ? this.#begin(request) : { reason };
    if (refusal !== undefined) refuse(done, refusal, this.#options.clock);
  }

  /** A savepoint, whatever else is under way. With `stop` no other checkpoint begins afterwards, and if it fails, the job fails. */
  triggerSavepoint(target: SavepointTarget, done: Done<CompletedCheckpoint>): void {
    if (this.#life === "running") this.#savepoints.request({ ...target, kind: "savepoint", done });
    else refuse(done, { reason: "NOT_ALL_REQUIRED_TASKS_RUNNING" }, this.#options.clock);
  }

  /** All tasks have reached their end and wait for the checkpoint that says so. Tried again until one completes. */
  triggerFinal(): void {
    if (this.#life !== "running" || this.#final.wanted) return;
    this.#final.want();
    this.#beginFinal();
  }

  acknowledge(ack: CheckpointAck): void {
    const pending = this.#pending.get(ack.checkpointId);
    if (pending === undefined) return this.#cleanup.acknowledgedLate(ack);
    if (!pending.accept(ack)) return;
    this.#cleanup.acknowledged(pending, ack);
    if (pending.isFullyAcknowledged()) this.#completion.acknowledged(pending);
  }

  /** A task could not take its part. Ignored if its acknowledgement is here, or the checkpoint does not know it. */
  decline(checkpointId: number, task: SubtaskId, reason: CheckpointFailureReason, cause: Error): void {
    const pending = this.#pending.get(checkpointId);
    if (pending?.waitsFor(task) === true) this.#abort(pending, reason, cause);
    this.#cleanup.willNotAcknowledge(checkpointId, task);
  }

  /** A task that has finished acknowledges nothing more: checkpoints that wait for it cannot complete, and what waited until it is gone can begin. */
  taskFinished(task: SubtaskId): void {
    for (const pending of [...this.#pending.values()])
      if (pending.waitsFor(task)) this.#abort(pending, "NOT_ALL_REQUIRED_TASKS_RUNNING");
    this.#savepoints.retry();
    this.#beginFinal();
  }

  /** What the newest checkpoint has of a subtask: after it finished, its last snapshot (`CheckpointPlan.finished`). */
  snapshotOf(vertex: number, subtask: number): SubtaskSnapshot | undefined {
    return this.#options.store.retained().at(-1)?.vertices[vertex]?.subtasks[subtask];
  }

  /** A savepoint that is to stop the job is under way: tasks that have passed its barrier read no more. */
  get isStopping(): boolean {
    return [...this.#pending.values()].some(({ options }) => options.stop !== undefined);
  }

  /** Ids of the checkpoints under way. */
  pendingIds(): readonly number[] {
    return [...this.#pending.keys()];
  }

  #refusal(): CheckpointFailureReason | undefined {
    if (this.#life !== "running") return "NOT_ALL_REQUIRED_TASKS_RUNNING";
    if (this.#savepoints.stopping) return "CHECKPOINT_COORDINATOR_SHUTDOWN";
    let underWay = 0;
    for (const pending of this.#pending.values()) if (pending.kind !== "savepoint") underWay += 1;
    return underWay >= this.#concurrentMax ? "TOO_MANY_CHECKPOINT_REQUESTS" : undefined;
  }

  #begin(request: CheckpointRequest): Refusal | undefined {
    return this.#beginning.begin(request, this.#newestCompletedId);
  }

  #beginFinal(): void {
    if (this.#life !== "running" || !this.#final.wanted || this.#savepoints.stopping) return;
    for (const pending of this.#pending.values()) if (pending.kind === "final") return;
    const refusal = this.#begin({ kind: "final", storage: this.#options.storage });
    if (refusal === undefined) return;
    this.#final.tryLater();
    if (refusal.cause === undefined) return;
    // Nobody else would ever hear of it: the job would wait for its end for ever.
    const sentence = `the last checkpoint could not begin, since ${CHECKPOINT_FAILURES[refusal.reason].sentence} (${refusal.reason}); see the cause`;
    this.#options.participants.failJob(new MillraceError("MR5009", sentence, { cause: refusal.cause }));
  }

  #createBeginning(): Beginning {
    const { config, clock, participants, directory = "", firstCheckpointId } = this.#options;
    return new Beginning({
      config,
      clock,
      participants,
      cleanup: this.#cleanup,
      listeners: this.#listeners,
      directory,
      firstCheckpointId,
      pending: this.#pending,
      expired: (pending) => {
        if (pending.phase !== "committing") this.#abort(pending, "CHECKPOINT_EXPIRED");
      },
    });
  }

  #createCompletion(): Completion {
    const { jobName, vertices, storage, clock, store } = this.#options;
    return new Completion({
      about: () => ({ jobName, vertices: vertices(), storage, clock }),
      store,
      cleanup: this.#cleanup,
      pending: this.#pending,
      completed: (pending, checkpoint) => this.#completed(pending, checkpoint),
      failed: (pending, cause, files) => this.#abort(pending, "FINALIZE_CHECKPOINT_FAILURE", cause, files),
    });
  }

  #completed(pending: PendingCheckpoint, checkpoint: CompletedCheckpoint): void {
    const { checkpointId, kind } = pending;
    const notifies = kind !== "savepoint" || pending.options.stop !== undefined;
    this.#end(pending);
    if (kind !== "savepoint") this.#failures.succeeded();
    if (kind === "final") this.#final.giveUp();
    if (notifies) {
      this.#newestCompletedId = checkpointId;
      this.#options.participants.completed(checkpointId);
      this.#subsume(checkpointId);
    }
    this.#cleanup.completed(pending);
    if (kind !== "savepoint") this.#cleanup.dropAllBut(this.#options.config.get(OPTIONS.checkpointRetained));
    const metrics = {
      durationMs: this.#options.clock.elapsedMs() - pending.startedMs,
      bytesWritten: pending.metrics.bytes,
      alignmentMs: pending.metrics.alignmentMs,
      inFlightBytes: pending.metrics.inFlightBytes,
    };
    for (const listener of this.#listeners) listener.completed?.(checkpoint, metrics);
    pending.done?.(succeeded(checkpoint));
    this.#schedule.poke();
  }

  /** Older ones are of no use any more: the tasks take the notice for all ids up to it. Savepoints are wanted for themselves. */
  #subsume(checkpointId: number): void {
    for (const older of [...this.#pending.values()]) {
      if (older.checkpointId < checkpointId && older.kind !== "savepoint") this.#abort(older, "CHECKPOINT_SUBSUMED");
    }
  }

  #abort(
    pending: PendingCheckpoint,
    reason: CheckpointFailureReason,
    cause?: Error,
    files?: { readonly keepFiles: boolean },
  ): void {
    const { participants } = this.#options;
    const isWriting = pending.phase === "writing";
    this.#cleanup.aborted(pending);
    this.#end(pending);
    if (!isWriting && files?.keepFiles !== true) this.#cleanup.discard(pending);
    participants.aborted(pending.checkpointId);
    for (const listener of this.#listeners) listener.aborted?.(pending.checkpointId, reason, cause);
    const sentence = `checkpoint ${pending.checkpointId} did not complete: ${CHECKPOINT_FAILURES[reason].sentence} (${reason})`;
    const error = new MillraceError("MR5009", sentence, { cause });
    pending.done?.(failed(error));
    if (pending.options.stop !== undefined) this.#savepoints.goOn();
    if (this.#life !== "running") return;
    if (pending.kind === "final" && this.#final.wanted) this.#final.tryLater();
    this.#schedule.poke();
    const fatal = this.#failures.failed(pending, reason, error);
    if (fatal !== undefined) participants.failJob(fatal);
  }

  #end(pending: PendingCheckpoint): void {
    pending.enter("ended");
    pending.cancelTimeout();
    this.#pending.delete(pending.checkpointId);
    if (pending.kind !== "savepoint") this.#schedule.ended();
  }
}
