/**
 * The life of one execution, that is, one attempt to run one subtask, as data.
 *
 *   CREATED → SCHEDULED (waits for a slot) → DEPLOYING (sent to it) → INITIALIZING (restores state) → RUNNING → FINISHED
 *
 * with two ways out: CANCELING → CANCELED, directly while nothing was deployed; and FAILED, from any state that is not an end.
 */
import { assert } from "../util/errors.ts";

export type ExecutionState =
  | "CREATED"
  | "SCHEDULED"
  | "DEPLOYING"
  | "INITIALIZING"
  | "RUNNING"
  | "FINISHED"
  | "CANCELING"
  | "CANCELED"
  | "FAILED";

export const EXECUTION_TRANSITIONS: Readonly<Record<ExecutionState, readonly ExecutionState[]>> = {
  CREATED: ["SCHEDULED", "CANCELED", "FAILED"],
  SCHEDULED: ["DEPLOYING", "CANCELED", "FAILED"],
  DEPLOYING: ["INITIALIZING", "CANCELING", "FAILED"],
  INITIALIZING: ["RUNNING", "CANCELING", "FAILED"],
  RUNNING: ["FINISHED", "CANCELING", "FAILED"],
  CANCELING: ["CANCELED", "FAILED"],
  FINISHED: [],
  CANCELED: [],
  FAILED: [],
};

/** Nothing follows but a new attempt. */
export function isTerminal(state: ExecutionState): boolean {
  return EXECUTION_TRANSITIONS[state].length === 0;
}

/** It was deployed, and nothing has ended it. */
export function isAtWork(state: ExecutionState): boolean {
  return state === "DEPLOYING" || state === "INITIALIZING" || state === "RUNNING";
}

export function checkTransition(from: ExecutionState, to: ExecutionState): void {
  assert(EXECUTION_TRANSITIONS[from].includes(to), `an execution cannot go from ${from} to ${to}`);
}
