/**
 * The master of one job: deploys its subtasks, watches them, coordinates sources and checkpoints, and starts everything again after a failure.
 *
 * In:   reports of tasks, calls of the client. Out: messages to the slots; the outcome of the job, once.
 * One endpoint: every method runs in its turn, none inside another's stack. Reports of earlier attempts are dropped.
 *
 *   created → (waiting for slots) → deploying → running → finished
 *                      ↑            ↘ failing → restarting → (waiting) → deploying …, or failed
 *                 cancelling (from anywhere) → canceled
 *
 * A slot that is lost takes its tasks with it: they count as ended, and the job fails as if one of them had.
 */
import type { CheckpointCoordinator } from "../checkpoint/coordinator.ts";
import type { CheckpointParticipants, CheckpointPlan, CompletedCheckpoint } from "../checkpoint/contract.ts";
import type { JobEnd } from "../checkpoint/retention.ts";
import type { CompletedCheckpointStore } from "../checkpoint/store.ts";
import { planRestore } from "../checkpoint/restore-plan.ts";
import type { RestorePlan } from "../checkpoint/restore-plan.ts";
import type { CheckpointFailureReason } from "../graph/checkpoint-failures.ts";
import { ExecutionGraph } from "../graph/execution-graph.ts";
import type { Execution } from "../graph/execution-graph.ts";
import { isTerminal } from "../graph/execution-state.ts";
import type { JobGraph, Subtask } from "../graph/job-graph-types.ts";
import type { CheckpointAck, CheckpointOptions, SubtaskId } from "../graph/messages.ts";
import type { ReaderToCoordinator } from "../operators/contracts/source-events.ts";
import type { TaskReports } from "../runtime/deployment.ts";
import type { Cancel, Clock } from "../time/clock.ts";
import type { Config } from "../util/config.ts";
import { assert } from "../util/errors.ts";
import { planCheckpoint, taskOf } from "./checkpoint-plan.ts";
import type { RestartStrategy } from "./restart-strategy.ts";
import type { Slot, SlotPlacement, SlotPool } from "./slot-pool.ts";
import type { SourceCoordinators } from "./source-coordinators.ts";

type JobPhase =
  | { readonly kind: "created" | "waiting" | "deploying" | "running" | "cancelling" }
  | { readonly kind: "failing"; readonly cause: Error; readonly restartInMs: number | undefined }
  | { readonly kind: "restarting"; readonly cancel: Cancel }
  | JobOutcome;

export type JobOutcome =
  | { readonly kind: "finished" | "canceled" }
  | { readonly kind: "failed"; readonly cause: Error };

export type JobPhaseName = JobPhase["kind"];

export interface JobMasterParts {
  readonly jobName: string;
  readonly graph: JobGraph;
  readonly config: Config;
  readonly clock: Clock;
  readonly slots: SlotPool;
  readonly restartStrategy: RestartStrategy;
  readonly store: CompletedCheckpointStore;
  /** What to start from at first; undefined: a fresh start. */
  readonly restorePoint: CompletedCheckpoint | undefined;
  createSources(master: JobMaster): SourceCoordinators;
  createCheckpoints(participants: CheckpointParticipants): CheckpointCoordinator;
  /** What a sink at this node sends to the client. */
  toClient(node: number, value: unknown): void;
  onPhase(phase: JobPhaseName): void;
  /** A failure that the job may survive, or the one that it did not. */
  onFailure(cause: Error, restartInMs: number | undefined): void;
  /** Keeps the outcome where a later master finds it, before anything is forgotten that it would start from. Left out: nobody comes after this master. */
  keepOutcome?(outcome: JobOutcome, done: () => void): void;
  /** Called once, when everything is closed and no checkpoint is left that should not be. */
  onEnded(outcome: JobOutcome): void;
}

