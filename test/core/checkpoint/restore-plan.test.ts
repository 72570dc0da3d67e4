/**
 * Goal:   whatever the old and the new parallelism: every item and every key group finds exactly one new owner (union lists: all of them), no
 *         watermark is too high, and nothing is taken for ended that was not.
 * Method: random checkpoints of a source and a keyed vertex, planned for another parallelism and back, against sums that are counted by hand.
 * Replay: MILLRACE_SEED=<seed>
 */
// covers: core/checkpoint/restore-inputs.ts
// covers: core/checkpoint/restore-operators.ts
// covers: core/checkpoint/saved-operators.ts
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { redistributeLists } from "../../../core/checkpoint/redistribute.ts";
import { planRestore } from "../../../core/checkpoint/restore-plan.ts";
import type { PlannedRestore, RestorePlan } from "../../../core/checkpoint/restore-plan.ts";
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import type { OperatorListSnapshot } from "../../../core/state/operator-state.ts";
import { Config } from "../../../core/util/config.ts";
import { replay } from "../../harness/replay.ts";
import { busySnapshot, checkpointOf, GROUPS, keyed, pipeline, source } from "./restore-samples.ts";
import { sampleGraph, subtaskSnapshot } from "./samples.ts";

const CONFIG = new Config();
function subtasksOf(plan: RestorePlan, graph: JobGraph, vertex: number): readonly PlannedRestore[] {
  return Array.from({ length: graph.vertices[vertex]?.parallelism ?? 0 }, (_, subtask) =>
    plan.subtask(vertex, subtask),
  );
}

function items(lists: readonly OperatorListSnapshot[], name: string): readonly string[] {
  return lists
    .filter((list) => list.name === name)
    .flatMap((list) => list.items.map((item) => Buffer.from(item).toString()));
}

const shapes = fc.record({
  before: fc.integer({ min: 1, max: 9 }),
  after: fc.integer({ min: 1, max: 9 }),
  marks: fc.array(fc.integer({ min: -5, max: 1_000 }), { minLength: 9, maxLength: 9 }),
});

// Half a second on a quiet machine; the limit is for one that is not.

