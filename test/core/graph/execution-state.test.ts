/** The life cycle of an execution, step by step. */
import { describe, expect, test } from "vitest";
import { EXECUTION_TRANSITIONS, checkTransition, isTerminal } from "../../../core/graph/execution-state.ts";
import type { ExecutionState } from "../../../core/graph/execution-state.ts";

const STATES = Object.keys(EXECUTION_TRANSITIONS) as readonly ExecutionState[]; // the record has exactly these keys

describe("the life of an execution", () => {
  test("the way of a run that goes well", () => {
    const way: readonly ExecutionState[] = ["CREATED", "SCHEDULED", "DEPLOYING", "INITIALIZING", "RUNNING", "FINISHED"];
    way.slice(1).forEach((to, index) => expect(() => checkTransition(way[index] ?? "FAILED", to)).not.toThrow());
  });

  test("ends are FINISHED, CANCELED and FAILED", () => {
    expect(STATES.filter((state) => isTerminal(state)).toSorted()).toEqual(["CANCELED", "FAILED", "FINISHED"]);
  });

  test("everything that has not ended can fail and can come to CANCELED", () => {
    for (const state of STATES.filter((candidate) => !isTerminal(candidate))) {
      const next = EXECUTION_TRANSITIONS[state];
      expect(next).toContain("FAILED");
      expect(next.includes("CANCELED") || next.includes("CANCELING")).toBe(true);
    }
  });

  test.each([
    ["CREATED", "RUNNING"],
    ["RUNNING", "INITIALIZING"],
    ["CANCELING", "FINISHED"],
    ["FINISHED", "FAILED"],
    ["RUNNING", "RUNNING"],
  ] as const)("%s to %s is our mistake", (from, to) => {
    expect(() => checkTransition(from, to)).toThrow(`an execution cannot go from ${from} to ${to}`);
  });
});
