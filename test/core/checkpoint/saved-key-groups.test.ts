/** Whose maximum parallelism holds: of the saved state, or of the job graph that starts from it. */
import { describe, expect, test } from "vitest";
import type { CompletedCheckpoint } from "../../../core/checkpoint/contract.ts";
import { describeVertices } from "../../../core/checkpoint/describe-vertices.ts";
import { withSavedKeyGroups } from "../../../core/checkpoint/saved-key-groups.ts";
import { checkpointWith, sampleGraph, subtaskSnapshot } from "./samples.ts";
import type { SampleVertex } from "./samples.ts";

const source: SampleVertex = { operators: [{ id: "source" }], parallelism: 1 };
const counts: SampleVertex = { operators: [{ id: "counts", keyed: true }, { id: "sink" }], parallelism: 1 };

/** Of `source` and `counts`, with 64 key groups each. */
function saved(): CompletedCheckpoint {
  const graph = sampleGraph(
    [
      { ...source, maxParallelism: 64 },
      { ...counts, maxParallelism: 64 },
    ],
    [{ from: 0, to: 1 }],
  );
  const vertices = describeVertices(graph).map((vertex) => ({ ...vertex, subtasks: [subtaskSnapshot()] }));
  return checkpointWith(1, [], { vertices });
}

function maxParallelisms(vertices: readonly SampleVertex[]): number[] {
  const graph = sampleGraph(vertices, [{ from: 0, to: 1 }]);
  const taken = withSavedKeyGroups(graph, saved());
  expect(taken.fingerprint).toBe(graph.fingerprint);
  return taken.vertices.map(({ maxParallelism }) => maxParallelism);
}

describe("a job graph that starts from a checkpoint", () => {
  test("takes over the key groups of keyed operators, and of no others", () => {
    expect(maxParallelisms([source, counts])).toEqual([128, 64]);
  });

  test("wherever they are chained now", () => {
    const chained: SampleVertex = { operators: [{ id: "new" }, { id: "counts", keyed: true }], parallelism: 2 };
    expect(maxParallelisms([source, chained])).toEqual([128, 64]);
  });

  test("keeps its own where somebody has set it, where the operator is new, and where there are too few", () => {
    expect(maxParallelisms([source, { ...counts, maxParallelism: 32 }])).toEqual([128, 32]);
    expect(maxParallelisms([source, { ...counts, operators: [{ id: "new", keyed: true }] }])).toEqual([128, 128]);
    expect(maxParallelisms([source, { ...counts, parallelism: 65 }])).toEqual([128, 128]);
  });
});
