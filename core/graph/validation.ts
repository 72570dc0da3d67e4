/**
 * What is refused while a graph is built, so that it does not fail at record ten million. Every refusal names the operators and the cure.
 *
 * `checkStructure` needs only nodes and edges and comes first, since defaults are filled in along the order it returns; `checkPlan` sees
 * the defaults.
 */
import { MAX_PARALLELISM_LIMIT } from "../state/key-groups.ts";
import { MillraceError, assert } from "../util/errors.ts";
import type { ErrorCode } from "../util/errors.ts";
import { operatorLabel } from "./operator-name.ts";
import { plannedNode } from "./planned-graph.ts";
import type { PlannedGraph, PlannedNode } from "./planned-graph.ts";
import { findCycle, topologicalOrder } from "./topological-order.ts";
import type { StreamGraph, StreamNode } from "./stream-graph.ts";

/** Returns the node ids in an order in which inputs come first. */
export function checkStructure(graph: StreamGraph): readonly number[] {
  if (!graph.nodes.some(isSource))
    refuse("MR1020", "the job has no source: start it with env.fromSource, env.fromData or env.fromSequence");
  for (const node of graph.nodes) {
    const fed = graph.forwardEdges.some((edge) => edge.to === node.id);
    assert(!(fed && isSource(node)), `the source ${operatorLabel(node)} has no input`);
    if (!fed && !isSource(node))
      refuse("MR1021", `operator ${operatorLabel(node)} has no input: connect it to a stream, or remove it`);
  }
  const cycle = findCycle(graph.nodes.length, graph.forwardEdges);
  if (cycle !== undefined) {
    const path = [...cycle, ...cycle.slice(0, 1)].map((id) => operatorLabel(graph.node(id))).join(" -> ");
    refuse(
      "MR1022",
      `these operators feed themselves: ${path}; a stream cannot be its own input, so take out one of the connections`,
    );
  }
  return topologicalOrder(graph.nodes.length, graph.forwardEdges);
}

export function checkPlan(graph: PlannedGraph): void {
  for (const planned of graph.nodes) {
    checkParallelism(planned);
    checkSlotSharingGroup(planned);
    checkInputs(graph, planned);
  }
}

function isSource(node: Readonly<StreamNode>): boolean {
  return node.kind === "source" || node.spec.module === "source";
}

function checkParallelism({ node, parallelism, maxParallelism }: PlannedNode): void {
  const label = operatorLabel(node);
  if (!Number.isInteger(parallelism) || parallelism < 1)
    refuse("MR1027", `the parallelism of operator ${label} must be a whole number from 1, not ${parallelism}`);
  if (!Number.isInteger(maxParallelism) || maxParallelism < 1 || maxParallelism > MAX_PARALLELISM_LIMIT) {
    refuse(
      "MR1029",
      `the max parallelism of operator ${label} must be a whole number from 1 to ${MAX_PARALLELISM_LIMIT}, not ${maxParallelism}`,
    );
  }
  if (parallelism > maxParallelism) {
    refuse(
      "MR1028",
      `operator ${label} has parallelism ${parallelism}, above its max parallelism of ${maxParallelism}: lower the first or raise the second`,
    );
  }
  if (node.parallelismMax !== undefined && parallelism > node.parallelismMax) {
    refuse(
      "MR1030",
      `operator ${label} can run with parallelism ${node.parallelismMax} at most, not ${parallelism}: set its parallelism to ${node.parallelismMax}`,
    );
  }
}

function checkSlotSharingGroup({ node }: PlannedNode): void {
  const group = node.slotSharingGroup;
  if (group !== undefined && (group === "" || group.trim() !== group)) {
    refuse(
      "MR1032",
      `the slot sharing group of operator ${operatorLabel(node)} must be a name without blanks around it, not "${group}"`,
    );
  }
}

function checkInputs(graph: PlannedGraph, down: PlannedNode): void {
  for (const edge of down.inputs) {
    const up = plannedNode(graph, edge.from);
    assert(
      !edge.isFeedback || (up === down && edge.partitioning.kind === "hash"),
      `the loop of operator ${operatorLabel(down.node)} leads back to itself, by key`,
    );
    if (edge.partitioning.kind === "forward" && up.parallelism !== down.parallelism) {
      refuse(
        "MR1026",
        `forward from operator ${operatorLabel(up.node)} with parallelism ${up.parallelism} to ${operatorLabel(down.node)} with ${down.parallelism} is impossible: ` +
          "make them equal, or use rebalance or rescale",
      );
    }
    if (down.node.keyed && edge.partitioning.kind !== "hash") {
      refuse(
        "MR1031",
        `operator ${operatorLabel(down.node)} has keyed state, but its input from ${operatorLabel(up.node)} is partitioned by ${edge.partitioning.kind}: call keyBy right before it`,
      );
    }
  }
  for (const { input } of down.inputs) {
    for (let lower = 0; lower < input; lower += 1) {
      assert(
        down.inputs.some((edge) => edge.input === lower),
        `operator ${operatorLabel(down.node)} has input ${input}, so it has input ${lower}`,
      );
    }
  }
}

/** Building the same graph again gives the same refusal, so no restart helps. */
function refuse(code: ErrorCode, sentence: string): never {
  throw new MillraceError(code, sentence, { retryable: false });
}
