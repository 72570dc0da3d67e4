/** Savepoints that are asked for while a task is about to finish: they wait until it is gone, and are answered in any case. */
import { describe, expect, test } from "vitest";
import type { CompletedCheckpoint } from "../../../core/checkpoint/contract.ts";
import type { Outcome } from "../../../core/util/outcome.ts";
import { complete, OTHER, scene, TASK } from "./coordinator-scene.ts";
import type { Scene } from "./coordinator-scene.ts";
import { subtaskSnapshot } from "./samples.ts";

/** One checkpoint is complete, and OTHER, whose end is in it, has not yet said that it is gone. */
function whileATaskFinishes(): Scene {
  const on = scene();
  on.memory.clock.advance(10_000);
  complete(on, 1);
  on.job.refusal = "NOT_ALL_REQUIRED_TASKS_RUNNING";
  return on;
}

function ask(on: Scene, directory: string, stop?: "suspend" | "drain"): void {
  const target = { storage: on.memory.storage, directory, ...(stop !== undefined && { stop }) };
  on.coordinator.triggerSavepoint(target, on.answer);
}

function gone(on: Scene): void {
  on.job.refusal = undefined;
  on.job.finished = [{ task: OTHER, snapshot: on.coordinator.snapshotOf(0, 1) ?? subtaskSnapshot() }];
  on.coordinator.taskFinished(OTHER);
}

function told(outcomes: readonly Outcome<CompletedCheckpoint>[]): string[] {
  return outcomes.map((outcome) => (outcome.ok ? outcome.value.directory : outcome.error.message));
}

describe("a savepoint that is asked for while a task is about to finish", () => {
  test("begins when the task is gone", () => {
    const on = whileATaskFinishes();
    ask(on, "save");
    on.memory.clock.advance(5_000);
    expect([on.answers, on.coordinator.pendingIds()]).toEqual([[], []]);
    gone(on);
    expect(on.job.said.slice(-2)).toEqual(["coordinators 2", "trigger 2 at 0"]);
    complete(on, 2);
    expect(told(on.answers)).toEqual(["save"]);
  });

  test("goes on waiting while another task is about to finish", () => {
    const on = whileATaskFinishes();
    ask(on, "save");
    on.coordinator.taskFinished(TASK);
    expect([on.answers, on.coordinator.pendingIds()]).toEqual([[], []]);
    gone(on);
    expect(on.coordinator.pendingIds()).toEqual([2]);
  });

  test("is refused if the job ends, or a task fails, meanwhile", () => {
    for (const [reason, sentence] of [
      ["CHECKPOINT_COORDINATOR_SHUTDOWN", /^MR5010: .*the job is ending.*see its result$/],
      ["TASK_FAILURE", /^MR5010: .*a task failed.*try again later$/],
    ] as const) {
      const on = whileATaskFinishes();
      ask(on, "save", "drain");
      on.coordinator.stop(reason);
      expect(on.answers).toEqual([]); // never inside the call
      on.memory.clock.runYielded();
      expect(told(on.answers)).toEqual([expect.stringMatching(sentence)]);
      expect(on.job.failures).toEqual([]);
    }
  });

  test("is not asked for again by the next attempt", () => {
    const on = whileATaskFinishes();
    ask(on, "save", "suspend");
    on.coordinator.stop("TASK_FAILURE");
    on.coordinator.start();
    gone(on);
    on.memory.clock.runYielded();
    expect(on.coordinator.pendingIds()).toEqual([]);
    expect(on.answers).toHaveLength(1);
    on.coordinator.trigger();
    expect(on.coordinator.pendingIds()).toHaveLength(1);
  });

  test("lets nothing begin behind it if it stops the job, also not what waited with it", () => {
    const on = whileATaskFinishes();
    ask(on, "first");
    ask(on, "stop", "suspend");
    ask(on, "last");
    gone(on);
    expect(on.coordinator.pendingIds()).toEqual([2, 3]);
    on.memory.clock.runYielded();
    expect(told(on.answers)).toEqual([expect.stringMatching(/^MR5010: .*CHECKPOINT_COORDINATOR_SHUTDOWN/)]);
    complete(on, 2);
    complete(on, 3);
    expect(told(on.answers).slice(1)).toEqual(["first", "stop"]);
    expect(on.job.options.get(3)).toMatchObject({ stop: "suspend" });
  });

  test("does not wait where waiting does not help", () => {
    const on = scene();
    on.job.coordinatorsFail = true;
    ask(on, "save");
    on.memory.clock.runYielded();
    expect(on.answers).toMatchObject([{ ok: false, error: { code: "MR5010", cause: { message: "no splits" } } }]);
  });
});
