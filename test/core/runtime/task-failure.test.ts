/** What a task says about an error: the operator where it is known, the task where it is not, and what was thrown, whatever that is. */
import { describe, expect, test } from "vitest";
import type { JobOperator } from "../../../core/graph/job-graph-types.ts";
import { OperatorFailure, taskFailure } from "../../../core/runtime/task-failure.ts";
import { MillraceError } from "../../../core/util/errors.ts";

const operator = (name: string): JobOperator =>
  ({ name, spec: { module: "map", functions: {}, parameters: {} } }) as unknown as JobOperator; // the rest is not looked at
const [first, second] = [operator("first"), operator("second")];
const task = { name: "first -> second", operators: [first, second], subtaskIndex: 1, parallelism: 3 };

function sentenceOf(reported: unknown, known?: JobOperator): string {
  return taskFailure(reported, task, known).message;
}

describe("the sentence", () => {
  test("names the operator that is known", () => {
    const error = new Error("no database");
    expect(sentenceOf(error, second)).toBe('MR3001: operator "second" (2/3) failed: no database');
    expect(sentenceOf(new OperatorFailure(first, error), second)).toBe(
      'MR3001: operator "first" (2/3) failed: no database',
    );
  });

  test("names the task where nobody knows the operator", () => {
    expect(sentenceOf(new Error("no database"))).toBe('MR3001: task "first -> second" (2/3) failed: no database');
    const ours = new MillraceError("MR5204", "a file is damaged", { retryable: false });
    expect(taskFailure(ours, task)).toMatchObject({
      message: 'MR5204: task "first -> second" (2/3): a file is damaged',
      code: "MR5204",
      retryable: false,
    });
  });

  test("says what was thrown, also if that is no error, or one without a message", () => {
    expect(sentenceOf({ code: 5 }, first)).toBe('MR3001: operator "first" (2/3) failed: {"code":5}');
    expect(sentenceOf("paper jam", first)).toBe('MR3001: operator "first" (2/3) failed: paper jam');
    expect(sentenceOf(new RangeError(), first)).toBe('MR3001: operator "first" (2/3) failed: RangeError');
  });
});

test("the cause is what was thrown, not what carried it", () => {
  const error = new RangeError("odd");
  expect(taskFailure(new OperatorFailure(first, error), task).cause).toBe(error);
  expect(taskFailure(new OperatorFailure(first, 5), task).cause).toBe(5);
  const ours = new MillraceError("MR6102", "cannot write");
  expect(taskFailure(new OperatorFailure(first, ours), task)).toMatchObject({
    message: 'MR6102: operator "first" (2/3): cannot write',
    cause: ours,
  });
});