describe("another parallelism", { timeout: 30_000 }, () => {
  test("no item and no key group is lost or doubled, there and back", () => {
    fc.assert(
      fc.property(shapes, ({ before, after, marks }) => {
        const old = pipeline(before, before);
        const graph = pipeline(after, after);
        const snapshotOf = busySnapshot(before, marks.slice(0, before));
        const plan = planRestore(checkpointOf(old, snapshotOf), graph, CONFIG);
        const saved = Array.from({ length: before }, (_, subtask) => snapshotOf(0, subtask).operators[0]?.lists ?? []);
        const restored = subtasksOf(plan, graph, 0).map((subtask) => subtask.operators[0]?.lists ?? []);
        const back = redistributeLists(restored, before);
        expect(restored.flatMap((lists) => items(lists, "splits"))).toEqual(
          saved.flatMap((lists) => items(lists, "splits")),
        );
        expect(back.flatMap((lists) => items(lists, "splits"))).toEqual(
          saved.flatMap((lists) => items(lists, "splits")),
        );
        for (const lists of restored)
          expect(items(lists, "all")).toEqual(saved.flatMap((other) => items(other, "all")));
        if (before !== after) {
          const counts = restored.map((lists) => items(lists, "splits").length);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
        checkKeyGroups(subtasksOf(plan, graph, 1), { before, after });
      }),
      { numRuns: 80, ...replay },
    );
  });

  /** Each group comes to its new owner from its old owner, once, with the floor it had. */
  function checkKeyGroups(
    subtasks: readonly PlannedRestore[],
    { before, after }: { readonly before: number; readonly after: number },
  ): void {
    const ownerOf = (group: number, parallelism: number): number => Math.floor((group * parallelism) / GROUPS);
    const seen: string[] = [];
    subtasks.forEach((subtask, index) => {
      for (const handle of subtask.operators[0]?.keyed ?? []) {
        expect(handle.floors).toEqual([{ keyGroups: handle.keyGroups, watermarkMs: handle.watermarkMs + 1 }]);
        for (let group = handle.keyGroups.first; group <= handle.keyGroups.last; group += 1)
          seen.push(`${group} ${index} ${handle.files[0]?.path ?? ""}`);
      }
    });
    const expected = Array.from(
      { length: GROUPS },
      (_, group) => `${group} ${ownerOf(group, after)} f${ownerOf(group, before)}`,
    );
    expect(seen.sort()).toEqual(expected.sort());
  }

  test("a watermark is the lowest of those subtasks whose groups it takes over; without keys, of all", () => {
    fc.assert(
      fc.property(shapes, ({ before, after, marks }) => {
        const old = pipeline(before, before);
        const graph = pipeline(after, after);
        const mine = marks.slice(0, before);
        const plan = planRestore(checkpointOf(old, busySnapshot(before, mine)), graph, CONFIG);
        subtasksOf(plan, graph, 1).forEach((subtask, index) => {
          const [first, second] = subtask.operators;
          expect(first?.watermarkMs).toBe(Math.min(...(first?.keyed.map((handle) => handle.watermarkMs) ?? [])));
          expect(second?.watermarkMs).toBe(before === after ? mine[index] : Math.min(...mine));
          const statuses = subtask.channels[0] ?? [];
          expect(statuses).toHaveLength(after);
          statuses.forEach((status, channel) =>
            expect(status.watermarkMs).toBe(before === after ? mine[channel] : Math.min(...mine)),
          );
        });
      }),
      { numRuns: 80, ...replay },
    );
  });

  test("an ended job stays ended, one that had ended in part does not", () => {
    const endings = fc.record({
      before: fc.integer({ min: 1, max: 4 }),
      after: fc.integer({ min: 1, max: 4 }),
      sources: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    });
    fc.assert(
      fc.property(endings, ({ before, after, sources }) => {
        const sourceEnded = sources.slice(0, before);
        const allEnded = sourceEnded.every(Boolean);
        const channel = (ended: boolean): { readonly watermarkMs: number; readonly status: "finished" | "active" } =>
          ended ? { watermarkMs: Infinity, status: "finished" } : { watermarkMs: 5, status: "active" };
        const checkpoint = checkpointOf(pipeline(before, before), (vertex, subtask) =>
          vertex === 0
            ? subtaskSnapshot({ ended: sourceEnded[subtask] === true })
            : subtaskSnapshot({ channels: [sourceEnded.map(channel)], ended: allEnded }),
        );
        const graph = pipeline(after, after);
        const plan = planRestore(checkpoint, graph, CONFIG);
        const planned = subtasksOf(plan, graph, 0).map((subtask) => subtask.ended);
        expect(planned).toEqual(before === after ? sourceEnded : Array.from({ length: after }, () => allEnded));
        for (const subtask of subtasksOf(plan, graph, 1)) {
          expect(subtask.ended).toBe(allEnded);
          subtask.channels[0]?.forEach((status, index) => expect(status).toEqual(channel(planned[index] === true)));
        }
      }),
      { numRuns: 80, ...replay },
    );
  });

  test("where only the senders were rescaled, no channel is the one it was", () => {
    const checkpoint = checkpointOf(pipeline(2, 2), busySnapshot(2, [10, 20]));
    for (const senders of [1, 3]) {
      const plan = planRestore(checkpoint, pipeline(senders, 2), CONFIG);
      expect(plan.subtask(1, 0).channels).toEqual([
        Array.from({ length: senders }, () => ({ watermarkMs: 10, status: "active" })),
      ]);
    }
  });
});

describe("a changed job", () => {
  const marks = [10, 20, 30];

  test("state follows its operator into another chain", () => {
    const checkpoint = checkpointOf(pipeline(2, 2), busySnapshot(2, marks.slice(0, 2)));
    const separate = sampleGraph(
      [
        source(2),
        { ...keyed(2), operators: [{ id: "keyed", keyed: true }] },
        { operators: [{ id: "new" }, { id: "sink" }], parallelism: 2, maxParallelism: GROUPS },
      ],
      [
        { from: 0, to: 1 },
        { from: 1, to: 2, pattern: "pointwise" },
      ],
    );
    const plan = planRestore(checkpoint, separate, CONFIG);
    expect(plan.subtask(1, 1).operators).toMatchObject([
      { operatorId: "keyed", keyed: [{ files: [{ path: "f1" }] }], watermarkMs: 20 },
    ]);
    expect(plan.subtask(2, 1).operators).toMatchObject([
      { operatorId: "new", keyed: [], lists: [], watermarkMs: -Infinity },
      { operatorId: "sink", watermarkMs: 20 },
    ]);
    expect(plan.subtask(1, 1).channels).toEqual([
      [
        { watermarkMs: 10, status: "active" },
        { watermarkMs: 20, status: "active" },
      ],
    ]);
    expect(plan.subtask(2, 1).channels).toEqual([[{ watermarkMs: -Infinity, status: "active" }]]);
  });

  test("a new input knows nothing, and wakes up what had ended", () => {
    const checkpoint = checkpointOf(pipeline(1, 1), (vertex) =>
      subtaskSnapshot({ channels: vertex === 0 ? [] : [[{ watermarkMs: Infinity, status: "finished" }]], ended: true }),
    );
    const graph = sampleGraph(
      [source(1), { operators: [{ id: "more" }], parallelism: 1 }, keyed(1)],
      [
        { from: 1, to: 2 },
        { from: 0, to: 2 },
      ],
    );
    const plan = planRestore(checkpoint, graph, CONFIG);
    expect([plan.subtask(0, 0).ended, plan.subtask(1, 0).ended, plan.subtask(2, 0).ended]).toEqual([
      true,
      false,
      false,
    ]);
    expect(plan.subtask(2, 0).channels).toEqual([
      [{ watermarkMs: -Infinity, status: "active" }],
      [{ watermarkMs: Infinity, status: "finished" }],
    ]);
  });

  test("a finished channel opens again if its source does", () => {
    const checkpoint = checkpointOf(pipeline(1, 1), (vertex) =>
      subtaskSnapshot({
        channels: vertex === 0 ? [] : [[{ watermarkMs: Infinity, status: "finished" }]],
        ended: vertex === 1,
      }),
    );
    expect(planRestore(checkpoint, pipeline(1, 1), CONFIG).subtask(1, 0)).toMatchObject({
      channels: [[{ watermarkMs: -Infinity, status: "active" }]],
      ended: false,
    });
  });

  test("idle inputs count as active with the lowest watermark, since their sources tell again that they idle", () => {
    const checkpoint = checkpointOf(pipeline(2, 2), (vertex) =>
      subtaskSnapshot({
        channels:
          vertex === 0
            ? []
            : [
                [
                  { watermarkMs: 50, status: "idle" },
                  { watermarkMs: 90, status: "active" },
                ],
              ],
      }),
    );
    expect(planRestore(checkpoint, pipeline(3, 1), CONFIG).subtask(1, 0).channels).toEqual([
      Array.from({ length: 3 }, () => ({ watermarkMs: 50, status: "active" })),
    ]);
  });
});

describe("what cannot be restored", () => {
  const withState = checkpointOf(pipeline(1, 1), busySnapshot(1, [0]));
  const withoutKeyed = sampleGraph(
    [source(1), { operators: [{ id: "sink" }], parallelism: 1, maxParallelism: GROUPS }],
    [{ from: 0, to: 1 }],
  );

  test("state that no operator takes over is refused, unless it may be dropped", () => {
    expect(() => planRestore(withState, withoutKeyed, CONFIG)).toThrow(
      /MR5007.*"keyed" \(no uid, id keyed\).*ignore-unclaimed-state/,
    );
    const dropped = planRestore(
      withState,
      withoutKeyed,
      new Config({ "execution.state-recovery.ignore-unclaimed-state": true }),
    );
    expect(dropped.subtask(1, 0).operators).toMatchObject([{ operatorId: "sink" }]);
  });

  test("a split enumerator's state is state; an operator without any may go", () => {
    const empty = checkpointOf(pipeline(1, 1), () => subtaskSnapshot());
    expect(() => planRestore(empty, withoutKeyed, CONFIG)).not.toThrow();
    const coordinators = [{ operatorId: "keyed", state: Uint8Array.of(1) }];
    expect(() => planRestore({ ...empty, coordinators }, withoutKeyed, CONFIG)).toThrow(/MR5007/);
  });

  test("another maximum parallelism is refused for keyed state only", () => {
    const graph = sampleGraph(
      [
        { ...source(1), maxParallelism: 64 },
        { ...keyed(1), maxParallelism: 64 },
      ],
      [{ from: 0, to: 1 }],
    );
    expect(() => planRestore(withState, graph, CONFIG)).toThrow(
      /MR5008: "keyed".*maximum parallelism of 16 and now has 64.*to 16/,
    );
    expect(() =>
      planRestore(
        checkpointOf(pipeline(1, 1), () => subtaskSnapshot()),
        graph,
        CONFIG,
      ),
    ).not.toThrow();
  });
});
