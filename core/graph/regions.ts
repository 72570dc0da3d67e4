/**
 * Pipelined regions: the subtasks that are connected by exchanges, in whatever direction. What is in one region starts and restarts
 * together, since its records are in flight between its tasks; regions do not disturb each other.
 *
 * A chain without exchange is a region per subtask; one all-to-all exchange joins everything it touches.
 */
import { assert } from "../util/errors.ts";
import { distributionOf } from "./channels.ts";
import { consumersOf } from "./distribution.ts";
import type { JobGraph, Subtask } from "./job-graph-types.ts";

export interface Region {
  readonly index: number;
  /** By vertex, then subtask. */
  readonly subtasks: readonly Subtask[];
}

/** The regions of a job, and which of them each subtask is in. */
export class PipelinedRegions {
  readonly all: readonly Region[];
  /** By vertex, then subtask. */
  readonly #bySubtask: readonly (readonly Region[])[];

  constructor(graph: JobGraph) {
    this.all = regionsOf(graph);
    const bySubtask = graph.vertices.map((): Region[] => []);
    for (const region of this.all)
      for (const { vertex, subtask } of region.subtasks) (bySubtask[vertex] ?? [])[subtask] = region;
    this.#bySubtask = bySubtask;
  }

  of({ vertex, subtask }: Subtask): Region {
    const region = this.#bySubtask[vertex]?.[subtask];
    assert(region !== undefined, `there is no subtask ${subtask} of vertex ${vertex}`);
    return region;
  }
}

/** Numbered by their first subtask. Cost: the number of subtasks, not of channels. */
export function regionsOf(graph: JobGraph): readonly Region[] {
  const subtasks = graph.vertices.flatMap(({ index, parallelism }) =>
    Array.from({ length: parallelism }, (_, subtask) => ({ vertex: index, subtask })),
  );
  const starts: number[] = [];
  let count = 0;
  for (const { parallelism } of graph.vertices) {
    starts.push(count);
    count += parallelism;
  }
  const sets = new DisjointSets(count);
  for (const edge of graph.edges) {
    const distribution = distributionOf(graph, edge);
    const from = starts[edge.from] ?? 0;
    const to = starts[edge.to] ?? 0;
    for (let producer = 0; producer < distribution.producers; producer += 1) {
      // All-to-all: consumer 0 joins all producers, and producer 0 all consumers; the other pairs add nothing.
      const consumers = edge.pattern === "all-to-all" && producer > 0 ? [0] : consumersOf(distribution, producer);
      for (const consumer of consumers) sets.join(from + producer, to + consumer);
    }
  }
  const regions = new Map<number, Subtask[]>();
  subtasks.forEach((subtask, index) => {
    const root = sets.rootOf(index);
    const members = regions.get(root);
    if (members === undefined) regions.set(root, [subtask]);
    else members.push(subtask);
  });
  return [...regions.values()].map((members, index) => ({ index, subtasks: members }));
}

/** Union–find with halved paths; the smaller root wins, so that results do not depend on the order of joining. */
class DisjointSets {
  readonly #parents: number[];

  constructor(count: number) {
    this.#parents = Array.from({ length: count }, (_, index) => index);
  }

  rootOf(index: number): number {
    let node = index;
    for (let parent = this.#parents[node] ?? node; parent !== node; parent = this.#parents[node] ?? node) {
      this.#parents[node] = this.#parents[parent] ?? parent;
      node = parent;
    }
    return node;
  }

  join(left: number, right: number): void {
    const leftRoot = this.rootOf(left);
    const rightRoot = this.rootOf(right);
    this.#parents[Math.max(leftRoot, rightRoot)] = Math.min(leftRoot, rightRoot);
  }
}
