/**
 * What a task that has finished leaves to later checkpoints: its last snapshot without what its sinks had to commit.
 *
 * A task finishes only after every commit has succeeded (`Operator.settled`). If its committables stayed, each restart for the rest of the job would
 * commit them again, when the outside world may not know them any more: files were taken away, transactions are forgotten.
 */
import type { JobVertex } from "../graph/job-graph-types.ts";
import type { SubtaskSnapshot } from "../graph/messages.ts";
import { COMMITTABLES } from "../operators/commits.ts";

export function finishedSnapshot(snapshot: SubtaskSnapshot, vertex: JobVertex): SubtaskSnapshot {
  const sinks = new Set(vertex.operators.filter(({ spec }) => spec.module === "sink").map(({ id }) => id));
  if (sinks.size === 0) return snapshot;
  const operators = snapshot.operators.map((operator) =>
    sinks.has(operator.operatorId)
      ? { ...operator, lists: operator.lists.filter(({ name }) => name !== COMMITTABLES) }
      : operator,
  );
  return { ...snapshot, operators };
}
