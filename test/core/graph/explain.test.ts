/**
 * Golden plans, one file per job and format under `golden/`. After a wanted change: `npx vitest run test/core/graph/explain.test.ts -u`,
 * then read the difference.
 */
// covers: core/graph/explain-text.ts, core/graph/explain-dot.ts, core/graph/plan.ts
import { describe, expect, test } from "vitest";
import { explain } from "../../../core/graph/explain.ts";
import type { ExplainFormat } from "../../../core/graph/explain.ts";
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import type { StreamGraph } from "../../../core/graph/stream-graph.ts";
import { HASH, add, jobGraphOf, fiveOperators } from "./graphs.ts";

/** A chain that branches, a side output on either kind of edge, a group of its own, and both warnings. */
function branching(graph: StreamGraph): void {
  const clicks = add(graph, "source", [], {
    name: "clicks",
    stateful: true,
    parallelism: 4,
    parameters: { source: { replayable: false } },
  });
  const split = add(graph, "process", [{ from: clicks }], { name: 'split "late"', parallelism: 4 });
  const late = add(graph, "map", [{ from: split, side: "late" }], { parallelism: 4 });
  add(graph, "sink", [{ from: late }], { name: "late", uid: "late-sink", stateful: true, parallelism: 4 });
  const counts = add(graph, "window.aggregate", [{ from: split, by: HASH }], {
    uid: "counts",
    stateful: true,
    keyed: true,
    parallelism: 4,
  });
  add(graph, "sink", [{ from: counts }], { name: "out", uid: "out-sink", stateful: true, parallelism: 2 });
  add(graph, "sink", [{ from: counts, side: "dropped", by: { kind: "global" } }], {
    name: "dropped",
    parallelism: 1,
    slotSharingGroup: "heavy",
  });
}

const jobs: Readonly<Record<string, JobGraph>> = {
  "five operators": jobGraphOf(fiveOperators),
  "five operators, unchained": jobGraphOf(fiveOperators, { "pipeline.operator-chaining.enabled": false }),
  branching: jobGraphOf(branching, { "execution.checkpointing.interval": "10s" }),
};

/** One rendering of each kind is enough for the machine's formats; people compare the text. */
const goldens: readonly (readonly [keyof typeof jobs, ExplainFormat, string])[] = [
  ["five operators", "text", "five-operators.txt"],
  ["five operators, unchained", "text", "five-operators-unchained.txt"],
  ["branching", "text", "branching.txt"],
  ["branching", "dot", "branching.dot"],
  ["five operators", "dot", "five-operators.dot"],
  ["five operators", "json", "five-operators.json"],
];

describe("explain", () => {
  test.each(goldens)("%s as %s", async (name, format, file) => {
    const graph = jobs[name];
    if (graph === undefined) throw new Error(`no job ${name}`);
    await expect(explain(graph, { format })).toMatchFileSnapshot(`golden/${file}`);
  });
});
