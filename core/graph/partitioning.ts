/** What a partitioning means for the shape of an exchange: what stands where none is given, and which subtasks are connected at all. */
import type { JobEdge } from "./job-graph-types.ts";
import type { Partitioning } from "./stream-graph.ts";

/** Flink's rule: neighbours of equal parallelism keep their records to themselves, others spread them evenly. */
export function partitioningOrDefault(
  given: Partitioning | undefined,
  parallelism: { readonly from: number; readonly to: number },
): Partitioning {
  return given ?? { kind: parallelism.from === parallelism.to ? "forward" : "rebalance" };
}

/** `forward` and `rescale` connect neighbours only; everything else may choose any subtask, and so needs a channel to each. */
export function patternOf(partitioning: Partitioning): JobEdge["pattern"] {
  return partitioning.kind === "forward" || partitioning.kind === "rescale" ? "pointwise" : "all-to-all";
}
