/**
 * The maximum parallelism of keyed state is fixed for its life: a key's group is its hash modulo that number, so that with another one nobody would find
 * their keys. A job that starts from a snapshot takes the number over, unless its user has set one; what does not fit then is refused.
 */
import type { JobGraph, JobVertex } from "../graph/job-graph-types.ts";
import { OPTIONS } from "../util/config.ts";
import { MillraceError } from "../util/errors.ts";
import type { CompletedCheckpoint } from "./contract.ts";
import { describeOperator, savedOperators } from "./saved-operators.ts";
import type { SavedOperator, SavedOperators } from "./saved-operators.ts";

/** The job graph as it runs when it starts from the checkpoint. Its fingerprint stays: it says what the job's module built. */
export function withSavedKeyGroups(graph: JobGraph, checkpoint: CompletedCheckpoint): JobGraph {
  const saved = savedOperators(checkpoint);
  return { ...graph, vertices: graph.vertices.map((vertex) => takeOver(vertex, saved)) };
}

function takeOver(vertex: JobVertex, saved: SavedOperators): JobVertex {
  if (vertex.maxParallelismSet) return vertex;
  const before = vertex.operators.flatMap(({ id, keyed }) => (keyed ? (saved.get(id) ?? []) : []));
  const fitting = before.find((operator) => operator.vertex.maxParallelism >= vertex.parallelism);
  return fitting === undefined ? vertex : { ...vertex, maxParallelism: fitting.vertex.maxParallelism };
}

/** Errors: `MR5008`. */
export function refuseOtherKeyGroups(saved: SavedOperators, graph: JobGraph): void {
  for (const vertex of graph.vertices) {
    for (const { id } of vertex.operators) {
      const before = saved.get(id);
      if (before === undefined || before.vertex.maxParallelism === vertex.maxParallelism) continue;
      if (before.snapshots.every((snapshot) => snapshot?.keyed === undefined)) continue;
      throw new MillraceError("MR5008", refusal(before, vertex), { retryable: false });
    }
  }
}

function refusal(before: SavedOperator, { parallelism, maxParallelism }: JobVertex): string {
  const saved = before.vertex.maxParallelism;
  const what = `${describeOperator(before)} was saved with a maximum parallelism of ${saved}`;
  if (parallelism > saved)
    return `${what} and cannot run with a parallelism of ${parallelism}; lower its parallelism to ${saved} or less`;
  return `${what} and now has ${maxParallelism}; set its maximum parallelism, or ${OPTIONS.maxParallelism.key}, to ${saved}`;
}
