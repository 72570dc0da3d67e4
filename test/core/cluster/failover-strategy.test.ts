/**
 * Goal:   after a failure exactly those tasks start again that are connected with a failed one; with the full strategy all of them.
 * Method: random graphs and failures; the neighbours' neighbours in plain code, over every single channel.
 * Replay: `MILLRACE_SEED=<seed>` repeats a failure.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createFailoverStrategy } from "../../../core/cluster/failover-strategy.ts";
import { outputChannels } from "../../../core/graph/channels.ts";
import type { JobGraph, Subtask } from "../../../core/graph/job-graph-types.ts";
import { PipelinedRegions } from "../../../core/graph/regions.ts";
import { Config } from "../../../core/util/config.ts";
import { replay } from "../../harness/replay.ts";
import { jobGraph } from "../graph/graphs.ts";
import { buildRandomGraph, randomGraphs } from "../graph/random-graphs.ts";

const nameOf = ({ vertex, subtask }: Subtask): string => `${vertex}/${subtask}`;

function allOf(graph: JobGraph): readonly Subtask[] {
  return graph.vertices.flatMap(({ index, parallelism }) =>
    Array.from({ length: parallelism }, (_, subtask) => ({ vertex: index, subtask })),
  );
}

/** From the failed ones along all channels, both ways, until nothing changes. */
function connectedWith(graph: JobGraph, failed: readonly Subtask[]): readonly string[] {
  const reached = new Set(failed.map(nameOf));
  for (let size = 0; size !== reached.size;) {
    size = reached.size;
    for (const { index, from } of graph.edges)
      for (let producer = 0; producer < (graph.vertices[from]?.parallelism ?? 0); producer += 1)
        for (const { consumer } of outputChannels(graph, index, producer)) {
          const ends = [nameOf({ vertex: from, subtask: producer }), nameOf(consumer)];
          if (ends.some((end) => reached.has(end))) for (const end of ends) reached.add(end);
        }
  }
  return [...reached].toSorted();
}

function restarted(graph: JobGraph, failed: readonly Subtask[], strategy: string): readonly string[] {
  const config = new Config({ "jobmanager.execution.failover-strategy": strategy });
  const regions = createFailoverStrategy(config, new PipelinedRegions(graph))(failed);
  return regions.flatMap(({ subtasks }) => subtasks.map(nameOf)).toSorted();
}

describe("what starts again", () => {
  test("by region: what is connected with a failed task, and nothing else", () =>
    fc.assert(
      fc.property(randomGraphs, fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), (descriptions, chosen) => {
        const graph = jobGraph(buildRandomGraph(descriptions));
        const all = allOf(graph);
        const failed = chosen.flatMap((index) => all[index % all.length] ?? []);
        expect(restarted(graph, failed, "region")).toEqual(connectedWith(graph, failed));
      }),
      replay,
    ));

  test("full: everything", () =>
    fc.assert(
      fc.property(randomGraphs, (descriptions) => {
        const graph = jobGraph(buildRandomGraph(descriptions));
        const all = allOf(graph);
        expect(restarted(graph, all.slice(0, 1), "full")).toEqual(all.map(nameOf).toSorted());
      }),
      { numRuns: 20, ...replay },
    ));
});
