/**
 * Goal:   inputs stand before what they feed; a cycle is found if there is one.
 * Method: small random graphs; all ways are tried in plain code.
 * Replay: `MILLRACE_SEED=<seed>` repeats a failure.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findCycle, topologicalOrder } from "../../../core/graph/topological-order.ts";
import type { Arrow } from "../../../core/graph/topological-order.ts";

const replay = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

const COUNT = 7;
const arrows = fc.array(fc.record({ from: fc.nat(COUNT - 1), to: fc.nat(COUNT - 1) }), { maxLength: 12 });

/** Whether a node can come back to itself, by trying all ways. */
function comesBack(graph: readonly Arrow[]): boolean {
  const reach = (node: number, seen: ReadonlySet<number>): ReadonlySet<number> =>
    graph
      .filter(({ from, to }) => from === node && !seen.has(to))
      .reduce((all, { to }) => reach(to, new Set([...all, to])), seen);
  return Array.from({ length: COUNT }, (_, node) => reach(node, new Set()).has(node)).includes(true);
}

describe("sorting", () => {
  test("puts inputs first, unless there is a cycle, which is then shown", () =>
    fc.assert(
      fc.property(arrows, (graph) => {
        const order = topologicalOrder(COUNT, graph);
        const cycle = findCycle(COUNT, graph);
        if (comesBack(graph)) {
          const steps = (cycle ?? []).map((from, index) => ({ from, to: cycle?.[(index + 1) % cycle.length] }));
          expect(steps.length).toBeGreaterThan(0);
          for (const step of steps) expect(graph).toContainEqual(step);
        } else {
          expect(cycle).toBeUndefined();
          expect(order.toSorted((left, right) => left - right)).toEqual(
            Array.from({ length: COUNT }, (_, node) => node),
          );
          for (const { from, to } of graph) expect(order.indexOf(from)).toBeLessThan(order.indexOf(to));
        }
      }),
      replay,
    ));

  test("starts with all nodes that have no inputs, in their order", () => {
    const graph = [
      { from: 3, to: 1 },
      { from: 0, to: 1 },
      { from: 1, to: 2 },
    ];
    expect(topologicalOrder(4, graph)).toEqual([0, 3, 1, 2]);
  });
});
