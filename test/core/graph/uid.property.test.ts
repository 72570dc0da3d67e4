/**
 * Goal:   putting stateless operators anywhere into a job moves the id of no operator that has state.
 * Method: random graphs, built once as they are and once with stateless operators between their nodes, on their edges and at their ends.
 * Replay: `MILLRACE_SEED=<seed>` repeats a failure.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { StreamGraph } from "../../../core/graph/stream-graph.ts";
import type { StreamNode } from "../../../core/graph/stream-graph.ts";
import { add, jobGraph } from "./graphs.ts";
import { addRandomNode, buildRandomGraph, randomGraphs } from "./random-graphs.ts";
import type { RandomNode } from "./random-graphs.ts";

const replay = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

interface Insertion {
  /** Behind which node, modulo their number. */
  readonly behind: number;
  /** True: the node's readers now read the new operator; false: it is one more reader. */
  readonly between: boolean;
  readonly kind: "map" | "process" | "source";
}

const insertions = fc.array(
  fc.record({
    behind: fc.nat(),
    between: fc.boolean(),
    kind: fc.constantFrom<Insertion["kind"]>("map", "process", "source"),
  }),
  { minLength: 1, maxLength: 4 },
);

/** `process` and `source` are also kinds of nodes with state: an inserted one without must not count. */
function withInsertions(
  descriptions: readonly RandomNode[],
  inserted: readonly Insertion[],
  options: { readonly stateful: boolean },
): readonly StreamNode[] {
  const graph = new StreamGraph();
  const nodes: StreamNode[] = [];
  const outlets: StreamNode[] = [];
  descriptions.forEach((description, index) => {
    const node = addRandomNode(graph, description, outlets);
    nodes.push(node);
    outlets.push(node);
    for (const { behind, between, kind } of inserted) {
      if (behind % descriptions.length !== index) continue;
      const extra = add(graph, kind, kind === "source" ? [] : [{ from: node }], {
        parallelism: node.parallelism,
        stateful: options.stateful,
      });
      if (between) outlets[index] = extra;
    }
  });
  return nodesWithIds(graph, nodes);
}

/** The same nodes; the id takes the place of the uid. */
function nodesWithIds(graph: StreamGraph, nodes: readonly StreamNode[]): readonly StreamNode[] {
  const operators = jobGraph(graph).vertices.flatMap((vertex) => vertex.operators);
  return nodes.map((node) => ({ ...node, uid: operators.find((operator) => operator.node === node.id)?.id }));
}

function statefulIds(nodes: readonly StreamNode[]): readonly string[] {
  return nodes.flatMap((node, index) => (node.stateful ? [`${index} ${node.uid}`] : []));
}

function stable(options: { readonly stateful: boolean }): fc.IProperty<[readonly RandomNode[], Insertion[]]> {
  return fc.property(randomGraphs, insertions, (descriptions, inserted) => {
    const graph = buildRandomGraph(descriptions);
    const before = statefulIds(nodesWithIds(graph, graph.nodes));
    expect(statefulIds(withInsertions(descriptions, inserted, options))).toEqual(before);
  });
}

test("inserted stateless operators move no state", () => {
  expect(() => fc.assert(stable({ stateful: false }), { numRuns: 200, ...replay })).not.toThrow();
});

test("the check catches ids that move: inserted stateful operators take the places of others", () => {
  expect(fc.check(stable({ stateful: true }), { numRuns: 200, ...replay }).failed).toBe(true);
});
