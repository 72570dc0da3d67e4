/** Whom a checkpoint of a running job involves right now, from the master's picture of its executions. */
import type { CheckpointPlan } from "../checkpoint/contract.ts";
import type { CheckpointFailureReason } from "../graph/checkpoint-failures.ts";
import type { Execution, ExecutionGraph } from "../graph/execution-graph.ts";
import type { SubtaskId, SubtaskSnapshot } from "../graph/messages.ts";
import { assert } from "../util/errors.ts";
import { someAreAboutToFinish } from "./about-to-finish.ts";
import { finishedSnapshot } from "./finished-snapshot.ts";

export interface CheckpointPlanParts {
  readonly executions: ExecutionGraph;
  /** The end of its input is in a complete checkpoint. */
  endIsSaved(execution: Execution): boolean;
  /** What the newest complete checkpoint has of it. */
  snapshotOf(execution: Execution): SubtaskSnapshot | undefined;
}

/** The plan, or why there is none now. */
export function planCheckpoint(parts: CheckpointPlanParts): CheckpointPlan | CheckpointFailureReason {
  const { executions } = parts;
  const all = executions.executions();
  const running = all.filter(({ state }) => state === "RUNNING");
  const finished = all.filter(({ state }) => state === "FINISHED");
  if (running.length === 0 || running.length + finished.length < all.length) return "NOT_ALL_REQUIRED_TASKS_RUNNING";
  if (someAreAboutToFinish(executions, (execution) => parts.endIsSaved(execution)))
    return "NOT_ALL_REQUIRED_TASKS_RUNNING";
  return {
    acknowledge: running.map(taskOf),
    trigger: running.filter((execution) => hasNoRunningInput(executions, execution)).map(taskOf),
    finished: finished.map((execution) => {
      // A task finishes only after a checkpoint that contains its end is complete.
      const snapshot = parts.snapshotOf(execution);
      const vertex = executions.jobGraph.vertices[execution.vertex];
      assert(snapshot !== undefined && vertex !== undefined, "a finished task is in the newest checkpoint");
      return { task: taskOf(execution), snapshot: finishedSnapshot(snapshot, vertex) };
    }),
  };
}

function hasNoRunningInput(executions: ExecutionGraph, { vertex, subtask }: Execution): boolean {
  return executions
    .inputsOf({ vertex, subtask })
    .every(({ producer }) => executions.execution(producer).state === "FINISHED");
}

/** Without its state, which changes. */
export function taskOf({ vertex, subtask, attempt }: SubtaskId): SubtaskId {
  return { vertex, subtask, attempt };
}
