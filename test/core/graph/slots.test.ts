/** Slot arithmetic, with the examples of the seed and the reference. */
import { describe, expect, test } from "vitest";
import { assignSlots, requiredSlots, slotShortage } from "../../../core/graph/slots.ts";
import { add, jobGraphOf, fiveOperators } from "./graphs.ts";

const seed = jobGraphOf(fiveOperators);

/** The reference's second example: five operators with parallelism 4, 4, 4, 2 and 1; the last in a group of its own. */
const heavy = jobGraphOf((graph) => {
  let last = add(graph, "source", [], { name: "first", parallelism: 4 });
  for (const parallelism of [4, 4, 2]) last = add(graph, "map", [{ from: last }], { parallelism });
  add(graph, "map", [{ from: last }], { parallelism: 1, slotSharingGroup: "heavy" });
});

describe("slots needed", () => {
  test("the highest parallelism of a group: five operators need 4, chained or not", () => {
    expect(requiredSlots(seed)).toEqual({ total: 4, perGroup: [{ group: "default", slots: 4 }] });
    expect(requiredSlots(jobGraphOf(fiveOperators, { "pipeline.operator-chaining.enabled": false })).total).toBe(4);
  });

  test("summed over the groups: 4 and 1 for the heavy one", () => {
    expect(requiredSlots(heavy)).toEqual({
      total: 5,
      perGroup: [
        { group: "default", slots: 4 },
        { group: "heavy", slots: 1 },
      ],
    });
  });
});

describe("what runs in a slot", () => {
  test("subtask i of every vertex of the group, so that later slots hold fewer", () => {
    const held = assignSlots(seed).map(({ subtasks }) =>
      subtasks.map(({ vertex, subtask }) => `${seed.vertices[vertex]?.name} ${subtask}`),
    );
    expect(held).toEqual([
      ["Source: A -> B 0", "Source: C 0", "D 0", "Sink: E 0"],
      ["Source: A -> B 1", "Source: C 1", "D 1", "Sink: E 1"],
      ["Source: A -> B 2", "D 2"],
      ["Source: A -> B 3", "D 3"],
    ]);
  });

  test("every subtask once, groups apart", () => {
    const assignments = assignSlots(heavy);
    expect(assignments.map(({ slot, group }) => `${slot} ${group}`)).toEqual([
      "0 default",
      "1 default",
      "2 default",
      "3 default",
      "4 heavy",
    ]);
    const placed = assignments.flatMap(({ subtasks }) => subtasks.map(({ vertex, subtask }) => `${vertex}/${subtask}`));
    expect(new Set(placed).size).toBe(placed.length);
    expect(placed).toHaveLength(heavy.vertices.reduce((sum, { parallelism }) => sum + parallelism, 0));
  });
});

describe("too few slots", () => {
  test("two TaskManagers with two slots each will do for five operators", () => {
    expect(slotShortage(requiredSlots(seed), 2 * 2)).toBeUndefined();
  });

  test("three slots will not, and it says so", () => {
    expect(slotShortage(requiredSlots(seed), 3)).toEqual({
      needed: 4,
      available: 3,
      groups: [{ group: "default", needed: 4, given: 3, missing: 1 }],
      sentence:
        'the job needs 4 slots, but there are 3: slot sharing group "default" needs 4 and lacks 1; add slots or lower the parallelism',
    });
  });

  test("earlier groups are served first", () => {
    const required = requiredSlots(heavy);
    expect(slotShortage(required, 4)?.groups).toEqual([{ group: "heavy", needed: 1, given: 0, missing: 1 }]);
    expect(slotShortage(required, 1)?.sentence).toBe(
      'the job needs 5 slots, but there is 1: slot sharing group "default" needs 4 and lacks 3, slot sharing group "heavy" needs 1 and lacks 1; ' +
        "add slots or lower the parallelism",
    );
    expect(slotShortage(required, 5)).toBeUndefined();
  });
});
