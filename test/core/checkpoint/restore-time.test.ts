/** Where time begins for what had ended and goes on. */
// covers: core/checkpoint/restore-operators.ts, core/checkpoint/restore-plan.ts
import { expect, test } from "vitest";
import { planRestore } from "../../../core/checkpoint/restore-plan.ts";
import type { SubtaskSnapshot } from "../../../core/graph/messages.ts";
import { Config } from "../../../core/util/config.ts";
import { busySnapshot, checkpointOf, GROUPS, pipeline } from "./restore-samples.ts";

const CONFIG = new Config();

test.each([
  {
    when: "after a drain, what had ended begins time anew",
    ended: [0, 1],
    drained: true,
    keyed: { watermarkMs: -Infinity, floors: [] },
  },
  {
    when: "where a source goes on, what had ended begins anew, and for its keys goes on",
    ended: [1],
    drained: false,
    keyed: { watermarkMs: 20, floors: [{ keyGroups: { first: 0, last: GROUPS - 1 }, watermarkMs: 30 }] },
  },
])("$when", ({ ended, drained, keyed }) => {
  const snapshotOf = busySnapshot(1, [Infinity]);
  const checkpoint = checkpointOf(
    pipeline(1, 1),
    (vertex, subtask) => withExpiry({ ...snapshotOf(vertex, subtask), ended: ended.includes(vertex) }),
    { drained },
  );
  const plan = planRestore(checkpoint, pipeline(1, 1), CONFIG);
  expect(plan.subtask(0, 0).ended).toBe(false);
  expect(plan.subtask(1, 0)).toMatchObject({
    ended: false,
    ...(drained && { channels: [[{ watermarkMs: -Infinity, status: "active" }]] }),
    operators: [{ watermarkMs: -Infinity, keyed: [{ files: [{ path: "f0" }], ...keyed }] }, { watermarkMs: -Infinity }],
  });
});

test("where a source goes on, a half that had ended before the other goes on from where it was before that", () => {
  const snapshotOf = busySnapshot(2, [Infinity, 5]);
  const checkpoint = checkpointOf(pipeline(2, 2), (vertex, subtask) => withExpiry(snapshotOf(vertex, subtask)));
  const plan = planRestore(checkpoint, pipeline(2, 1), CONFIG);
  expect(plan.subtask(1, 0).operators[0]).toMatchObject({
    watermarkMs: 5,
    keyed: [
      { watermarkMs: 20, floors: [{ watermarkMs: 30 }] },
      { watermarkMs: 5, floors: [{ watermarkMs: 6 }] },
    ],
  });
});

/** State that expires by event time has reached 20, and on its floor 30. */
function withExpiry(snapshot: SubtaskSnapshot): SubtaskSnapshot {
  const operators = snapshot.operators.map((operator) => {
    const { keyed } = operator;
    if (keyed?.watermarkMs !== Infinity) return operator;
    const floors = keyed.floors.map((floor) => ({ ...floor, expiryMs: 30 }));
    return { ...operator, keyed: { ...keyed, expiryMs: 20, floors } };
  });
  return { ...snapshot, operators };
}
