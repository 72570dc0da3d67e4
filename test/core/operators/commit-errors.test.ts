/** What a task is told of a commit that failed for a reason that the committer does not know: one code, one sentence, the cause kept. */
import { expect, test } from "vitest";
import type { Sink } from "../../../core/operators/contracts/sink.ts";
import { createOperator } from "../../../core/operators/sink.ts";
import { MillraceError } from "../../../core/util/errors.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";

/** What the task hears when checkpoint 1, with one record, is committed. */
function failureOf(reason: unknown): unknown {
  const sink: Sink<string, never, string> = {
    createWriter: () => ({ write: () => undefined, prepareCommit: () => ["a"] }),
    createCommitter: () => ({ commit: (requests) => requests[0]?.signalFailedWithUnknownReason(reason) }),
  };
  const harness = new OperatorHarness({
    create: (services) => createOperator<string, never, string>(services, { sink }),
  });
  harness.processRecord("a");
  harness.trySnapshot(1);
  harness.operator.checkpointCompleted?.(1);
  expect(harness.failures).toHaveLength(1);
  return harness.failures[0];
}

test("an error of millrace keeps its code, and whether a restart may help", () => {
  const gone = new MillraceError("MR6110", "the file is gone", { retryable: false });
  expect(failureOf(gone)).toMatchObject({
    message: "MR6110: the sink could not commit what checkpoint 1 contains: the file is gone",
    code: "MR6110",
    retryable: false,
    cause: gone,
  });
});

test("any other becomes MR3024, which a restart tries again", () => {
  const fenced = new Error("fenced");
  expect(failureOf(fenced)).toMatchObject({
    message: "MR3024: the sink could not commit what checkpoint 1 contains: fenced; the restart tries again",
    retryable: true,
    cause: fenced,
  });
});