export class JobMaster implements TaskReports, CheckpointParticipants {
  readonly #parts: JobMasterParts;
  readonly #executions: ExecutionGraph;
  readonly #sources: SourceCoordinators;
  readonly #checkpoints: CheckpointCoordinator;
  /** Subtasks that have processed the end of their input. */
  readonly #ended: Set<string>;
  /** By task and attempt. */
  readonly #accumulated: Map<string, Readonly<Record<string, number>>>;
  #phase: JobPhase;
  /** Where the tasks of this attempt run. */
  #placement: SlotPlacement | undefined;
  #attempt: number;
  /** No checkpoint is being committed, so that the newest one is known. */
  #checkpointsSettled: boolean;
  /** The newest complete checkpoint is of this attempt. */
  #hasCompleted: boolean;
  /** A savepoint has stopped the job, and this attempt only commits what it contains. */
  #isStopped: boolean;

  constructor(parts: JobMasterParts) {
    this.#parts = parts;
    this.#executions = new ExecutionGraph(parts.graph);
    this.#sources = parts.createSources(this);
    this.#checkpoints = parts.createCheckpoints(this);
    this.#ended = new Set();
    this.#accumulated = new Map();
    this.#phase = { kind: "created" };
    this.#placement = undefined;
    this.#attempt = 0;
    this.#checkpointsSettled = true;
    this.#hasCompleted = false;
    this.#isStopped = false;
  }

  get checkpoints(): CheckpointCoordinator {
    return this.#checkpoints;
  }

  get attempt(): number {
    return this.#attempt;
  }

  start(): void {
    this.#deploy();
  }

