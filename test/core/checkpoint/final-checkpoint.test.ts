/** The last checkpoint of a job whose tasks have all come to their end: begun at once, and tried again until it is complete. */
import { describe, expect, test } from "vitest";
import { acknowledge, complete, OTHER, scene, TASK } from "./coordinator-scene.ts";
import { subtaskSnapshot } from "./samples.ts";

describe("the final checkpoint", () => {
  test("begins at once, whatever the pause, and only once", () => {
    const on = scene({ "execution.checkpointing.min-pause": "1h" });
    on.coordinator.trigger();
    complete(on, 1);
    on.coordinator.triggerFinal();
    on.coordinator.triggerFinal();
    expect(on.job.options.get(2)).toMatchObject({ kind: "final", directory: "jobs/one/chk-2" });
    expect(on.coordinator.pendingIds()).toEqual([2]);
    complete(on, 2);
    expect(on.job.said.at(-1)).toBe("completed 2");
    expect(on.store.retained()).toMatchObject([{ checkpointId: 2, kind: "final" }]);
  });

  test("stands in for periodic ones, and is tried again a second after it failed", () => {
    const on = scene();
    on.coordinator.triggerFinal();
    on.coordinator.decline(1, TASK, "CHECKPOINT_DECLINED", new Error("not now"));
    on.memory.clock.advance(999);
    expect(on.coordinator.pendingIds()).toEqual([]);
    on.memory.clock.advance(1);
    expect(on.job.options.get(2)).toMatchObject({ kind: "final" });
    on.memory.clock.advance(30_000);
    expect(on.coordinator.pendingIds()).toEqual([2]);
  });

  test("waits for tasks that do not run yet", () => {
    const on = scene();
    on.job.refusal = "NOT_ALL_REQUIRED_TASKS_RUNNING";
    on.coordinator.triggerFinal();
    on.job.refusal = undefined;
    on.memory.clock.advance(1_000);
    expect(on.coordinator.pendingIds()).toEqual([1]);
  });

  test("is forgotten by a restart", () => {
    const on = scene();
    on.coordinator.triggerFinal();
    on.coordinator.stop("TASK_FAILURE");
    on.coordinator.start();
    on.memory.clock.advance(10_000);
    expect(on.job.options.get(2)).toMatchObject({ kind: "checkpoint" });
  });

  test("is tried again at once when a task is gone that it waited for: nobody waits a second for nothing", () => {
    const on = scene();
    on.coordinator.triggerFinal();
    acknowledge(on, 1, TASK);
    on.job.finished = [{ task: OTHER, snapshot: subtaskSnapshot() }];
    on.coordinator.taskFinished(OTHER);
    expect(on.job.said).toContain("aborted 1");
    expect(on.coordinator.pendingIds()).toEqual([2]);
    acknowledge(on, 2, TASK);
    on.memory.clock.runYielded();
    expect(on.job.said.at(-1)).toBe("completed 2");
    on.memory.clock.advance(2_000);
    expect(on.coordinator.pendingIds()).toEqual([]);
  });

  test("that a coordinator of an operator makes impossible fails the job with the cause: no other word would ever be heard of it", () => {
    const on = scene();
    on.job.coordinatorsFail = true;
    on.coordinator.triggerFinal();
    expect(on.job.failures).toMatchObject([{ code: "MR5009", cause: { message: "no splits" } }]);
  });
});
