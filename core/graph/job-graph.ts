/**
 * From what the user wrote to what runs: stream graph → job graph. Read this file first; each step has its own.
 *
 *   validation.ts      refuses what cannot run, and sorts the nodes
 *   planned-graph.ts   fills in defaults: parallelism, partitioning (partitioning.ts), slot sharing (slot-sharing.ts)
 *   uid.ts             ids under which state is kept
 *   chaining.ts        operators that become one task
 *   fingerprint.ts     one text per graph, so that every thread can check that it built the same one
 *
 * Deterministic: the same stream graph and configuration give the same job graph, in every thread and process.
 */
import { OPTIONS } from "../util/config.ts";
import type { Config } from "../util/config.ts";
import { assert } from "../util/errors.ts";
import { chainOperators } from "./chaining.ts";
import type { Chain, Chains } from "./chaining.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { JobEdge, JobGraph, JobOperator, JobVertex, OperatorOutput } from "./job-graph-types.ts";
import { operatorName } from "./operator-name.ts";
import { planGraph, plannedNode } from "./planned-graph.ts";
import type { PlannedEdge, PlannedGraph } from "./planned-graph.ts";
import { sinkWarnings } from "./sink-warnings.ts";
import { sourceWarnings } from "./source-warnings.ts";
import type { StreamGraph } from "./stream-graph.ts";
import { assignOperatorIds } from "./uid.ts";
import { checkPlan, checkStructure } from "./validation.ts";
import { vertexName } from "./vertex-name.ts";

export interface JobGraphOptions {
  readonly name: string;
  readonly config: Config;
}

export function createJobGraph(graph: StreamGraph, options: JobGraphOptions): JobGraph {
  const { name, config } = options;
  const order = checkStructure(graph);
  const planned = planGraph(graph, order, config);
  checkPlan(planned);
  const { ids, warnings } = assignOperatorIds(graph.nodes, { autoGenerate: config.get(OPTIONS.autoGenerateUids) });
  const chains = chainOperators(planned, { enabled: config.get(OPTIONS.operatorChaining) });
  const edges = jobEdges(planned, chains);
  const vertices = chains.chains.map((chain, index) => jobVertex({ planned, ids, chains, edges, chain, index }));
  const unsigned = {
    name,
    vertices,
    edges: edges.map(({ job }) => job),
    warnings: [...warnings, ...sourceWarnings(graph.nodes, config), ...sinkWarnings(graph.nodes, config)],
  };
  return { ...unsigned, fingerprint: fingerprintOf(unsigned) };
}

/** A job edge and the planned edge it came from. */
interface EdgePair {
  readonly planned: PlannedEdge;
  readonly job: JobEdge;
}

/** Numbered by producing vertex, then operator, then the order of the program. */
function jobEdges(planned: PlannedGraph, { chains, chained }: Chains): readonly EdgePair[] {
  const vertexOf = new Map(chains.flatMap((chain, index) => chain.operators.map((id) => [id, index] as const)));
  const exchanges = chains.flatMap((chain) =>
    chain.operators.flatMap((id) => plannedNode(planned, id).outputs.filter((edge) => !chained.has(edge))),
  );
  return exchanges.map((edge, index) => {
    const { input, partitioning, pattern, sideOutput, isFeedback } = edge;
    return {
      planned: edge,
      job: {
        index,
        from: indexIn(vertexOf, edge.from),
        to: indexIn(vertexOf, edge.to),
        input,
        partitioning,
        pattern,
        sideOutput,
        isFeedback,
      },
    };
  });
}

interface VertexParts {
  readonly planned: PlannedGraph;
  readonly ids: readonly string[];
  readonly chains: Chains;
  readonly edges: readonly EdgePair[];
  readonly chain: Chain;
  readonly index: number;
}

function jobVertex(parts: VertexParts): JobVertex {
  const operators = parts.chain.operators.map((id) => jobOperator(parts, id));
  const [head] = operators;
  assert(head !== undefined, "a chain has a head");
  const { parallelism, maxParallelism, slotSharingGroup } = plannedNode(parts.planned, head.node);
  const edges = parts.edges.map(({ job }) => job);
  const inputs = edges
    .filter((edge) => edge.to === parts.index)
    .sort((left, right) => left.input - right.input || left.index - right.index);
  return {
    id: head.id,
    index: parts.index,
    name: vertexName(operators),
    parallelism,
    maxParallelism,
    maxParallelismSet: parts.chain.operators.some((id) => plannedNode(parts.planned, id).maxParallelismSet),
    slotSharingGroup,
    operators,
    inputs: inputs.map((edge) => edge.index),
    outputs: edges.filter((edge) => edge.from === parts.index).map((edge) => edge.index),
  };
}

function jobOperator({ planned, ids, chains, edges, chain }: VertexParts, id: number): JobOperator {
  const { node, outputs } = plannedNode(planned, id);
  const { kind, spec, uid, stateful, keyed } = node;
  const jobOutputs = outputs.map((edge): OperatorOutput => {
    const { sideOutput } = edge;
    if (chains.chained.has(edge)) return { kind: "chained", sideOutput, operator: chain.operators.indexOf(edge.to) };
    const pair = edges.find((candidate) => candidate.planned === edge);
    assert(pair !== undefined, "an edge that is not chained is an exchange");
    return { kind: "edge", sideOutput, edge: pair.job.index };
  });
  return {
    id: ids[id] ?? "",
    node: id,
    kind,
    name: operatorName(node),
    uid,
    stateful,
    keyed,
    spec,
    outputs: jobOutputs,
  };
}

function indexIn(indices: ReadonlyMap<number, number>, node: number): number {
  const index = indices.get(node);
  assert(index !== undefined, `operator #${node} is in a chain`);
  return index;
}
