/**
 * The master of one job: has its tasks scheduled, hears their reports, coordinates sources and checkpoints, and says what became of the job.
 *
 * In:   reports of tasks, calls of the client, news of slots. Out: messages to slots; the outcome of the job, once.
 * One endpoint: every method runs in its turn, none inside another's stack. Reports of earlier attempts are dropped.
 *
 * Who runs where, and what starts again after a failure, is the scheduler's; here is what else that concerns. While not all tasks run there are no checkpoints:
 * what is under way is aborted, and tells all tasks, whether they start again or not.
 */
import type { CheckpointCoordinator } from "../checkpoint/coordinator.ts";
import type { CheckpointParticipants, CheckpointPlan } from "../checkpoint/contract.ts";
import type { JobEnd } from "../checkpoint/retention.ts";
import type { CheckpointFailureReason } from "../graph/checkpoint-failures.ts";
import type { Execution } from "../graph/execution-graph.ts";
import type { Subtask } from "../graph/job-graph-types.ts";
import { isTaskToLoop } from "../graph/loop-events.ts";
import type { CheckpointAck, CheckpointOptions, SubtaskId } from "../graph/messages.ts";
import type { ReaderToCoordinator } from "../operators/contracts/source-events.ts";
import { mergedReports } from "../operators/quarantine-report.ts";
import type { QuarantineReport } from "../operators/quarantine-report.ts";
import type { TaskReports } from "../runtime/deployment.ts";
import { planCheckpoint } from "./checkpoint-plan.ts";
import { EndedTasks, subtaskKey } from "./ended-tasks.ts";
import type { JobOutcome, JobPhaseName } from "./job-phase.ts";
import type { LoopCoordinators } from "./loop-coordinators.ts";
import { Scheduler } from "./scheduler.ts";
import type { SchedulerParts } from "./scheduler.ts";
import type { Slot } from "./slot-pool.ts";
import type { SourceCoordinators } from "./source-coordinators.ts";

export type { JobOutcome, JobPhaseName } from "./job-phase.ts";

export interface JobMasterParts extends Pick<
  SchedulerParts,
  | "jobName"
  | "jobId"
  | "masterToken"
  | "graph"
  | "config"
  | "clock"
  | "slots"
  | "restartStrategy"
  | "store"
  | "restorePoint"
> {
  createSources(master: JobMaster): SourceCoordinators;
  createLoops(master: JobMaster): LoopCoordinators;
  createCheckpoints(participants: CheckpointParticipants): CheckpointCoordinator;
  /** What a sink at this node sends to the client. */
  toClient(node: number, value: unknown): void;
  onPhase(phase: JobPhaseName): void;
  /** A failure that the job may survive, or the one that it did not. */
  onFailure(cause: Error, restartInMs: number | undefined): void;
  /** These are about to be deployed, perhaps once more: until now the metrics of their last attempts can be read. */
  onDeploying?(subtasks: readonly Subtask[]): void;
  /** Keeps the outcome where a later master finds it, before anything is forgotten that it would start from. Left out: nobody comes after this master. */
  keepOutcome?(outcome: JobOutcome, done: () => void): void;
  /** Called once, when everything is closed and no checkpoint is left that should not be. */
  onEnded(outcome: JobOutcome): void;
}

/** How checkpoints see the ways in which a job is over. */
const ENDS: Readonly<Record<JobOutcome["kind"], JobEnd>> = {
  finished: "FINISHED",
  canceled: "CANCELED",
  failed: "FAILED",
};

export class JobMaster implements TaskReports, CheckpointParticipants {
  readonly #parts: JobMasterParts;
  readonly #scheduler: Scheduler;
  readonly #sources: SourceCoordinators;
  readonly #loops: LoopCoordinators;
  readonly #checkpoints: CheckpointCoordinator;
  readonly #ended: EndedTasks;
  /** By task. */
  readonly #accumulated: Map<string, Readonly<Record<string, number>>>;
  /** By task; of those that have finished. */
  readonly #quarantined: Map<string, QuarantineReport>;

