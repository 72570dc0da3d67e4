/** Operator ids: frozen, decided by uid, name or kind, and refused where they would be ambiguous. */
// covers: core/graph/stable-hash.ts
import { describe, expect, test } from "vitest";
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import type { StreamGraph } from "../../../core/graph/stream-graph.ts";
import { operatorIdOfUid } from "../../../core/graph/uid.ts";
import { HASH, add, jobGraphOf } from "./graphs.ts";
import type { NodeOptions } from "./graphs.ts";

/** A source with uid, then operators of these kinds behind it. */
function idsOf(
  operators: readonly (readonly [kind: string, options: NodeOptions])[],
  config: Record<string, boolean> = {},
): JobGraph {
  return jobGraphOf((graph: StreamGraph) => {
    const source = add(graph, "source", [], { name: "numbers", uid: "numbers", stateful: true });
    for (const [kind, options] of operators) add(graph, kind, [{ from: source, by: HASH }], options);
  }, config);
}

function idOf(graph: JobGraph, node: number): string | undefined {
  return graph.vertices.flatMap((vertex) => vertex.operators).find((operator) => operator.node === node)?.id;
}

const stateful: NodeOptions = { stateful: true };

describe("operator ids", () => {
  // Savepoints are filed under these: if this test fails, users lose their state. To check by hand: printf 'uid orders' | sha256sum
  test("of uids are frozen", () => {
    expect(operatorIdOfUid("orders")).toBe("88c4dc6725131d995b932ef92c314c59");
    expect(operatorIdOfUid("Zähler ✓")).toBe("cddb68beaff5be314b32dbb75436886f");
  });

  test("of names and kinds are frozen", () => {
    const graph = idsOf([
      ["keyed-process", stateful],
      ["keyed-process", stateful],
      ["reduce", { stateful: true, name: "totals" }],
    ]);
    expect([1, 2, 3].map((node) => idOf(graph, node))).toEqual([
      "144e43e1072a31be3354a40333f3ba64",
      "94afca3f8d7d29110be816be5d776b20",
      "cf29d81674d5a71fa46b4e34bba4b8bb",
    ]);
  });

  test("a uid decides alone", () => {
    const before = idsOf([["reduce", { ...stateful, uid: "totals" }]]);
    const after = idsOf([
      ["map", {}],
      ["window.aggregate", { ...stateful, uid: "totals", name: "renamed" }],
    ]);
    expect(idOf(after, 2)).toBe(idOf(before, 1));
  });

  test("without a uid, the kind and its ordinal decide; operators with uid count", () => {
    const before = idsOf([
      ["reduce", stateful],
      ["reduce", stateful],
    ]);
    const after = idsOf([
      ["map", {}],
      ["keyed-process", stateful],
      ["reduce", { ...stateful, uid: "now it has one" }],
      ["reduce", {}],
      ["reduce", stateful],
    ]);
    expect(idOf(after, 5)).toBe(idOf(before, 2));
  });

  test("a name of its own makes an operator independent of all others", () => {
    const before = idsOf([["reduce", { ...stateful, name: "totals" }]]);
    const after = idsOf([
      ["reduce", stateful],
      ["reduce", { ...stateful, name: "totals", uid: "x" }],
      ["reduce", { ...stateful, name: "totals" }],
    ]);
    expect(idOf(after, 3)).toBe(idOf(before, 1));
  });

  test("a source and a sink of one name differ", () => {
    expect(() =>
      idsOf([
        ["source.copy", { ...stateful, name: "orders" }],
        ["sink", { ...stateful, name: "orders" }],
      ]),
    ).not.toThrow();
  });

  test("a stateful operator without uid is warned about", () => {
    const sentence =
      'operator "Keyed Process" (#1) has state but no uid: give it one, .uid("..."), so that later versions of the job find its state';
    expect(idsOf([["keyed-process", stateful]]).warnings).toEqual([{ kind: "missing-uid", sentence }]);
    expect(idsOf([["map", {}]]).warnings).toEqual([]);
  });
});

describe("refusals", () => {
  test("MR1023: two operators with one uid, with or without state", () => {
    expect(() => idsOf([["map", { uid: "numbers" }]])).toThrow(
      'MR1023: operators "Source: numbers" (#0) and "Map" (#1) both have the uid "numbers": give each its own',
    );
  });

  test("MR1023: an empty uid", () => {
    expect(() => idsOf([["map", { uid: " " }]])).toThrow('MR1023: the uid of operator "Map" (#1) is empty');
  });

  test("MR1024: no uid where uids are not generated", () => {
    const config = { "pipeline.auto-generate-uids": false };
    expect(() =>
      idsOf(
        [
          ["reduce", stateful],
          ["map", {}],
          ["sink", { ...stateful, name: "out" }],
        ],
        config,
      ),
    ).toThrow(
      'MR1024: these operators have state but no uid, and pipeline.auto-generate-uids is off: "Reduce" (#1), "Sink: out" (#3); call .uid("...") on each',
    );
    expect(() => idsOf([["reduce", { ...stateful, uid: "r" }]], config)).not.toThrow();
  });

  test("MR1025: one name for two stateful operators without uid", () => {
    expect(() =>
      idsOf([
        ["reduce", { ...stateful, name: "totals" }],
        ["keyed-process", { ...stateful, name: "totals" }],
      ]),
    ).toThrow(
      'MR1025: operators "totals" (#1) and "totals" (#2) have state, one name and no uid, so their state could be mixed up: give each a uid',
    );
  });
});
