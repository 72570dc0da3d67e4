/**
 * The stream graph with every default filled in: what chaining and validation look at.
 *
 * In:   the stream graph, an order in which inputs come first, and the configuration.
 * Out:  per node its parallelism, key groups, slot sharing group and edges; per edge its partitioning. Nothing is checked here.
 */
import { defaultMaxParallelism } from "../state/key-groups.ts";
import { assert } from "../util/errors.ts";
import { OPTIONS } from "../util/config.ts";
import type { Config } from "../util/config.ts";
import { partitioningOrDefault, patternOf } from "./partitioning.ts";
import { slotSharingGroupOf } from "./slot-sharing.ts";
import type { JobEdge } from "./job-graph-types.ts";
import type { Partitioning, StreamEdge, StreamGraph, StreamNode } from "./stream-graph.ts";

export interface PlannedEdge {
  readonly from: number;
  readonly to: number;
  readonly input: number;
  readonly partitioning: Partitioning;
  readonly pattern: JobEdge["pattern"];
  readonly sideOutput: string | undefined;
  readonly isFeedback: boolean;
}

export interface PlannedNode {
  readonly node: Readonly<StreamNode>;
  readonly parallelism: number;
  /** What it would have as a head; behind one, the head's holds. */
  readonly maxParallelism: number;
  /** By the program or the configuration; else derived from the parallelism. */
  readonly maxParallelismSet: boolean;
  readonly slotSharingGroup: string;
  /** In the order of the program. */
  readonly inputs: readonly PlannedEdge[];
  readonly outputs: readonly PlannedEdge[];
}

export interface PlannedGraph {
  /** By node id. */
  readonly nodes: readonly PlannedNode[];
  /** Node ids, each after its inputs. */
  readonly order: readonly number[];
}

export function planGraph(graph: StreamGraph, order: readonly number[], config: Config): PlannedGraph {
  const parallelisms = graph.nodes.map((node) => parallelismOf(node, config));
  const edges = graph.edges.map((edge) => plannedEdge(edge, parallelisms));
  const inputs = graph.nodes.map((node) => edges.filter((edge) => edge.to === node.id));
  const groups: string[] = [];
  for (const id of order) {
    const inputGroups = (inputs[id] ?? []).filter((edge) => !edge.isFeedback).map((edge) => groups[edge.from] ?? "");
    groups[id] = slotSharingGroupOf(graph.node(id).slotSharingGroup, inputGroups);
  }
  const nodes = graph.nodes.map((node): PlannedNode => {
    const parallelism = parallelisms[node.id] ?? 1;
    return {
      node,
      parallelism,
      ...maxParallelismOf(node, parallelism, config),
      slotSharingGroup: groups[node.id] ?? "",
      inputs: inputs[node.id] ?? [],
      outputs: edges.filter((edge) => edge.from === node.id),
    };
  });
  return { nodes, order };
}

export function plannedNode(graph: PlannedGraph, id: number): PlannedNode {
  const planned = graph.nodes[id];
  assert(planned !== undefined, `there is no planned node ${id}`);
  return planned;
}

/**
 * Only a parallelism that was asked for can be too high for the operator: the environment's yields, as it does for Flink's non-parallel
 * sources.
 */
function parallelismOf(node: Readonly<StreamNode>, config: Config): number {
  return node.parallelism ?? Math.min(config.get(OPTIONS.parallelism), node.parallelismMax ?? Infinity);
}

function maxParallelismOf(
  node: Readonly<StreamNode>,
  parallelism: number,
  config: Config,
): Pick<PlannedNode, "maxParallelism" | "maxParallelismSet"> {
  const configured = config.get(OPTIONS.maxParallelism);
  const set = node.maxParallelism ?? (configured === -1 ? undefined : configured);
  return { maxParallelism: set ?? defaultMaxParallelism(parallelism), maxParallelismSet: set !== undefined };
}

function plannedEdge(edge: StreamEdge, parallelisms: readonly number[]): PlannedEdge {
  const partitioning = partitioningOrDefault(edge.partitioning, {
    from: parallelisms[edge.from] ?? 1,
    to: parallelisms[edge.to] ?? 1,
  });
  return {
    from: edge.from,
    to: edge.to,
    input: edge.input,
    partitioning,
    pattern: patternOf(partitioning),
    sideOutput: edge.sideOutput,
    isFeedback: edge.isFeedback ?? false,
  };
}