  cancel(): void {
    const { kind } = this.#phase;
    if (kind === "finished" || kind === "canceled" || kind === "failed" || kind === "cancelling") return;
    if (this.#phase.kind === "restarting") this.#phase.cancel();
    this.#enter({ kind: "cancelling" });
    this.#stopAttempt("CHECKPOINT_COORDINATOR_SHUTDOWN");
    this.#afterTermination();
  }

  /** Totals over all tasks of this attempt, and of those that finished. */
  accumulators(): Record<string, number> {
    const totals: Record<string, number> = {};
    for (const part of this.#accumulated.values()) {
      for (const [name, amount] of Object.entries(part)) totals[name] = (totals[name] ?? 0) + amount;
    }
    return totals;
  }

  // What happens to slots.

  slotOffered(slot: Slot): void {
    this.#parts.slots.add(slot);
    if (this.#phase.kind === "waiting") this.#deploy();
  }

  /** Nothing more is heard from it, and nothing of it counts. */
  slotLost(id: string, cause: Error): void {
    this.#parts.slots.remove(id);
    if (this.#placement?.has(id) !== true) return;
    this.failJob(cause);
    for (const execution of this.#executions.executions()) {
      if (execution.state === "CANCELING" && this.#placement.slotOf(execution).id === id)
        this.#executions.transition(execution, "CANCELED");
    }
    this.#afterTermination();
  }

  // Reports of tasks.

  running(task: SubtaskId): void {
    if (this.#phase.kind !== "deploying" || !this.#executions.transition(task, "RUNNING")) return;
    if (!this.#executions.everyIs("RUNNING")) return;
    // A checkpoint after the savepoint that stopped the job would be where it goes on after all.
    if (!this.#isStopped) this.#checkpoints.start();
    this.#enter({ kind: "running" });
    this.#finishIfEnded();
  }

  ended(task: SubtaskId): void {
    if (!this.#isCurrent(task)) return;
    this.#ended.add(subtaskKey(task));
    this.#finishIfEnded();
  }

  failed(task: SubtaskId, cause: Error): void {
    if (!this.#isCurrent(task)) return;
    this.failJob(cause);
  }

  terminated(task: SubtaskId, state: "finished" | "canceled" | "failed"): void {
    if (!this.#isCurrent(task)) return;
    const { state: before } = this.#executions.execution(task);
    if (isTerminal(before)) return; // its slot was given up before
    if (state === "failed") this.#executions.transition(task, "FAILED");
    else if (state === "finished" && before === "RUNNING") {
      this.#executions.transition(task, "FINISHED");
      this.#checkpoints.taskFinished(task);
    } else {
      if (before !== "CANCELING") this.#executions.transition(task, "CANCELING");
      this.#executions.transition(task, "CANCELED");
    }
    this.#afterTermination();
  }

  acknowledge(ack: CheckpointAck): void {
    this.#checkpoints.acknowledge(ack);
  }

  decline(checkpointId: number, task: SubtaskId, reason: CheckpointFailureReason, cause: Error): void {
    this.#checkpoints.decline(checkpointId, task, reason, cause);
  }

  operatorEvent(task: SubtaskId, operatorId: string, event: unknown): void {
    if (!this.#isCurrent(task)) return;
    const message = event as ReaderToCoordinator | { readonly type: "to-client"; readonly value: unknown }; // what source.ts and sink.ts send
    if (message.type !== "to-client") {
      this.#sources.handle(operatorId, task.subtask, message);
      return;
    }
    const operator = this.#parts.graph.vertices[task.vertex]?.operators.find(({ id }) => id === operatorId);
    if (operator !== undefined) this.#parts.toClient(operator.node, message.value);
  }

  accumulated(task: SubtaskId, totals: Readonly<Record<string, number>>): void {
    if (this.#isCurrent(task)) this.#accumulated.set(subtaskKey(task), totals);
  }

  // What checkpoints ask for.

  plan(): CheckpointPlan | CheckpointFailureReason {
    if (this.#phase.kind !== "running") return "NOT_ALL_REQUIRED_TASKS_RUNNING";
    return planCheckpoint({
      executions: this.#executions,
      endIsSaved: (execution) => this.#endIsSaved(execution),
      snapshotOf: ({ vertex, subtask }) => this.#checkpoints.snapshotOf(vertex, subtask),
    });
  }

  snapshotCoordinators(checkpointId: number): ReturnType<SourceCoordinators["snapshot"]> {
    return this.#sources.snapshot(checkpointId);
  }

  trigger(task: SubtaskId, checkpointId: number, options: CheckpointOptions): void {
    this.#slotOf(task).gateway.trigger(task, checkpointId, options);
  }

  completed(checkpointId: number): void {
    this.#hasCompleted = true;
    for (const { gateway } of this.#placement?.slots ?? []) gateway.completed(this.#attempt, checkpointId);
    this.#sources.completed(checkpointId);
  }

  aborted(checkpointId: number): void {
    for (const { gateway } of this.#placement?.slots ?? []) gateway.aborted(this.#attempt, checkpointId);
  }

  failJob(cause: Error): void {
    if (this.#phase.kind !== "running" && this.#phase.kind !== "deploying") return;
    const decision = this.#parts.restartStrategy.onFailure(cause);
    const restartInMs = decision.restart ? decision.delayMs : undefined;
    this.#parts.onFailure(cause, restartInMs);
    this.#enter({ kind: "failing", cause, restartInMs });
    this.#stopAttempt("TASK_FAILURE");
    this.#afterTermination();
  }

  /** To the reader or writer of an operator. */
  sendEvent({ vertex, subtask }: Subtask, operatorId: string, event: unknown): void {
    const task = { vertex, subtask, attempt: this.#attempt };
    this.#slotOf(task).gateway.operatorEvent(task, operatorId, event);
  }

  #deploy(): void {
    const placement = this.#parts.slots.place(this.#parts.graph);
    this.#placement = placement;
    if (placement === undefined) return this.#enter({ kind: "waiting" });
    this.#enter({ kind: "deploying" });
    this.#ended.clear();
    this.#hasCompleted = false;
    this.#accumulated.clear();
    const { store } = this.#parts;
    const newest = store.retained().at(-1);
    const point = newest ?? this.#parts.restorePoint;
    let restore: RestorePlan | undefined;
    try {
      restore = point === undefined ? undefined : planRestore(point, this.#parts.graph, this.#parts.config);
    } catch (error) {
      this.failJob(error as Error); // planRestore throws errors only
      return;
    }
    const owned = newest !== undefined && store.owns(newest.checkpointId);
    // Only a savepoint that stopped the job is in the store and not its own.
    const stopped = newest !== undefined && !owned;
    this.#isStopped = stopped;
    this.#sources.start(point?.coordinators ?? []);
    // An enumerator that cannot start has failed the job already.
    if (this.#phase.kind !== "deploying") return;
    const { graph, config, jobName } = this.#parts;
    for (const execution of this.#executions.executions()) {
      const task = taskOf(execution);
      this.#executions.transition(task, "SCHEDULED");
      this.#executions.transition(task, "DEPLOYING");
      const state = restore?.subtask(task.vertex, task.subtask);
      placement.slotOf(task).gateway.deploy({
        task,
        jobName,
        graph,
        config,
        restore: state === undefined ? undefined : { ...state, owned, stopped },
        placement: placement.placement,
      });
      this.#executions.transition(task, "INITIALIZING");
    }
  }

  #stopAttempt(reason: "TASK_FAILURE" | "CHECKPOINT_COORDINATOR_SHUTDOWN"): void {
    this.#checkpointsSettled = false;
    this.#checkpoints.stop(reason, () => {
      this.#checkpointsSettled = true;
      this.#afterTermination();
    });
    this.#sources.stop();
    for (const execution of this.#executions.executions()) {
      if (isTerminal(execution.state) || execution.state === "CANCELING") continue;
      if (execution.state === "CREATED") {
        this.#executions.transition(execution, "CANCELED");
        continue;
      }
      this.#executions.transition(execution, "CANCELING");
      this.#slotOf(execution).gateway.cancel(taskOf(execution));
    }
  }

  /** Goes on once every task of the attempt has ended, and it is known which checkpoint is the newest. */
  #afterTermination(): void {
    if (!this.#checkpointsSettled || !this.#executions.executions().every(({ state }) => isTerminal(state))) return;
    const { kind } = this.#phase;
    if ((kind === "running" || kind === "deploying") && this.#executions.everyIs("FINISHED")) {
      this.#sources.stop();
      this.#end({ kind: "finished" }, "FINISHED");
    } else if (kind === "cancelling") {
      this.#end({ kind: "canceled" }, "CANCELED");
    } else if (kind === "failing") {
      const { cause, restartInMs } = this.#phase;
      if (restartInMs === undefined) this.#end({ kind: "failed", cause }, "FAILED");
      else this.#enter({ kind: "restarting", cancel: this.#parts.clock.schedule(restartInMs, () => this.#restart()) });
    }
  }

  #end(outcome: JobOutcome, end: JobEnd): void {
    this.#enter(outcome);
    const shutDown = (): void => this.#checkpoints.shutDown(end, () => this.#parts.onEnded(outcome));
    if (this.#parts.keepOutcome === undefined) shutDown();
    else this.#parts.keepOutcome(outcome, shutDown);
  }

  #restart(): void {
    if (this.#phase.kind !== "restarting") return;
    this.#attempt += 1;
    for (const execution of this.#executions.executions()) this.#executions.nextAttempt(execution);
    this.#deploy();
  }

  /** Once nobody will emit anything any more, one last checkpoint lets the sinks commit and the tasks finish; not while a savepoint does that. */
  #finishIfEnded(): void {
    if (this.#phase.kind !== "running") return;
    const open = this.#executions.executions().filter(({ state }) => state !== "FINISHED");
    if (open.length > 0 && open.every((execution) => this.#ended.has(subtaskKey(execution))))
      this.#checkpoints.triggerFinal();
  }

  #endIsSaved(execution: Execution): boolean {
    if (!this.#hasCompleted || !this.#ended.has(subtaskKey(execution))) return false;
    return this.#checkpoints.snapshotOf(execution.vertex, execution.subtask)?.ended === true;
  }

  #slotOf(subtask: Subtask): Slot {
    assert(this.#placement !== undefined, "only a job that was placed has tasks");
    return this.#placement.slotOf(subtask);
  }

  #isCurrent(task: SubtaskId): boolean {
    return task.attempt === this.#attempt;
  }

  #enter(phase: JobPhase): void {
    this.#phase = phase;
    this.#parts.onPhase(phase.kind);
  }
}

function subtaskKey({ vertex, subtask }: { readonly vertex: number; readonly subtask: number }): string {
  return `${vertex}/${subtask}`;
}
