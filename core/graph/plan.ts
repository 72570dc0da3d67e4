/**
 * A job graph as its reader wants to see it: plain JSON without functions, with slots and regions worked out. `explain` renders it; the
 * REST API may hand it out as it is.
 */
import { distributionOf } from "./channels.ts";
import { channelCount } from "./distribution.ts";
import type { JobGraph, JobOperator, JobWarning, OperatorOutput } from "./job-graph-types.ts";
import { regionsOf } from "./regions.ts";
import { requiredSlots } from "./slots.ts";
import type { RequiredSlots } from "./slots.ts";

/** `null` stands for what is not set, so that every key is always there. */
export interface PlanOutput {
  readonly kind: OperatorOutput["kind"];
  /** Index of an operator in its vertex, or of an edge in the plan. */
  readonly target: number;
  readonly sideOutput: string | null;
}

export interface PlanOperator {
  /** The number that errors print as `#3`: its place in the program. */
  readonly node: number;
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly uid: string | null;
  readonly stateful: boolean;
  readonly keyed: boolean;
  readonly outputs: readonly PlanOutput[];
}

export interface PlanVertex {
  readonly index: number;
  readonly id: string;
  readonly name: string;
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly slotSharingGroup: string;
  readonly operators: readonly PlanOperator[];
}

export interface PlanEdge {
  readonly index: number;
  readonly from: number;
  readonly to: number;
  readonly input: number;
  readonly partitioning: string;
  readonly pattern: string;
  readonly channels: number;
  readonly sideOutput: string | null;
  /** Back to its own vertex. */
  readonly isFeedback: boolean;
}

export interface Plan {
  readonly name: string;
  readonly fingerprint: string;
  readonly slots: RequiredSlots;
  /** How many parts of the job are connected by exchanges; today a failure restarts all of them. */
  readonly regions: number;
  readonly vertices: readonly PlanVertex[];
  readonly edges: readonly PlanEdge[];
  readonly warnings: readonly JobWarning[];
}

export function planOf(graph: JobGraph): Plan {
  return {
    name: graph.name,
    fingerprint: graph.fingerprint,
    slots: requiredSlots(graph),
    regions: regionsOf(graph).length,
    vertices: graph.vertices.map(({ index, id, name, parallelism, maxParallelism, slotSharingGroup, operators }) => ({
      index,
      id,
      name,
      parallelism,
      maxParallelism,
      slotSharingGroup,
      operators: operators.map((operator) => planOperator(operator)),
    })),
    edges: graph.edges.map((edge) => ({
      index: edge.index,
      from: edge.from,
      to: edge.to,
      input: edge.input,
      partitioning: edge.partitioning.kind,
      pattern: edge.pattern,
      channels: channelCount(distributionOf(graph, edge)),
      sideOutput: edge.sideOutput ?? null,
      isFeedback: edge.isFeedback,
    })),
    warnings: graph.warnings,
  };
}

function planOperator({ node, id, name, kind, uid, stateful, keyed, outputs }: JobOperator): PlanOperator {
  return {
    node,
    id,
    name,
    kind,
    uid: uid ?? null,
    stateful,
    keyed,
    outputs: outputs.map((output) => ({
      kind: output.kind,
      target: output.kind === "chained" ? output.operator : output.edge,
      sideOutput: output.sideOutput ?? null,
    })),
  };
}
