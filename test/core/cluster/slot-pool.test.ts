/** The pool of slots: a job is placed once there are enough, on those that came first, and a placement does not change when slots come and go. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SlotPool } from "../../../core/cluster/slot-pool.ts";
import type { Slot } from "../../../core/cluster/slot-pool.ts";
import { StreamExecutionEnvironment } from "../../../core/api/environment.ts";
import { createJobGraph } from "../../../core/graph/job-graph.ts";
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import { requiredSlots } from "../../../core/graph/slots.ts";
import { replay } from "../../harness/replay.ts";

function slot(id: string, takesAll?: boolean): Slot {
  const gateway = {
    deploy: () => undefined,
    cancel: () => undefined,
    trigger: () => undefined,
    completed: () => undefined,
    aborted: () => undefined,
    operatorEvent: () => undefined,
  };
  return { id, gateway, ...(takesAll === undefined ? {} : { takesAll }) };
}

/** Vertices of these parallelisms in a row, the last of which has a slot sharing group of its own if `apart`. */
function rowOf(parallelisms: readonly number[], apart: boolean): JobGraph {
  const env = StreamExecutionEnvironment.create({ "parallelism.default": parallelisms[0] ?? 1 });
  let stream = env.fromSequence(1, 9);
  for (const [index, parallelism] of parallelisms.slice(1).entries()) {
    stream = stream
      .rebalance()
      .map((n) => n)
      .setParallelism(parallelism);
    if (apart && index === parallelisms.length - 2) stream = stream.slotSharingGroup("apart");
  }
  stream.discard();
  return createJobGraph(env.getStreamGraph(), { name: "job", config: env.config });
}

describe("a pool of slots", () => {
  test("waits until there are as many as the job needs", () => {
    const graph = rowOf([2, 3], false);
    const pool = new SlotPool([slot("a")]);
    expect(pool.place(graph)).toBeUndefined();
    pool.add(slot("b"));
    expect(pool.place(graph)).toBeUndefined();
    pool.add(slot("c"));
    expect(pool.place(graph)?.slots.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    pool.remove("b");
    expect([pool.size, pool.place(graph)]).toEqual([2, undefined]);
    pool.remove("b");
    expect(pool.size).toBe(2);
  });

  test("takes those that came first; the others may go without any effect", () => {
    const graph = rowOf([1, 2], false);
    const pool = new SlotPool(["a", "b", "c", "d"].map((id) => slot(id)));
    const placed = pool.place(graph);
    expect([placed?.has("a"), placed?.has("b"), placed?.has("c")]).toEqual([true, true, false]);
    pool.remove("a");
    // The placement is of the past and stays as it was; the next one is without it.
    expect(placed?.slotOf({ vertex: 0, subtask: 0 }).id).toBe("a");
    expect(pool.place(graph)?.slots.map(({ id }) => id)).toEqual(["b", "c"]);
    pool.add(slot("a"));
    expect(pool.place(graph)?.slots.map(({ id }) => id)).toEqual(["b", "c"]);
  });

  test("the slot of a job in one thread takes all its subtasks", () => {
    const graph = rowOf([2, 3], true);
    const placed = new SlotPool([slot("here", true)]).place(graph);
    expect(placed?.slots.map(({ id }) => id)).toEqual(["here"]);
    expect(placed?.placement.flat().every((id) => id === "here")).toBe(true);
  });

  test("a slot is offered once, and only subtasks that were placed have one", () => {
    const pool = new SlotPool([slot("a")]);
    expect(() => pool.add(slot("a"))).toThrow(/a slot is offered once/);
    expect(() => pool.place(rowOf([1], false))?.slotOf({ vertex: 7, subtask: 0 })).toThrow(/has a slot/);
  });

  test("every subtask has a slot; none holds two of one vertex, or subtasks of two groups; none of those taken is empty", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        fc.nat(3),
        (parallelisms, apart, spare) => {
          const graph = rowOf(parallelisms, apart);
          const { total } = requiredSlots(graph);
          const pool = new SlotPool(Array.from({ length: total + spare }, (_, index) => slot(`s${index}`)));
          const placed = pool.place(graph);
          const groups = new Map<string, string>();
          for (const { index, parallelism, slotSharingGroup } of graph.vertices) {
            const ids = Array.from({ length: parallelism }, (_, subtask) => {
              const found = placed?.slotOf({ vertex: index, subtask });
              return found?.id ?? "";
            });
            expect(new Set(ids).size).toBe(parallelism);
            for (const id of ids) {
              expect(groups.get(id) ?? slotSharingGroup).toBe(slotSharingGroup);
              groups.set(id, slotSharingGroup);
            }
          }
          expect([...groups.keys()].toSorted()).toEqual(placed?.slots.map(({ id }) => id).toSorted());
          expect(groups.size).toBe(total);
        },
      ),
      { numRuns: 100, ...replay },
    );
  });
});
