/** Why a checkpoint did not complete: a closed list, each with a sentence, and whether it counts against the tolerated failures. */

export type CheckpointFailureReason =
  | "NOT_ALL_REQUIRED_TASKS_RUNNING"
  | "TOO_MANY_CHECKPOINT_REQUESTS"
  | "MINIMUM_TIME_BETWEEN_CHECKPOINTS"
  | "CHECKPOINT_COORDINATOR_SHUTDOWN"
  | "CHECKPOINT_SUBSUMED"
  | "TASK_FAILURE"
  | "CHECKPOINT_EXPIRED"
  | "CHECKPOINT_DECLINED"
  | "CHECKPOINT_ASYNC_EXCEPTION"
  | "IO_EXCEPTION"
  | "FINALIZE_CHECKPOINT_FAILURE"
  | "TRIGGER_CHECKPOINT_FAILURE";

export interface CheckpointFailure {
  readonly sentence: string;
  readonly counts: boolean;
}

export const CHECKPOINT_FAILURES: Readonly<Record<CheckpointFailureReason, CheckpointFailure>> = {
  NOT_ALL_REQUIRED_TASKS_RUNNING: { sentence: "not all tasks are running", counts: false },
  TOO_MANY_CHECKPOINT_REQUESTS: { sentence: "as many checkpoints as allowed are under way", counts: false },
  MINIMUM_TIME_BETWEEN_CHECKPOINTS: {
    sentence: "the minimum pause since the last checkpoint is not over",
    counts: false,
  },
  CHECKPOINT_COORDINATOR_SHUTDOWN: { sentence: "the job is ending", counts: false },
  CHECKPOINT_SUBSUMED: { sentence: "a newer checkpoint completed first", counts: false },
  TASK_FAILURE: { sentence: "a task failed", counts: false },
  CHECKPOINT_EXPIRED: { sentence: "it took longer than the timeout", counts: true },
  CHECKPOINT_DECLINED: { sentence: "a task declined it", counts: true },
  CHECKPOINT_ASYNC_EXCEPTION: { sentence: "a task could not write its state", counts: true },
  IO_EXCEPTION: { sentence: "the storage failed", counts: true },
  FINALIZE_CHECKPOINT_FAILURE: { sentence: "its metadata could not be written", counts: true },
  TRIGGER_CHECKPOINT_FAILURE: { sentence: "an operator coordinator could not save its state", counts: false },
};
