/**
 * Chaining: which edges become plain calls within one task. A chain is a tree: it has one head, and an operator may feed several others.
 *
 * In:   the planned graph. Out: chains, head first; every operator is in exactly one.
 *
 * Each condition of Flink that applies here is one predicate with its reason; an edge is chained if all hold. Flink's other conditions
 * have no object: there are no legacy sources (which may not stand before operators that yield), no batch exchanges, no fusing of sources
 * into the head of several inputs; and that no other edge uses the same input follows from "single input".
 */
import { assert } from "../util/errors.ts";
import { plannedNode } from "./planned-graph.ts";
import type { PlannedEdge, PlannedGraph, PlannedNode } from "./planned-graph.ts";

/** An edge as the conditions see it. */
export interface ChainLink {
  readonly edge: PlannedEdge;
  readonly up: PlannedNode;
  readonly down: PlannedNode;
  /** The head of the chain that `up` is in. */
  readonly head: PlannedNode;
}

export interface ChainCondition {
  readonly name: string;
  readonly holds: (link: ChainLink) => boolean;
}

export interface Chain {
  /** Node ids: head first, then depth first in the order of the program, so that each stands before those it feeds. */
  readonly operators: readonly number[];
}

export interface Chains {
  /** In topological order: exchanges lead to heads only, so the order of the heads will do. */
  readonly chains: readonly Chain[];
  readonly chained: ReadonlySet<PlannedEdge>;
}

export const CHAIN_CONDITIONS: readonly ChainCondition[] = [
  {
    // An operator with two inputs, or with a union on one, needs an input gate to merge their watermarks and align their barriers.
    name: "single input",
    holds: ({ down }) => down.inputs.length === 1,
  },
  {
    // One chain is one task, and a task sits in one slot.
    name: "same slot sharing group",
    holds: ({ up, down }) => up.slotSharingGroup === down.slotSharingGroup,
  },
  {
    // `disableChaining` on the upstream operator: it wants a task of its own. `head` may be followed.
    name: "upstream may be followed",
    holds: ({ up }) => up.node.chaining !== "never",
  },
  {
    // `startNewChain` and `disableChaining` on the downstream operator.
    name: "downstream may follow",
    holds: ({ down }) => down.node.chaining === "always",
  },
  {
    // Subtask i calls subtask i: there must be equally many.
    name: "same parallelism",
    holds: ({ up, down }) => up.parallelism === down.parallelism,
  },
  {
    // A vertex has one number of key groups. An operator that asks for its own keeps it; one that does not takes the head's. (Flink
    // chains both by default and forgets the second.)
    name: "same max parallelism, or none asked for",
    holds: ({ head, down }) => down.node.maxParallelism === undefined || down.maxParallelism === head.maxParallelism,
  },
  {
    // Any other partitioning may send a record to another subtask.
    name: "forward",
    holds: ({ edge }) => edge.partitioning.kind === "forward",
  },
];

export function chainOperators(graph: PlannedGraph, options: { readonly enabled: boolean }): Chains {
  const headOf = new Map<number, PlannedNode>();
  const chained = new Set<PlannedEdge>();
  // Inputs come first in this order, so the upstream's chain is known when an edge is looked at.
  for (const id of graph.order) {
    const down = plannedNode(graph, id);
    headOf.set(id, down);
    for (const edge of options.enabled ? down.inputs : []) {
      const head = headOf.get(edge.from);
      assert(head !== undefined, "an operator's inputs are chained before it");
      const link: ChainLink = { edge, up: plannedNode(graph, edge.from), down, head };
      if (!CHAIN_CONDITIONS.every((condition) => condition.holds(link))) continue;
      chained.add(edge);
      headOf.set(id, head);
    }
  }
  const heads = graph.order.filter((id) => headOf.get(id)?.node.id === id);
  return { chains: heads.map((head) => ({ operators: depthFirst(graph, head, chained) })), chained };
}

function depthFirst(graph: PlannedGraph, head: number, chained: ReadonlySet<PlannedEdge>): readonly number[] {
  const operators: number[] = [];
  const stack = [head];
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    operators.push(id);
    const followers = plannedNode(graph, id).outputs.filter((edge) => chained.has(edge));
    stack.push(...followers.map((edge) => edge.to).reverse());
  }
  return operators;
}
