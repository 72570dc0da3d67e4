/** What finished tasks leave to later checkpoints: nothing to commit again, since they had committed everything. */
import { expect, test } from "vitest";
import type { Sink } from "../../../core/index.ts";
import { finishedSnapshot } from "../../../core/cluster/finished-snapshot.ts";
import type { JobVertex } from "../../../core/graph/job-graph-types.ts";
import type { SubtaskSnapshot } from "../../../core/graph/messages.ts";
import { Gate } from "../../sim/gate.ts";
import { Scene, throwingAt, upTo } from "./scene.ts";

/** One committable per record, each noted whenever it is committed. */
function noting(commits: number[]): Sink<number, never, number> {
  return {
    createWriter() {
      const written: number[] = [];
      return { write: (value) => void written.push(value), prepareCommit: () => written.splice(0) };
    },
    createCommitter: () => ({
      commit: (requests) => void commits.push(...requests.map(({ committable }) => committable)),
    }),
  };
}

test.each(upTo(6))("a failure long after a sink has finished commits nothing of it again: seed %i", async (seed) => {
  const scene = new Scene({ seed });
  const commits: number[] = [];
  const env = scene.env();
  scene.numbers(env, 10, { name: "short", gate: new Gate() }).sinkTo(noting(commits)).uid("short sink");
  scene.commit(scene.numbers(env, 300).map(throwingAt([150], 1)));
  scene.gate.closeAt(100);
  const restarts = await scene.play(async () => {
    const job = scene.start(env);
    await scene.gate.reached(100);
    // The first contains the end of the short branch, which then commits and finishes; the last is taken without it.
    for (const _ of upTo(3)) {
      await job.triggerCheckpoint().catch(() => undefined); // refused while a task is about to finish
      await scene.pause(20);
    }
    scene.gate.open();
    return (await job.result()).restarts;
  });
  expect(restarts).toBe(1);
  expect(commits).toEqual(upTo(10));
  expect(scene.committed).toEqual(upTo(300));
});

test("only sinks lose a list, and only that one", () => {
  const list = (name: string): SubtaskSnapshot["operators"][number]["lists"][number] => ({
    name,
    mode: "split",
    items: [],
  });
  const operator = (operatorId: string): SubtaskSnapshot["operators"][number] => ({
    operatorId,
    lists: [list("writer"), list("committables")],
    watermarkMs: 0,
  });
  const snapshot: SubtaskSnapshot = { operators: [operator("a"), operator("b")], channels: [], ended: true };
  const vertex = (modules: readonly string[]): JobVertex =>
    ({ operators: modules.map((module, at) => ({ id: "ab"[at], spec: { module } })) }) as unknown as JobVertex; // all that is looked at
  expect(finishedSnapshot(snapshot, vertex(["map", "custom"]))).toEqual(snapshot);
  expect(finishedSnapshot(snapshot, vertex(["map", "sink"]))).toEqual({
    ...snapshot,
    operators: [operator("a"), { ...operator("b"), lists: [list("writer")] }],
  });
});
