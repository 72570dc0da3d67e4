/** What the checkpoint coordinator needs from the JobMaster, and what a completed checkpoint is. */
import type { CheckpointKind, CheckpointOptions, SubtaskId, SubtaskSnapshot } from "../graph/messages.ts";
import type { TimeMs } from "../time/clock.ts";
import type { CheckpointFailureReason } from "./failures.ts";

/** Whom a checkpoint involves right now. */
export interface CheckpointPlan {
  /** Tasks with no running upstream: they get the trigger, the others a barrier. */
  readonly trigger: readonly SubtaskId[];
  /** All running tasks: each must acknowledge. */
  readonly acknowledge: readonly SubtaskId[];
  /** Subtasks that have finished, with the last snapshot of each. */
  readonly finished: readonly { readonly task: SubtaskId; readonly snapshot: SubtaskSnapshot }[];
}

/** State of the operator coordinators on the master (split enumerators), encoded. */
export interface CoordinatorSnapshot {
  readonly operatorId: string;
  readonly state: Uint8Array;
}

/** The JobMaster, as the coordinator sees it. Sending is asynchronous and in order per task. */
export interface CheckpointParticipants {
  /** The plan, or why no checkpoint can start now. */
  plan(): CheckpointPlan | CheckpointFailureReason;
  /** Synchronous, before any trigger is sent: what coordinators assign later reaches the tasks after the trigger. */
  snapshotCoordinators(checkpointId: number): readonly CoordinatorSnapshot[];
  trigger(task: SubtaskId, checkpointId: number, options: CheckpointOptions): void;
  /** To every running task, and to the operator coordinators. */
  completed(checkpointId: number): void;
  aborted(checkpointId: number): void;
  /** More failures than tolerated, or a failed stop: the job fails (and may restart). */
  failJob(cause: Error): void;
}

/** A vertex as checkpoints remember it, so that a later version of the job can tell what belongs where. */
export interface VertexDescription {
  /** Ids of the vertex's operators, head first, with the names and uids they had. */
  readonly operators: readonly {
    readonly id: string;
    readonly name: string;
    readonly uid: string | undefined;
    readonly stateful: boolean;
  }[];
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** One text per input edge, in their order: the operator that sends, and how. Same text, same edge. Made by `describe-vertices.ts`. */
  readonly inputs: readonly string[];
}

export interface VertexSnapshot extends VertexDescription {
  readonly subtasks: readonly SubtaskSnapshot[];
}

/** Everything a metadata file says. Plain data. */
export interface CompletedCheckpoint {
  readonly checkpointId: number;
  readonly kind: CheckpointKind;
  readonly jobName: string;
  readonly triggeredAtMs: TimeMs;
  readonly completedAtMs: TimeMs;
  /** Sum of the files and inlined state. */
  readonly bytes: number;
  readonly drained: boolean;
  readonly vertices: readonly VertexSnapshot[];
  readonly coordinators: readonly CoordinatorSnapshot[];
  /** Directory of the checkpoint in its blob store; `<directory>/_metadata` is its metadata file. */
  readonly directory: string;
}