  constructor(parts: JobMasterParts) {
    this.#parts = parts;
    this.#scheduler = this.#createScheduler();
    this.#sources = parts.createSources(this);
    this.#loops = parts.createLoops(this);
    this.#checkpoints = parts.createCheckpoints(this);
    this.#ended = new EndedTasks();
    this.#accumulated = new Map();
    this.#quarantined = new Map();
  }

  get checkpoints(): CheckpointCoordinator {
    return this.#checkpoints;
  }

  /** How often the job, or a part of it, was started again. */
  get restarts(): number {
    return this.#scheduler.restarted;
  }

  start(): void {
    this.#scheduler.start();
  }

  cancel(): void {
    this.#scheduler.cancel();
  }

  /** Totals over all tasks in their present attempts, and of those that finished. */
  accumulators(): Record<string, number> {
    const totals: Record<string, number> = {};
    for (const part of this.#accumulated.values()) {
      for (const [name, amount] of Object.entries(part)) totals[name] = (totals[name] ?? 0) + amount;
    }
    return totals;
  }

  /** What the tasks that have finished leave undone. */
  quarantined(): QuarantineReport {
    return mergedReports(this.#quarantined.values());
  }

  slotOffered(slot: Slot): void {
    this.#scheduler.slotOffered(slot);
  }

  slotLost(id: string, cause: Error): void {
    this.#scheduler.slotLost(id, cause);
  }

  // Reports of tasks.

  running(task: SubtaskId): void {
    this.#scheduler.running(task);
  }

  ended(task: SubtaskId): void {
    if (!this.#scheduler.isCurrent(task)) return;
    this.#ended.ended(task);
    this.#finishIfEnded();
  }

  failed(task: SubtaskId, cause: Error): void {
    if (this.#scheduler.isCurrent(task)) this.#scheduler.failTasks([task], cause);
  }

  terminated(task: SubtaskId, state: "finished" | "canceled" | "failed"): void {
    this.#scheduler.terminated(task, state);
  }

  acknowledge(ack: CheckpointAck): void {
    this.#checkpoints.acknowledge(ack);
  }

  decline(checkpointId: number, task: SubtaskId, reason: CheckpointFailureReason, cause: Error): void {
    this.#checkpoints.decline(checkpointId, task, reason, cause);
  }

  operatorEvent(task: SubtaskId, operatorId: string, event: unknown): void {
    if (!this.#scheduler.isCurrent(task)) return;
    const message = event as ReaderToCoordinator | { readonly type: "to-client"; readonly value: unknown }; // what source.ts and sink.ts send
    if (isTaskToLoop(event)) return this.#loops.handle(task, event);
    if (message.type !== "to-client") {
      if (this.#scheduler.taskAtWork(task) !== undefined) this.#sources.handle(operatorId, task.subtask, message);
      return;
    }
    const operator = this.#parts.graph.vertices[task.vertex]?.operators.find(({ id }) => id === operatorId);
    if (operator !== undefined) this.#parts.toClient(operator.node, message.value);
  }

  accumulated(task: SubtaskId, totals: Readonly<Record<string, number>>, quarantined?: QuarantineReport): void {
    if (!this.#scheduler.isCurrent(task)) return;
    this.#accumulated.set(subtaskKey(task), totals);
    if (quarantined !== undefined) this.#quarantined.set(subtaskKey(task), quarantined);
  }

  // What checkpoints ask for.

  plan(): CheckpointPlan | CheckpointFailureReason {
    if (this.#scheduler.phase !== "running") return "NOT_ALL_REQUIRED_TASKS_RUNNING";
    return planCheckpoint({
      executions: this.#scheduler.executions,
      endIsSaved: (execution) => this.#endIsSaved(execution),
      snapshotOf: ({ vertex, subtask }) => this.#checkpoints.snapshotOf(vertex, subtask),
    });
  }

  snapshotCoordinators(checkpointId: number): ReturnType<SourceCoordinators["snapshot"]> {
    return this.#sources.snapshot(checkpointId);
  }

  trigger(task: SubtaskId, checkpointId: number, options: CheckpointOptions): void {
    this.#scheduler.taskAtWork(task)?.slot.gateway.trigger(task, checkpointId, options);
  }

  completed(checkpointId: number): void {
    this.#ended.completed(this.#scheduler.executions.executions());
    for (const { gateway } of this.#scheduler.slots()) gateway.completed(checkpointId);
    this.#sources.completed(checkpointId);
  }

  aborted(checkpointId: number): void {
    for (const { gateway } of this.#scheduler.slots()) gateway.aborted(checkpointId);
  }

  /** Something that all tasks depend on: a source's enumerator, a checkpoint too many that failed, or a bug. */
  failJob(cause: Error): void {
    this.#scheduler.failJob(cause);
  }

  /** To the reader of a subtask. One that is not at work gets nothing: what was assigned to it goes back when it starts again. */
  sendEvent(subtask: Subtask, operatorId: string, event: unknown): void {
    const at = this.#scheduler.taskAtWork(subtask);
    at?.slot.gateway.operatorEvent(at.task, operatorId, event);
  }

  #createScheduler(): Scheduler {
    const parts = this.#parts;
    return new Scheduler({
      ...parts,
      isStopping: () => this.#checkpoints.isStopping,
      onPhase: (phase) => this.#entered(phase),
      onFailure: (cause, restartInMs) => parts.onFailure(cause, restartInMs),
      onStopping: (subtasks, settled) => this.#stopping(subtasks, settled),
      onDeploying: (subtasks) => {
        parts.onDeploying?.(subtasks);
        this.#ended.deployed(subtasks);
        this.#loops.reset(subtasks);
        for (const subtask of subtasks) {
          this.#accumulated.delete(subtaskKey(subtask));
          this.#quarantined.delete(subtaskKey(subtask));
        }
      },
      onDeployed: (subtasks, { checkpoint }) => this.#sources.restored(subtasks, checkpoint?.coordinators ?? []),
      onFinished: (task) => this.#checkpoints.taskFinished(task),
      onEnded: (outcome) => this.#end(outcome),
    });
  }

  #entered(phase: JobPhaseName): void {
    // A checkpoint after the savepoint that stopped the job would be where it goes on after all.
    if (phase === "running" && !this.#scheduler.startingPoint().stopped) this.#checkpoints.start();
    this.#parts.onPhase(phase);
    this.#finishIfEnded();
  }

  #stopping(subtasks: readonly Subtask[], settled: () => void): void {
    this.#checkpoints.stop("TASK_FAILURE", settled);
    this.#loops.reset(subtasks);
    if (subtasks.length === this.#scheduler.executions.executions().length) this.#sources.stop();
    else this.#sources.lost(subtasks);
  }

  /** Once nobody will emit anything any more, one last checkpoint lets the sinks commit and the tasks finish; not while a savepoint does that. */
  #finishIfEnded(): void {
    if (this.#scheduler.phase !== "running") return;
    const open = this.#scheduler.executions.executions().filter(({ state }) => state !== "FINISHED");
    if (open.length > 0 && open.every((execution) => this.#ended.has(execution))) this.#checkpoints.triggerFinal();
  }

  #endIsSaved(execution: Execution): boolean {
    if (!this.#ended.mayKnowItsEnd(execution)) return false;
    return this.#checkpoints.snapshotOf(execution.vertex, execution.subtask)?.ended === true;
  }

  #end(outcome: JobOutcome): void {
    this.#sources.stop();
    this.#loops.reset(this.#scheduler.executions.executions());
    const shutDown = (): void => this.#checkpoints.shutDown(ENDS[outcome.kind], () => this.#parts.onEnded(outcome));
    if (this.#parts.keepOutcome === undefined) shutDown();
    else this.#parts.keepOutcome(outcome, shutDown);
  }
}
