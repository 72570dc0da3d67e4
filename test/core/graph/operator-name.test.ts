/** What operators are called. */
import { expect, test } from "vitest";
import { operatorLabel, operatorName } from "../../../core/graph/operator-name.ts";
import type { OperatorSpec } from "../../../core/graph/stream-graph.ts";

const runs = (module: string): OperatorSpec => ({ module, functions: {}, parameters: {} });

test.each([
  ["source", "source", "numbers", "Source: numbers"],
  ["sequence-source", "source", "sequence-source", "Source: Sequence"],
  ["sequence-source", "source", "numbers", "Source: numbers"],
  ["sink", "sink", "out", "Sink: out"],
  ["sink", "sink", "sink", "Sink"],
  ["print-sink", "sink", "print-sink", "Sink: Print"],
  ["map", "map", "map", "Map"],
  ["map", "map", "enrich", "enrich"],
  ["flat-map", "flat-map", "flat-map", "Flat Map"],
  ["window.aggregate", "window/window", "window.aggregate", "Window Aggregate"],
  ["custom", "custom", "sink", "sink"],
])("a %s that runs %s and is named %s is called %s", (kind, module, name, expected) => {
  expect(operatorName({ kind, name, spec: runs(module) })).toBe(expected);
});

test("labels carry the number, as names may repeat", () => {
  expect(operatorLabel({ id: 3, kind: "map", name: "map", spec: runs("map") })).toBe('"Map" (#3)');
});
