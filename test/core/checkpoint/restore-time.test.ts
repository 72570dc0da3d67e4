/** Where time begins for what had ended and goes on: anew, but what had expired stays so. */
// covers: core/checkpoint/restore-operators.ts, core/checkpoint/restore-plan.ts
import { expect, test } from "vitest";
import { planRestore } from "../../../core/checkpoint/restore-plan.ts";
import type { SubtaskSnapshot } from "../../../core/graph/messages.ts";
import { Config } from "../../../core/util/config.ts";
import { busySnapshot, checkpointOf, GROUPS, pipeline } from "./restore-samples.ts";

const CONFIG = new Config();

test.each([
  { when: "after a drain", ended: [0, 1], drained: true, expiry: undefined, floors: [] },
  {
    when: "where a source goes on",
    ended: [1],
    drained: false,
    expiry: 20,
    floors: [{ keyGroups: { first: 0, last: GROUPS - 1 }, watermarkMs: -Infinity, expiryMs: 30 }],
  },
])("$when, what had ended begins time anew, in its operators and in its keys", (expected) => {
  const { ended, drained, expiry, floors } = expected;
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
    operators: [
      { watermarkMs: -Infinity, keyed: [{ files: [{ path: "f0" }], watermarkMs: -Infinity, floors }] },
      { watermarkMs: -Infinity },
    ],
  });
  expect(plan.subtask(1, 0).operators[0]?.keyed[0]?.expiryMs, "what had expired stays so").toBe(expiry);
});

test("where a source goes on, a half that had ended before the other begins time anew by itself", () => {
  const snapshotOf = busySnapshot(2, [Infinity, 5]);
  const checkpoint = checkpointOf(pipeline(2, 2), (vertex, subtask) => withExpiry(snapshotOf(vertex, subtask)));
  const plan = planRestore(checkpoint, pipeline(2, 1), CONFIG);
  expect(plan.subtask(1, 0).operators[0]).toMatchObject({
    watermarkMs: 5,
    keyed: [
      { watermarkMs: -Infinity, expiryMs: 20 },
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
