/** Stream graphs for tests, written without the API: nodes by name, edges by node. */
import { createJobGraph } from "../../../core/graph/job-graph.ts";
import type { JobGraph, JobVertex } from "../../../core/graph/job-graph-types.ts";
import { StreamGraph } from "../../../core/graph/stream-graph.ts";
import type { NewNode, Partitioning, StreamNode } from "../../../core/graph/stream-graph.ts";
import { Config } from "../../../core/util/config.ts";
import type { ConfigValues } from "../../../core/util/config.ts";

export const HASH: Partitioning = { kind: "hash", keyOf: (value: never): unknown => value };

export interface From {
  readonly from: StreamNode;
  readonly by?: Partitioning;
  /** 0 unless given. */
  readonly input?: number;
  readonly side?: string;
}

export type NodeOptions = Partial<Omit<NewNode, "kind" | "spec">> & {
  readonly parameters?: Readonly<Record<string, unknown>>;
};

/** Adds a node of this kind behind its inputs. A kind is its own module. */
export function add(graph: StreamGraph, kind: string, inputs: readonly From[], options: NodeOptions = {}): StreamNode {
  const { parameters = {}, ...rest } = options;
  const node = graph.addNode({ kind, spec: { module: kind, functions: {}, parameters }, ...rest });
  for (const { from, by, input = 0, side } of inputs)
    graph.connect({ from: from.id, to: node.id, input, partitioning: by, sideOutput: side });
  return node;
}

export function jobGraph(graph: StreamGraph, config: ConfigValues = {}): JobGraph {
  return createJobGraph(graph, { name: "test", config: new Config(config) });
}

/** The job graph of what `build` adds. */
export function jobGraphOf(build: (graph: StreamGraph) => void, config: ConfigValues = {}): JobGraph {
  const graph = new StreamGraph();
  build(graph);
  return jobGraph(graph, config);
}

export function names(graph: JobGraph): readonly string[] {
  return graph.vertices.map((vertex) => vertex.name);
}

export function vertexNamed(graph: JobGraph, name: string): JobVertex {
  const vertex = graph.vertices.find((candidate) => candidate.name === name);
  if (vertex === undefined) throw new Error(`no vertex "${name}" among ${names(graph).join("; ")}`);
  return vertex;
}

/**
 * Five operators: A and C are sources, E is the sink, C and E run with 2 subtasks, the
 * others with 4.
 */
export function fiveOperators(graph: StreamGraph): void {
  const a = add(graph, "source", [], { name: "A", uid: "a", stateful: true, parallelism: 4 });
  const b = add(graph, "map", [{ from: a }], { name: "B", parallelism: 4 });
  const c = add(graph, "source", [], { name: "C", uid: "c", stateful: true, parallelism: 2 });
  const d = add(
    graph,
    "keyed-co-process",
    [
      { from: b, by: HASH },
      { from: c, by: HASH, input: 1 },
    ],
    { name: "D", uid: "d", stateful: true, keyed: true, parallelism: 4 },
  );
  add(graph, "sink", [{ from: d }], { name: "E", uid: "e", stateful: true, parallelism: 2 });
}
