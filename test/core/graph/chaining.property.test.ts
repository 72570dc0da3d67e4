/**
 * Goal:   exactly the edges that satisfy every condition are calls within a vertex; nothing gets lost or doubled on the way.
 * Method: random graphs; the conditions once more, in plain code over the stream graph, against what the job graph says.
 * Replay: `MILLRACE_SEED=<seed>` repeats a failure.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import type { StreamGraph } from "../../../core/graph/stream-graph.ts";
import type { StreamEdge } from "../../../core/graph/stream-graph.ts";
import { jobGraph } from "./graphs.ts";
import { buildRandomGraph, randomGraphs } from "./random-graphs.ts";
import type { RandomNode } from "./random-graphs.ts";

const replay = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

const text = (edge: Pick<StreamEdge, "from" | "to" | "input" | "sideOutput">): string =>
  `${edge.from}->${edge.to}.${edge.input} ${edge.sideOutput ?? "main"}`;

const rising = (left: number, right: number): number => left - right;

/** Slot sharing groups of all nodes; nodes are numbered so that inputs come first. */
function groupsOf(graph: StreamGraph): readonly string[] {
  const groups: string[] = [];
  for (const node of graph.nodes) {
    const above = new Set(graph.inputsOf(node.id).map((edge) => groups[edge.from] ?? ""));
    groups.push(node.slotSharingGroup ?? (above.size === 1 ? [...above].join("") : "default"));
  }
  return groups;
}

/** The conditions, as the reference lists them. */
function expectedCalls(graph: StreamGraph): readonly string[] {
  const groups = groupsOf(graph);
  const heads: number[] = [];
  const calls: string[] = [];
  for (const down of graph.nodes) {
    heads.push(down.id);
    const inputs = graph.inputsOf(down.id);
    const [edge] = inputs;
    if (edge === undefined || inputs.length > 1 || down.chaining !== "always") continue;
    const up = graph.node(edge.from);
    const headMax = graph.node(heads[up.id] ?? 0).maxParallelism ?? 128;
    const forward = edge.partitioning === undefined || edge.partitioning.kind === "forward";
    if (!forward || up.parallelism !== down.parallelism || up.chaining === "never" || groups[up.id] !== groups[down.id])
      continue;
    if (down.maxParallelism !== undefined && down.maxParallelism !== headMax) continue;
    heads[down.id] = heads[up.id] ?? 0;
    calls.push(text(edge));
  }
  return calls;
}

/** The edges of a job graph, as those of the stream graph: calls and exchanges. */
function edgesOf(job: JobGraph): { readonly calls: readonly string[]; readonly exchanges: readonly string[] } {
  const calls: string[] = [];
  const exchanges: string[] = [];
  for (const vertex of job.vertices) {
    for (const operator of vertex.operators) {
      for (const output of operator.outputs) {
        const { sideOutput } = output;
        if (output.kind === "chained") {
          calls.push(
            text({ from: operator.node, to: vertex.operators[output.operator]?.node ?? -1, input: 0, sideOutput }),
          );
        } else {
          const edge = job.edges[output.edge];
          const head = job.vertices[edge?.to ?? -1]?.operators[0];
          expect(edge).toMatchObject({ from: vertex.index, sideOutput });
          exchanges.push(text({ from: operator.node, to: head?.node ?? -1, input: edge?.input ?? -1, sideOutput }));
        }
      }
    }
  }
  return { calls, exchanges };
}

function check(graph: StreamGraph, job: JobGraph): void {
  const { calls, exchanges } = edgesOf(job);
  expect(calls.toSorted()).toEqual(expectedCalls(graph).toSorted());
  expect([...calls, ...exchanges].toSorted()).toEqual(graph.edges.map((edge) => text(edge)).toSorted());
  const operators = job.vertices.flatMap((vertex) => vertex.operators.map((operator) => operator.node));
  expect(operators.toSorted(rising)).toEqual(graph.nodes.map((node) => node.id));
  checkShape(job);
}

/** What the runtime relies on: order, numbering, and that a vertex is one tree. */
function checkShape(job: JobGraph): void {
  job.edges.forEach((edge, index) => {
    expect(edge.index).toBe(index);
    expect(edge.from).toBeLessThan(edge.to);
  });
  job.vertices.forEach((vertex, index) => {
    expect(vertex.index).toBe(index);
    expect(vertex.id).toBe(vertex.operators[0]?.id);
    expect(vertex.outputs).toEqual(job.edges.filter((edge) => edge.from === index).map((edge) => edge.index));
    expect(vertex.inputs.toSorted(rising)).toEqual(
      job.edges.filter((edge) => edge.to === index).map((edge) => edge.index),
    );
    const called = vertex.operators.flatMap(({ outputs }) =>
      outputs.flatMap((output) => (output.kind === "chained" ? [output.operator] : [])),
    );
    expect(called.toSorted(rising)).toEqual(vertex.operators.slice(1).map((_, follower) => follower + 1));
    vertex.operators.forEach((operator, place) => {
      for (const output of operator.outputs)
        if (output.kind === "chained") expect(output.operator).toBeGreaterThan(place);
    });
  });
}

/** Checks a graph against the job graph that its altered twin gives; the twin is the graph itself unless a bug is planted. */
function chainsRightly(
  alter: (node: RandomNode) => RandomNode = (node) => node,
): fc.IProperty<[readonly RandomNode[]]> {
  return fc.property(randomGraphs, (descriptions) =>
    check(buildRandomGraph(descriptions), jobGraph(buildRandomGraph(descriptions.map((node) => alter(node))))),
  );
}

describe("chaining", () => {
  test("chains an edge if, and only if, every condition holds", () => {
    expect(() => fc.assert(chainsRightly(), { numRuns: 300, ...replay })).not.toThrow();
  });

  // Building from a graph without some attribute is what createJobGraph would do if it forgot the condition.
  const bugs: Readonly<Record<string, (node: RandomNode) => RandomNode>> = {
    "forgets chaining strategies": (node) => ({ ...node, chaining: "always" }),
    "forgets slot sharing groups": (node) => ({ ...node, group: undefined }),
    "forgets parallelism": (node) => ({ ...node, parallelism: 2 }),
    "forgets max parallelism": (node) => ({ ...node, maxParallelism: undefined }),
    "forgets partitioning": (node) => ({
      ...node,
      inputs: node.inputs.map((input) => ({ ...input, by: "none" as const })),
    }),
    "drops a second input": (node) => ({ ...node, inputs: node.inputs.slice(0, 1) }),
    "drops side outputs": (node) => ({ ...node, inputs: node.inputs.map((input) => ({ ...input, side: false })) }),
  };
  test.each(Object.keys(bugs))("the check catches code that %s", (bug) => {
    expect(fc.check(chainsRightly(bugs[bug]), { numRuns: 300, ...replay }).failed).toBe(true);
  });
});
