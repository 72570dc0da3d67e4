/**
 * Goal:   who starts together gets slots together or not at all; two subtasks of a vertex are never in one slot, nor two slot sharing groups; subtasks of one group with the
 *         same index always are (co-location); what is not lost stays.
 * Method: by hand; and random jobs whose slots come and go, against a plain map of who may be where.
 * Replay: `MILLRACE_SEED=<seed>` repeats a failure.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SlotAllocator } from "../../../core/cluster/slot-allocator.ts";
import { SlotPool } from "../../../core/cluster/slot-pool.ts";
import type { Slot } from "../../../core/cluster/slot-pool.ts";
import { StreamExecutionEnvironment } from "../../../core/api/environment.ts";
import { createJobGraph } from "../../../core/graph/job-graph.ts";
import type { JobGraph, Subtask } from "../../../core/graph/job-graph-types.ts";
import { requiredSlots } from "../../../core/graph/slots.ts";
import { replay } from "../../harness/replay.ts";
import { PlayedSlot } from "./job-master-bench.ts";

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

function subtasksOf(graph: JobGraph): readonly Subtask[] {
  return graph.vertices.flatMap(({ index, parallelism }) =>
    Array.from({ length: parallelism }, (_, subtask) => ({ vertex: index, subtask })),
  );
}

function poolOf(...ids: readonly string[]): SlotPool {
  return new SlotPool(ids.map((id) => new PlayedSlot(id)));
}

const at = (vertex: number, subtask: number): Subtask => ({ vertex, subtask });

describe("slots for a job", () => {
  test("all of them, or none", () => {
    const graph = rowOf([2, 3], false);
    const pool = poolOf("a", "b");
    const slots = new SlotAllocator(graph, pool);
    expect([slots.allocate(subtasksOf(graph)), slots.slots()]).toEqual([false, []]);
    pool.add(new PlayedSlot("c"));
    expect(slots.allocate(subtasksOf(graph))).toBe(true);
    expect(slots.placement().slice(0, 2)).toEqual([
      ["a", "b"],
      ["a", "b", "c"],
    ]);
    expect(slots.slots().map(({ id }) => id)).toEqual(["a", "b", "c"]);
  });

  test("those that came first; the others may go without any effect", () => {
    const graph = rowOf([1, 2], false);
    const slots = new SlotAllocator(graph, poolOf("a", "b", "c"));
    slots.allocate(subtasksOf(graph));
    expect(slots.free("c")).toEqual([]);
    expect(slots.slots().map(({ id }) => id)).toEqual(["a", "b"]);
  });

  test("what was in a lost one goes to another, and nothing else moves", () => {
    const graph = rowOf([2, 2], false);
    const pool = poolOf("a", "b");
    const slots = new SlotAllocator(graph, pool);
    slots.allocate(subtasksOf(graph));
    pool.remove("a");
    expect(slots.free("a")).toEqual([at(0, 0), at(1, 0)]);
    expect(() => slots.slotOf(at(0, 0))).toThrow(/a slot was allocated/);
    expect(slots.slotOf(at(1, 1)).id).toBe("b");
    // Whoever was in the other one only starts again in it, also while one is missing.
    expect([slots.allocate([at(0, 1)]), slots.allocate([at(0, 0), at(0, 1)])]).toEqual([true, false]);
    pool.add(new PlayedSlot("c"));
    expect(slots.allocate([at(1, 0)])).toBe(true);
    expect(slots.placement()).toEqual([
      ["c", "b"],
      ["c", "b"],
    ]);
  });

  test("the slot of a job in one thread takes all its subtasks", () => {
    const graph = rowOf([2, 3], true);
    const { id, gateway } = new PlayedSlot("here");
    const slots = new SlotAllocator(graph, new SlotPool([{ id, gateway, takesAll: true }]));
    expect(slots.allocate(subtasksOf(graph))).toBe(true);
    expect([slots.slots().length, new Set(slots.placement().flat())]).toEqual([1, new Set(["here"])]);
  });

  test("whatever comes and goes, every placed job fits its slots", () => {
    const steps = fc.array(
      fc.oneof(
        fc.constant<"add">("add"),
        fc.nat(5).map((lost) => ({ lost })),
        fc.nat(99).map((start) => ({ start })),
      ),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        steps,
        (parallelisms, apart, commands) => {
          const graph = rowOf(parallelisms, apart);
          const all = subtasksOf(graph);
          const pool = new SlotPool();
          const slots = new SlotAllocator(graph, pool);
          const there: Slot[] = [];
          const placed = new Map<string, string>();
          for (const command of commands) {
            if (command === "add") {
              const slot = new PlayedSlot(`s${there.length}`);
              there.push(slot);
              pool.add(slot);
            } else if ("lost" in command) {
              const id = pool.slots()[command.lost % Math.max(1, pool.size)]?.id ?? "";
              pool.remove(id);
              for (const { vertex, subtask } of slots.free(id)) placed.delete(`${vertex}/${subtask}`);
            } else {
              const asked = all.filter((_, index) => (index + command.start) % 3 === 0);
              if (slots.allocate(asked))
                for (const subtask of asked)
                  placed.set(`${subtask.vertex}/${subtask.subtask}`, slots.slotOf(subtask).id);
              else expect(pool.size).toBeLessThan(requiredSlots(graph).total);
            }
            check(graph, pool, { slots, placed });
          }
        },
      ),
      { numRuns: 150, ...replay },
    );
  });
});

function check(
  graph: JobGraph,
  pool: SlotPool,
  { slots, placed }: { readonly slots: SlotAllocator; readonly placed: ReadonlyMap<string, string> },
): void {
  const known = new Set(pool.slots().map(({ id }) => id));
  const groups = new Map<string, string>();
  const together = new Map<string, string>();
  for (const { index, parallelism, slotSharingGroup } of graph.vertices) {
    const ids = Array.from({ length: parallelism }, (_, subtask) => slots.placement()[index]?.[subtask] ?? "").filter(
      (id) => id !== "",
    );
    expect(new Set(ids).size).toBe(ids.length);
    for (const [subtask, id] of (slots.placement()[index] ?? []).entries()) {
      if (id === "") continue;
      const place = `${slotSharingGroup}/${subtask}`;
      expect(together.get(place) ?? id).toBe(id);
      together.set(place, id);
    }
    for (const id of ids) {
      expect(known.has(id)).toBe(true);
      expect(groups.get(id) ?? slotSharingGroup).toBe(slotSharingGroup);
      groups.set(id, slotSharingGroup);
    }
  }
  for (const [name, id] of placed) {
    const [vertex = 0, subtask = 0] = name.split("/").map(Number);
    expect(slots.slotOf({ vertex, subtask }).id).toBe(id);
  }
}
