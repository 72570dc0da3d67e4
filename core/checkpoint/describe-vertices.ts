/**
 * What a checkpoint remembers of the job graph: enough to find, in a later version of the job, which operator, subtask and input channel each piece
 * of state belongs to.
 */
import type { JobEdge, JobGraph } from "../graph/job-graph-types.ts";
import { assert } from "../util/errors.ts";
import type { VertexDescription } from "./contract.ts";

/** By vertex index. */
export function describeVertices(graph: JobGraph): readonly VertexDescription[] {
  return graph.vertices.map((vertex) => ({
    operators: vertex.operators.map(({ id, name, uid, stateful }) => ({ id, name, uid, stateful })),
    parallelism: vertex.parallelism,
    maxParallelism: vertex.maxParallelism,
    inputs: vertex.inputs.map((index) => {
      const edge = graph.edges[index];
      assert(edge !== undefined, "a vertex must name its input edges");
      return describeInput(graph, edge);
    }),
  }));
}

/** Depends on operator ids only, not on indices, so that it stays the same when unrelated parts of the job change. */
export function describeInput(graph: JobGraph, edge: JobEdge): string {
  return `${senderOf(graph, edge)} ${edge.input} ${edge.partitioning.kind} ${edge.pattern} ${edge.sideOutput ?? ""}`;
}

function senderOf(graph: JobGraph, edge: JobEdge): string {
  for (const operator of graph.vertices[edge.from]?.operators ?? []) {
    if (operator.outputs.some((output) => output.kind === "edge" && output.edge === edge.index)) return operator.id;
  }
  assert(false, "every edge must start at an operator of its source vertex");
}
