/** Whom a checkpoint involves: sources and those whose inputs have finished are triggered, all that run acknowledge, the finished bring their last snapshot. */
import { expect, test } from "vitest";
import type { CheckpointPlan } from "../../../core/checkpoint/contract.ts";
import { planCheckpoint, taskOf } from "../../../core/cluster/checkpoint-plan.ts";
import type { CheckpointFailureReason } from "../../../core/graph/checkpoint-failures.ts";
import { ExecutionGraph } from "../../../core/graph/execution-graph.ts";
import type { ExecutionState } from "../../../core/graph/execution-state.ts";
import type { SubtaskSnapshot } from "../../../core/graph/messages.ts";
import { sampleGraph, subtaskSnapshot } from "../checkpoint/samples.ts";

const NOT_RUNNING = "NOT_ALL_REQUIRED_TASKS_RUNNING";
const STEPS: readonly ExecutionState[] = ["SCHEDULED", "DEPLOYING", "INITIALIZING", "RUNNING", "FINISHED"];

/** Two sources, of one subtask each, feed a vertex of two. */
function twoSources(): ExecutionGraph {
  return new ExecutionGraph(
    sampleGraph(
      [
        { operators: [{ id: "left" }], parallelism: 1 },
        { operators: [{ id: "right" }], parallelism: 1 },
        { operators: [{ id: "both" }], parallelism: 2 },
      ],
      [
        { from: 0, to: 2 },
        { from: 1, to: 2 },
      ],
    ),
  );
}

function bring(executions: ExecutionGraph, vertex: number, to: ExecutionState, subtask = 0): void {
  for (const state of STEPS) {
    const current = executions.execution({ vertex, subtask });
    if (STEPS.indexOf(current.state) < STEPS.indexOf(state) && STEPS.indexOf(state) <= STEPS.indexOf(to))
      executions.transition(current, state);
  }
}

function allRunning(): ExecutionGraph {
  const executions = twoSources();
  for (const { vertex, subtask } of executions.executions()) bring(executions, vertex, "RUNNING", subtask);
  return executions;
}

function planOf(
  executions: ExecutionGraph,
  options: { readonly saved?: (vertex: number) => boolean; readonly snapshot?: SubtaskSnapshot } = {},
): CheckpointPlan | CheckpointFailureReason {
  return planCheckpoint({
    executions,
    endIsSaved: ({ vertex }) => options.saved?.(vertex) ?? false,
    snapshotOf: () => options.snapshot,
  });
}

function names(plan: CheckpointPlan | CheckpointFailureReason): unknown {
  if (typeof plan === "string") return plan;
  const name = ({ vertex, subtask }: { readonly vertex: number; readonly subtask: number }): string =>
    `${vertex}/${subtask}`;
  return {
    trigger: plan.trigger.map(name),
    acknowledge: plan.acknowledge.map(name),
    finished: plan.finished.map(({ task }) => name(task)),
  };
}

test("while all run, sources are triggered and all acknowledge", () => {
  const plan = planOf(allRunning());
  expect(names(plan)).toEqual({ trigger: ["0/0", "1/0"], acknowledge: ["0/0", "1/0", "2/0", "2/1"], finished: [] });
  // A plan outlives the states that it was made from.
  expect(typeof plan === "object" && plan.trigger[0]).toEqual({ vertex: 0, subtask: 0, attempt: 0 });
});

test("there is none while a task does not run yet, or not any more", () => {
  const executions = twoSources();
  expect(planOf(executions)).toBe(NOT_RUNNING);
  for (const vertex of [0, 1]) bring(executions, vertex, "RUNNING");
  bring(executions, 2, "RUNNING", 0);
  bring(executions, 2, "INITIALIZING", 1);
  expect(planOf(executions)).toBe(NOT_RUNNING);
  const canceling = allRunning();
  canceling.transition({ vertex: 2, subtask: 1, attempt: 0 }, "CANCELING");
  expect(planOf(canceling)).toBe(NOT_RUNNING);
  canceling.transition({ vertex: 2, subtask: 1, attempt: 0 }, "CANCELED");
  expect(planOf(canceling)).toBe(NOT_RUNNING);
});

test("a source that has finished brings its last snapshot; who still has a running input is not triggered", () => {
  const executions = allRunning();
  bring(executions, 0, "FINISHED");
  const snapshot = subtaskSnapshot({ ended: true });
  const plan = planOf(executions, { snapshot });
  expect(names(plan)).toEqual({ trigger: ["1/0"], acknowledge: ["1/0", "2/0", "2/1"], finished: ["0/0"] });
  expect(typeof plan === "object" && plan.finished[0]?.snapshot).toEqual(snapshot);
});

test("once all its inputs have finished, a task is triggered itself", () => {
  const executions = allRunning();
  for (const vertex of [0, 1]) bring(executions, vertex, "FINISHED");
  expect(names(planOf(executions, { snapshot: subtaskSnapshot({ ended: true }) }))).toEqual({
    trigger: ["2/0", "2/1"],
    acknowledge: ["2/0", "2/1"],
    finished: ["0/0", "1/0"],
  });
});

test("there is none while a task may be gone before a trigger reaches it, nor when all have gone", () => {
  const executions = allRunning();
  expect(planOf(executions, { saved: (vertex) => vertex === 0 })).toBe(NOT_RUNNING);
  // One whose producers still run stays until they had theirs.
  expect(planOf(executions, { saved: (vertex) => vertex === 2 })).toBeTypeOf("object");
  for (const { vertex, subtask } of executions.executions()) bring(executions, vertex, "FINISHED", subtask);
  expect(planOf(executions, { snapshot: subtaskSnapshot({ ended: true }) })).toBe(NOT_RUNNING);
});

test("a finished task that no checkpoint knows is a bug", () => {
  const executions = allRunning();
  bring(executions, 0, "FINISHED");
  expect(() => planOf(executions)).toThrow(/a finished task is in the newest checkpoint/);
});

test("a task's name is without its state", () => {
  expect(taskOf(allRunning().execution({ vertex: 1, subtask: 0 }))).toEqual({ vertex: 1, subtask: 0, attempt: 0 });
});
