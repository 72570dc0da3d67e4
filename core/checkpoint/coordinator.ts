/**
 * The master's side of checkpoints: decides when one begins, collects what the tasks saved, makes it complete, and forgets what is no longer needed.
 *
 * In:    calls of the JobMaster, one at a time: its own wishes, and the messages of tasks. Answers of clock and storage come in the same thread.
 * Out:   triggers and notices to the tasks through `CheckpointParticipants`; metadata files; deletions; events to listeners.
 * State: `#pending` holds the checkpoints under way, the `CompletedCheckpointStore` the complete ones, `SharedFiles` who needs which file.
 *
 * A checkpoint is complete when the store has it, in three steps: all tasks acknowledged, the metadata file is durable, the store answered. Commits
 * are made one at a time and in the order of ids. A savepoint is complete with its metadata file; it is never in the store, so nobody is told to
 * commit anything for it (after a failure the job goes back to an older checkpoint, and would commit it again), unless the job stops with it.
 */
import type {
  CheckpointAck,
  CheckpointKind,
  CheckpointOptions,
  SubtaskId,
  SubtaskSnapshot,
} from "../graph/messages.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { Clock } from "../time/clock.ts";
import { OPTIONS } from "../util/config.ts";
import type { Config } from "../util/config.ts";
import { asError, assert, MillraceError } from "../util/errors.ts";
import { failed, succeeded } from "../util/outcome.ts";
import type { Done } from "../util/outcome.ts";
import { CheckpointCleanup } from "./cleanup.ts";
import type { CheckpointParticipants, CompletedCheckpoint, VertexDescription } from "./contract.ts";
import { checkpointDirectory } from "./directories.ts";
import { CHECKPOINT_FAILURES } from "./failures.ts";
import type { CheckpointFailureReason } from "./failures.ts";
import { FailurePolicy } from "./failure-policy.ts";
import { FinalCheckpoint } from "./final-checkpoint.ts";
import { finalizeCheckpoint } from "./finalize.ts";
import { PendingCheckpoint } from "./pending-checkpoint.ts";
import { keepsCheckpoints } from "./retention.ts";
import type { JobEnd } from "./retention.ts";
import type { SavepointTarget } from "./savepoint.ts";
import { CheckpointStatistics } from "./statistics.ts";
import type { CheckpointListener } from "./statistics.ts";
import type { AddOutcome, CompletedCheckpointStore } from "./store.ts";
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

interface Request {
  readonly kind: CheckpointKind;
  readonly storage: BlobStore;
  /** Default: `chk-<id>` in the job's directory. */
  readonly directory?: string;
  readonly stop?: "suspend" | "drain";
  readonly done?: Done<CompletedCheckpoint>;
}

