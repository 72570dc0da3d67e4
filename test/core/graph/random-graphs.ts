/** Random stream graphs that can be built: a list of node descriptions, from which a test may make variants. */
import fc from "fast-check";
import { StreamGraph } from "../../../core/graph/stream-graph.ts";
import type { ChainingStrategy, Partitioning, StreamNode } from "../../../core/graph/stream-graph.ts";
import { HASH, add } from "./graphs.ts";
import type { From } from "./graphs.ts";

type Kind = "forward" | "rescale" | "rebalance" | "broadcast" | "hash" | "none";

export interface RandomNode {
  /** Upstream nodes as numbers; taken modulo the number of earlier nodes. Empty, or the first node: a source. */
  readonly inputs: readonly {
    readonly from: number;
    readonly by: Kind;
    readonly input: 0 | 1;
    readonly side: boolean;
  }[];
  readonly parallelism: 1 | 2;
  readonly maxParallelism: 128 | 256 | undefined;
  readonly chaining: ChainingStrategy;
  readonly group: "default" | "other" | undefined;
  readonly stateful: boolean;
  readonly name: "orders" | undefined;
}

/** Weighted towards what chains, since a graph in which nothing chains tests little. */
const node: fc.Arbitrary<RandomNode> = fc.record({
  inputs: fc.array(
    fc.record({
      from: fc.nat(),
      by: fc.constantFrom<Kind>(
        "none",
        "none",
        "none",
        "forward",
        "forward",
        "rescale",
        "rebalance",
        "broadcast",
        "hash",
      ),
      input: fc.constantFrom<0 | 1>(0, 0, 1),
      side: fc.boolean(),
    }),
    { minLength: 0, maxLength: 3, size: "small" },
  ),
  parallelism: fc.constantFrom<1 | 2>(2, 2, 2, 1),
  maxParallelism: fc.constantFrom(undefined, undefined, undefined, 128, 256),
  chaining: fc.constantFrom<ChainingStrategy>("always", "always", "always", "head", "never"),
  group: fc.constantFrom(undefined, undefined, undefined, "default", "other"),
  stateful: fc.boolean(),
  name: fc.constantFrom(undefined, undefined, "orders"),
});

export const randomGraphs: fc.Arbitrary<readonly RandomNode[]> = fc.array(node, { minLength: 1, maxLength: 9 });

/** Operators under the same name with state would be ambiguous, so only stateless ones are named. */
export function addRandomNode(graph: StreamGraph, description: RandomNode, earlier: readonly StreamNode[]): StreamNode {
  const { parallelism, maxParallelism, chaining, group, stateful, name } = description;
  const links =
    earlier.length === 0
      ? []
      : description.inputs.map(({ from, ...rest }) => ({ ...rest, from: earlier[from % earlier.length] }));
  const inputs = links.flatMap(({ from, by, input, side }): readonly From[] => {
    if (from === undefined) return [];
    // An input 1 needs an input 0 beside it.
    const place = links.some((link) => link.input === 0) ? input : 0;
    const partitioning = partitioningOf(by === "forward" && from.parallelism !== parallelism ? "rebalance" : by);
    return [
      {
        from,
        input: place,
        ...(partitioning === undefined ? {} : { by: partitioning }),
        ...(side ? { side: "side" } : {}),
      },
    ];
  });
  const kind = inputs.length === 0 ? "source" : stateful ? "process" : "map";
  return add(graph, kind, inputs, {
    parallelism,
    maxParallelism,
    chaining,
    slotSharingGroup: group,
    stateful,
    ...(name === undefined || stateful ? {} : { name }),
  });
}

export function buildRandomGraph(descriptions: readonly RandomNode[]): StreamGraph {
  const graph = new StreamGraph();
  const nodes: StreamNode[] = [];
  for (const description of descriptions) nodes.push(addRandomNode(graph, description, nodes));
  return graph;
}

function partitioningOf(kind: Kind): Partitioning | undefined {
  if (kind === "none") return undefined;
  return kind === "hash" ? HASH : { kind };
}
