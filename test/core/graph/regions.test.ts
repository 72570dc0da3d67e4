/**
 * Goal:   a region holds exactly what is connected through exchanges.
 * Method: random graphs; the neighbours' neighbours in plain code, over every single channel.
 * Replay: `MILLRACE_SEED=<seed>` repeats a failure.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { outputChannels } from "../../../core/graph/channels.ts";
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import { regionsOf } from "../../../core/graph/regions.ts";
import { add, jobGraph, jobGraphOf, fiveOperators } from "./graphs.ts";
import { buildRandomGraph, randomGraphs } from "./random-graphs.ts";

const replay = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

const describeRegions = (graph: JobGraph): readonly string[] =>
  regionsOf(graph).map(({ subtasks }) => subtasks.map(({ vertex, subtask }) => `${vertex}/${subtask}`).join(" "));

/** Spreads a mark from each subtask along all channels, both ways, until nothing changes. */
function naiveRegions(graph: JobGraph): readonly string[] {
  const all = graph.vertices.flatMap(({ index, parallelism }) =>
    Array.from({ length: parallelism }, (_, subtask) => `${index}/${subtask}`),
  );
  const pairs = graph.edges.flatMap((edge) =>
    Array.from({ length: graph.vertices[edge.from]?.parallelism ?? 0 }, (_, producer) =>
      outputChannels(graph, edge.index, producer).map(
        ({ consumer }) => [`${edge.from}/${producer}`, `${consumer.vertex}/${consumer.subtask}`] as const,
      ),
    ).flat(),
  );
  const regions: string[] = [];
  const seen = new Set<string>();
  for (const start of all) {
    if (seen.has(start)) continue;
    const region = new Set([start]);
    for (let size = 0; size !== region.size;) {
      size = region.size;
      for (const [left, right] of pairs) if (region.has(left) || region.has(right)) region.add(left).add(right);
    }
    for (const member of region) seen.add(member);
    regions.push(all.filter((member) => region.has(member)).join(" "));
  }
  return regions;
}

describe("regions", () => {
  test("are what is connected", () =>
    fc.assert(
      fc.property(randomGraphs, (descriptions) => {
        const graph = jobGraph(buildRandomGraph(descriptions));
        expect(describeRegions(graph)).toEqual(naiveRegions(graph));
      }),
      replay,
    ));

  test("one for each subtask of a chain, or of a line of forward exchanges", () => {
    const line = jobGraphOf((graph) => {
      const source = add(graph, "source", [], { name: "s", parallelism: 3 });
      add(graph, "map", [{ from: source }], { parallelism: 3, chaining: "never" });
    });
    expect(describeRegions(line)).toEqual(["0/0 1/0", "0/1 1/1", "0/2 1/2"]);
  });

  test("rescale joins neighbours only", () => {
    const rescaled = jobGraphOf((graph) => {
      const source = add(graph, "source", [], { name: "s", parallelism: 2 });
      add(graph, "map", [{ from: source, by: { kind: "rescale" } }], { parallelism: 4 });
    });
    expect(describeRegions(rescaled)).toEqual(["0/0 1/0 1/1", "0/1 1/2 1/3"]);
  });

  test("a keyBy joins all", () => expect(regionsOf(jobGraphOf(fiveOperators))).toHaveLength(1));

  test("unconnected parts of a job stay apart", () => {
    const apart = jobGraphOf((graph) => {
      add(graph, "source", [], { name: "a" });
      add(graph, "source", [], { name: "b" });
    });
    expect(describeRegions(apart)).toEqual(["0/0", "1/0"]);
  });
});