interface Refusal {
  readonly reason: CheckpointFailureReason;
  readonly cause?: Error;
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
  #nextId: number;
  /** Of those that the tasks were told of. */
  #newestCompletedId: number | undefined;
  #committing: PendingCheckpoint | undefined = undefined;
  /** Called when nothing is being committed. */
  #settled: (() => void)[] = [];
  /** Set from the trigger of a savepoint that stops the job until it fails. */
  #stopping = false;
  readonly #final: FinalCheckpoint;
  /** Savepoints that could not begin yet. */
  #waiting: Request[] = [];

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
    this.#nextId = options.firstCheckpointId;
    this.#newestCompletedId = newest?.checkpointId;
    this.#cleanup = new CheckpointCleanup({ storage: options.storage, store: options.store, pending: this.#pending });
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
      this.#life === "stopped" && this.#committing === undefined,
      "a checkpoint coordinator must be stopped and settled before it is started",
    );
    this.#life = "running";
    this.#stopping = false;
    this.#schedule.start();
  }

  /**
   * The tasks do not run any more. Aborts what is under way, except what is being committed: `settled` is called once that is decided, and only then
   * does the store say what to restore from. May call it at once.
   */
  stop(reason: CheckpointFailureReason, settled?: () => void): void {
    if (this.#life === "running") this.#life = "stopped";
    this.#schedule.stop();
    for (const { done } of this.#waiting.splice(0)) this.#answer(done, { reason });
    this.#final.giveUp();
    for (const pending of [...this.#pending.values()]) if (pending.phase !== "committing") this.#abort(pending, reason);
    if (settled === undefined) return;
    if (this.#committing === undefined) settled();
    else this.#settled.push(settled);
  }

  /** The job is over. Keeps or deletes its checkpoints, as configured; `done` is called when all that could be deleted is gone. */
  shutDown(end: JobEnd, done: () => void): void {
    this.stop("CHECKPOINT_COORDINATOR_SHUTDOWN", () => {
      this.#life = "shut down";
      if (!keepsCheckpoints(this.#options.config.get(OPTIONS.checkpointRetention), end)) this.#cleanup.dropAllBut(0);
      this.#cleanup.whenIdle(done);
    });
  }

  /** A checkpoint at once. Refused with `MR5010` while the limits of periodic ones forbid it. */
  trigger(done?: Done<CompletedCheckpoint>): void {
    const reason =
      this.#refusal() ?? (this.#schedule.pauseLeftMs() > 0 ? "MINIMUM_TIME_BETWEEN_CHECKPOINTS" : undefined);
    const request = { kind: "checkpoint", storage: this.#options.storage, ...(done && { done }) } as const;
    this.#answer(done, reason === undefined ? this.#begin(request) : { reason });
  }

  /** A savepoint at once, whatever else is under way. With `stop` no other checkpoint begins afterwards, and if it fails, the job fails. */
  triggerSavepoint(target: SavepointTarget, done: Done<CompletedCheckpoint>): void {
    const reason =
      this.#life !== "running"
        ? "NOT_ALL_REQUIRED_TASKS_RUNNING"
        : this.#stopping
          ? "CHECKPOINT_COORDINATOR_SHUTDOWN"
          : undefined;
    if (reason === undefined) this.#beginSavepoint({ ...target, kind: "savepoint", done });
    else this.#answer(done, { reason });
  }

  /** While a task is about to finish, it waits until that has. */
  #beginSavepoint(request: Request): void {
    const refusal = this.#begin(request);
    if (refusal?.reason === "NOT_ALL_REQUIRED_TASKS_RUNNING") this.#waiting.push(request);
    else if (refusal !== undefined) this.#answer(request.done, refusal);
    else if (request.stop !== undefined) this.#stopping = true;
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
    if (pending.isFullyAcknowledged()) this.#finalize(pending);
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
    for (const request of this.#waiting.splice(0)) {
      if (this.#stopping) this.#answer(request.done, { reason: "CHECKPOINT_COORDINATOR_SHUTDOWN" });
      else this.#beginSavepoint(request);
    }
    this.#beginFinal();
  }

  /** What the newest checkpoint has of a subtask: after it finished, its last snapshot (`CheckpointPlan.finished`). */
  snapshotOf(vertex: number, subtask: number): SubtaskSnapshot | undefined {
    return this.#options.store.retained().at(-1)?.vertices[vertex]?.subtasks[subtask];
  }

  /** Ids of the checkpoints under way. */
  pendingIds(): readonly number[] {
    return [...this.#pending.keys()];
  }

  #refusal(): CheckpointFailureReason | undefined {
    if (this.#life !== "running") return "NOT_ALL_REQUIRED_TASKS_RUNNING";
    if (this.#stopping) return "CHECKPOINT_COORDINATOR_SHUTDOWN";
    let underWay = 0;
    for (const pending of this.#pending.values()) if (pending.kind !== "savepoint") underWay += 1;
    return underWay >= this.#concurrentMax ? "TOO_MANY_CHECKPOINT_REQUESTS" : undefined;
  }

  #answer(done: Done<CompletedCheckpoint> | undefined, refusal: Refusal | undefined): void {
    if (done === undefined || refusal === undefined) return;
    const message = `no checkpoint was started, since ${CHECKPOINT_FAILURES[refusal.reason].sentence} (${refusal.reason}); try again later`;
    const error = new MillraceError("MR5010", message, { cause: refusal.cause });
    this.#options.clock.yield(() => done(failed(error)));
  }

  #begin(request: Request): Refusal | undefined {
    const { clock, config, participants } = this.#options;
    const plan = participants.plan();
    if (typeof plan === "string") return { reason: plan };
    if (plan.acknowledge.length === 0) return { reason: "NOT_ALL_REQUIRED_TASKS_RUNNING" };
    const checkpointId = this.#nextId;
    this.#nextId += 1;
    let coordinators;
    try {
      coordinators = participants.snapshotCoordinators(checkpointId);
    } catch (thrown) {
      return this.#neverBegan(checkpointId, request.kind, asError(thrown));
    }
    const pending: PendingCheckpoint = new PendingCheckpoint({
      checkpointId,
      options: this.#optionsOf(request, checkpointId),
      storage: request.storage,
      plan,
      coordinators,
      triggeredAtMs: clock.nowMs(),
      startedMs: clock.elapsedMs(),
      cancelTimeout: clock.schedule(config.get(OPTIONS.checkpointTimeout), () => this.#expire(pending)),
      done: request.done,
    });
    this.#pending.set(checkpointId, pending);
    this.#cleanup.began(pending);
    for (const listener of this.#listeners) listener.triggered?.(checkpointId, pending.kind);
    for (const task of plan.trigger) participants.trigger(task, checkpointId, pending.options);
    return undefined;
  }

  /** Operator coordinators that have saved their state, before another failed to, are told that it was for nothing. */
  #neverBegan(checkpointId: number, kind: CheckpointKind, cause: Error): Refusal {
    const reason = "TRIGGER_CHECKPOINT_FAILURE";
    this.#options.participants.aborted(checkpointId);
    for (const listener of this.#listeners) {
      listener.triggered?.(checkpointId, kind);
      listener.aborted?.(checkpointId, reason, cause);
    }
    return { reason, cause };
  }

  #optionsOf({ kind, directory, stop }: Request, checkpointId: number): CheckpointOptions {
    return {
      kind,
      directory: directory ?? checkpointDirectory(this.#options.directory ?? "", checkpointId),
      ...(stop !== undefined && { stop }),
      ...(this.#newestCompletedId !== undefined && { completedId: this.#newestCompletedId }),
    };
  }

  #beginFinal(): void {
    if (this.#life !== "running" || !this.#final.wanted || this.#stopping) return;
    for (const pending of this.#pending.values()) if (pending.kind === "final") return;
    const refusal = this.#begin({ kind: "final", storage: this.#options.storage });
    if (refusal === undefined) return;
    this.#final.tryLater();
    if (refusal.cause === undefined) return;
    // Nobody else would ever hear of it: the job would wait for its end for ever.
    const sentence = `the last checkpoint could not begin, since ${CHECKPOINT_FAILURES[refusal.reason].sentence} (${refusal.reason}); see the cause`;
    this.#options.participants.failJob(new MillraceError("MR5009", sentence, { cause: refusal.cause }));
  }

  #expire(pending: PendingCheckpoint): void {
    if (pending.phase !== "committing") this.#abort(pending, "CHECKPOINT_EXPIRED");
  }

  #finalize(pending: PendingCheckpoint): void {
    const { clock, jobName, storage, vertices } = this.#options;
    pending.enter("writing");
    this.#cleanup.hold();
    finalizeCheckpoint({ pending, jobName, vertices: vertices(), storage, clock }, (outcome) => {
      if (pending.phase === "ended") {
        this.#cleanup.discard(pending); // aborted meanwhile; only now can the metadata file not appear any more
      } else if (outcome.ok) {
        pending.written(outcome.value);
        this.#commitNext();
      } else {
        pending.enter("written");
        this.#abort(pending, "FINALIZE_CHECKPOINT_FAILURE", outcome.error);
      }
      this.#cleanup.unhold();
    });
  }

  /** One at a time, the oldest first: completed ids only increase. */
  #commitNext(): void {
    if (this.#committing !== undefined) return;
    for (const pending of this.#pending.values()) {
      if (pending.phase !== "written" || pending.checkpoint === undefined) continue;
      pending.enter("committing");
      this.#committing = pending;
      if (pending.kind === "savepoint") this.#committed(pending, { kind: "added" });
      else this.#options.store.add(pending.checkpoint, (outcome) => this.#committed(pending, outcome));
      return;
    }
  }

  #committed(pending: PendingCheckpoint, outcome: AddOutcome): void {
    this.#committing = undefined;
    if (outcome.kind === "added") {
      this.#completed(pending);
    } else {
      pending.enter("written");
      this.#abort(pending, "FINALIZE_CHECKPOINT_FAILURE", outcome.error, { keepFiles: outcome.kind === "unknown" });
    }
    const settled = this.#settled;
    this.#settled = [];
    for (const callback of settled) callback();
    this.#commitNext();
  }

  #completed(pending: PendingCheckpoint): void {
    const { checkpoint, checkpointId, kind } = pending;
    assert(checkpoint !== undefined, "a checkpoint is committed only after its metadata was written");
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
    if (pending.options.stop !== undefined) this.#stopping = false;
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
