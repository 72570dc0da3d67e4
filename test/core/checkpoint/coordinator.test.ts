/** What the coordinator does, case by case; all interleavings at once are in `coordinator.property.test.ts`. */
// covers: core/checkpoint/failure-policy.ts
// covers: core/checkpoint/beginning.ts
// covers: core/checkpoint/completion.ts
// covers: core/checkpoint/request.ts
// covers: core/checkpoint/trigger-schedule.ts
// covers: core/checkpoint/statistics.ts
// covers: core/checkpoint/retention.ts
import { describe, expect, test } from "vitest";
import { MillraceError } from "../../../core/util/errors.ts";
import { failed } from "../../../core/util/outcome.ts";
import type { MetricGroup, MetricValue } from "../../../core/metrics/registry.ts";
import { acknowledge, complete, OTHER, scene, TASK } from "./coordinator-scene.ts";
import { checkpointWith, listAll, put, subtaskSnapshot } from "./samples.ts";

describe("periodic checkpoints", () => {
  test("the first begins after one interval, the coordinators save first, the commit is the store's", () => {
    const on = scene();
    on.memory.clock.advance(9_999);
    expect(on.job.said).toEqual([]);
    on.memory.clock.advance(1);
    expect(on.job.said).toEqual(["coordinators 1", "trigger 1 at 0", "trigger 1 at 1"]);
    acknowledge(on, 1, TASK);
    on.memory.clock.advance(250);
    acknowledge(on, 1, OTHER);
    expect(on.store.retained()).toEqual([]);
    on.memory.clock.runYielded();
    expect(on.job.said.at(-1)).toBe("completed 1");
    expect(on.store.retained()).toMatchObject([
      {
        checkpointId: 1,
        kind: "checkpoint",
        jobName: "scene",
        triggeredAtMs: 10_000,
        completedAtMs: 10_250,
        directory: "jobs/one/chk-1",
        bytes: 35,
      },
    ]);
    expect(listAll(on.memory)).toEqual(["jobs/one/chk-1/_metadata", "jobs/one/chk-1/f0", "jobs/one/chk-1/f1"]);
  });

  test("the next begins one interval after the last began, and tells which one is complete", () => {
    const on = scene();
    on.memory.clock.advance(10_000);
    complete(on, 1);
    on.memory.clock.advance(10_000);
    expect(on.job.options.get(1)).toEqual({ kind: "checkpoint", directory: "jobs/one/chk-1" });
    expect(on.job.options.get(2)).toEqual({ kind: "checkpoint", directory: "jobs/one/chk-2", completedId: 1 });
  });

  test("one that is overdue begins as soon as the running one has ended", () => {
    const on = scene({ "execution.checkpointing.timeout": "25s" });
    on.memory.clock.advance(34_999);
    expect(on.job.said).not.toContain("aborted 1");
    on.memory.clock.advance(1);
    expect(on.job.said.slice(3)).toEqual(["aborted 1", "coordinators 2", "trigger 2 at 0", "trigger 2 at 1"]);
  });

  test("a refused plan is tried again at the next interval", () => {
    const on = scene();
    on.job.refusal = "NOT_ALL_REQUIRED_TASKS_RUNNING";
    on.memory.clock.advance(10_000);
    on.job.refusal = undefined;
    on.memory.clock.advance(9_999);
    expect(on.job.said).toEqual([]);
    on.memory.clock.advance(1);
    expect(on.job.said).toHaveLength(3);
  });

  test("without an interval there are none, but one may be asked for", () => {
    const on = scene({ "execution.checkpointing.interval": 0 });
    on.memory.clock.advance(1_000_000);
    expect(on.job.said).toEqual([]);
    on.coordinator.trigger(on.answer);
    complete(on, 1);
    expect(on.answers).toMatchObject([{ ok: true, value: { checkpointId: 1 } }]);
  });

  test("nothing begins after stop, and everything again after start", () => {
    const on = scene();
    on.memory.clock.advance(10_000);
    on.coordinator.stop("TASK_FAILURE");
    expect(on.job.said.at(-1)).toBe("aborted 1");
    on.memory.clock.advance(100_000);
    expect(on.job.said).toHaveLength(4);
    on.coordinator.start();
    on.memory.clock.advance(10_000);
    expect(on.job.said.at(-1)).toBe("trigger 2 at 1");
    expect(on.job.failures).toEqual([]);
  });
});

describe("asking for a checkpoint", () => {
  test("is refused with a reason while limits forbid it", () => {
    const on = scene({ "execution.checkpointing.min-pause": "5s" });
    on.coordinator.trigger();
    on.coordinator.trigger(on.answer);
    expect(on.answers).toEqual([]); // never inside the call
    complete(on, 1);
    on.coordinator.trigger(on.answer);
    on.memory.clock.runYielded();
    const messages = on.answers.map((outcome) => (outcome.ok ? "ok" : outcome.error.message));
    expect(messages).toEqual([
      expect.stringMatching(/MR5010.*TOO_MANY_CHECKPOINT_REQUESTS/),
      expect.stringMatching(/MR5010.*MINIMUM_TIME_BETWEEN_CHECKPOINTS/),
    ]);
  });

  test("a coordinator of an operator that cannot save fails it, and does not count", () => {
    const on = scene({ "execution.checkpointing.tolerable-failed-checkpoints": 0 });
    on.job.coordinatorsFail = true;
    on.coordinator.trigger(on.answer);
    on.memory.clock.runYielded();
    expect(on.answers).toMatchObject([{ ok: false, error: { code: "MR5010", cause: { message: "no splits" } } }]);
    expect(on.job.said).toEqual(["aborted 1"]);
    expect(on.job.failures).toEqual([]);
  });

  test("its failure says which checkpoint failed and why", () => {
    const on = scene();
    on.coordinator.trigger(on.answer);
    on.coordinator.decline(1, OTHER, "CHECKPOINT_ASYNC_EXCEPTION", new Error("disk full"));
    expect(on.answers).toMatchObject([{ ok: false, error: { code: "MR5009", cause: { message: "disk full" } } }]);
    expect(on.job.said.at(-1)).toBe("aborted 1");
  });
});

describe("tasks that finish", () => {
  test("abort what waits for them, and not what they have acknowledged", () => {
    const on = scene({
      "execution.checkpointing.max-concurrent-checkpoints": 2,
      "execution.checkpointing.tolerable-failed-checkpoints": 0,
    });
    on.coordinator.trigger();
    on.coordinator.trigger();
    acknowledge(on, 1, TASK);
    on.coordinator.taskFinished(TASK);
    expect(on.job.said.filter((line) => line.startsWith("aborted"))).toEqual(["aborted 2"]);
    expect(on.job.failures).toEqual([]);
    acknowledge(on, 1, OTHER);
    on.memory.clock.runYielded();
    expect(on.job.said.at(-1)).toBe("completed 1");
  });

  test("stay in later checkpoints, with the files of their last snapshot", () => {
    const on = scene();
    on.memory.clock.advance(10_000);
    complete(on, 1);
    on.job.finished = [{ task: OTHER, snapshot: on.coordinator.snapshotOf(0, 1) ?? subtaskSnapshot() }];
    on.memory.clock.advance(10_000);
    complete(on, 2);
    expect(listAll(on.memory)).toEqual(["jobs/one/chk-1/f1", "jobs/one/chk-2/_metadata", "jobs/one/chk-2/f0"]);
  });

  test("are copied into savepoints, which stand alone", () => {
    const on = scene();
    on.memory.clock.advance(10_000);
    complete(on, 1);
    on.job.finished = [{ task: OTHER, snapshot: on.coordinator.snapshotOf(0, 1) ?? subtaskSnapshot() }];
    on.coordinator.triggerSavepoint({ storage: on.memory.storage, directory: "save" }, on.answer);
    complete(on, 2);
    const [outcome] = on.answers;
    expect(outcome).toMatchObject({ ok: true, value: { directory: "save", kind: "savepoint" } });
    expect(listAll(on.memory).filter((path) => path.startsWith("save"))).toEqual([
      "save/_metadata",
      "save/f0",
      "save/finished-0",
    ]);
    expect(JSON.stringify(outcome)).not.toContain("chk-1");
  });
});

describe("savepoints", () => {
  test("run beside checkpoints, commit nothing, and are not retained", () => {
    const on = scene();
    on.memory.clock.advance(10_000);
    on.coordinator.triggerSavepoint({ storage: on.memory.storage, directory: "save" }, on.answer);
    complete(on, 2);
    expect(on.answers).toMatchObject([{ ok: true, value: { checkpointId: 2, drained: false } }]);
    expect(on.job.said).not.toContain("completed 2");
    expect(on.coordinator.pendingIds()).toEqual([1]);
    complete(on, 1);
    expect(on.store.retained().map((checkpoint) => checkpoint.checkpointId)).toEqual([1]);
    expect(listAll(on.memory).filter((path) => path.startsWith("save/"))).toHaveLength(3);
  });

  test("that stop the job commit, end what is older, and let nothing begin", () => {
    const on = scene();
    on.memory.clock.advance(10_000);
    on.coordinator.triggerSavepoint({ storage: on.memory.storage, directory: "save", stop: "drain" }, on.answer);
    on.memory.clock.advance(50_000);
    on.coordinator.trigger(on.answer);
    on.coordinator.triggerSavepoint({ storage: on.memory.storage, directory: "again" }, on.answer);
    complete(on, 2);
    expect(on.answers).toMatchObject([
      { ok: false, error: { code: "MR5010" } },
      { ok: false, error: { code: "MR5010" } },
      { ok: true, value: { drained: true } },
    ]);
    expect(on.job.said.slice(-2)).toEqual(["completed 2", "aborted 1"]);
    on.memory.clock.advance(50_000);
    expect(on.coordinator.pendingIds()).toEqual([]);
  });

  test("that should have stopped the job and failed, fail the job", () => {
    const on = scene();
    on.coordinator.triggerSavepoint({ storage: on.memory.storage, directory: "save", stop: "suspend" }, on.answer);
    acknowledge(on, 1, TASK);
    on.coordinator.decline(1, OTHER, "CHECKPOINT_DECLINED", new Error("no"));
    expect(on.job.failures).toMatchObject([{ code: "MR5012" }]);
    on.memory.clock.runYielded();
    expect(listAll(on.memory)).toEqual([]);
  });

  test("do not fail a job that fails anyway", () => {
    const on = scene();
    on.coordinator.triggerSavepoint({ storage: on.memory.storage, directory: "save", stop: "suspend" }, on.answer);
    on.coordinator.stop("TASK_FAILURE");
    expect(on.job.failures).toEqual([]);
    expect(on.answers).toMatchObject([{ ok: false, error: { code: "MR5009" } }]);
  });
});

describe("what is retained", () => {
  test("a claimed snapshot is the job's own: it goes when a newer one is complete, but not the files that still count", () => {
    const claimed = checkpointWith(4, ["old/chk-4/base", "old/chk-4/gone"], { directory: "old/chk-4" });
    const on = scene({}, [claimed]);
    put(on.memory, { "old/chk-4/_metadata": "m", "old/chk-4/base": "b", "old/chk-4/gone": "g" });
    on.memory.clock.advance(10_000);
    expect(on.job.options.get(5)?.completedId).toBe(4);
    acknowledge(on, 5, TASK, ["old/chk-4/base"]);
    acknowledge(on, 5, OTHER);
    on.memory.clock.runYielded();
    expect(listAll(on.memory).filter((path) => path.startsWith("old"))).toEqual(["old/chk-4/base"]);
  });

  test.each([
    ["NO_EXTERNALIZED_CHECKPOINTS", "FINISHED", 0],
    ["NO_EXTERNALIZED_CHECKPOINTS", "CANCELED", 0],
    ["NO_EXTERNALIZED_CHECKPOINTS", "FAILED", 0],
    ["NO_EXTERNALIZED_CHECKPOINTS", "SUSPENDED", 3],
    ["DELETE_ON_CANCELLATION", "FINISHED", 0],
    ["DELETE_ON_CANCELLATION", "CANCELED", 0],
    ["DELETE_ON_CANCELLATION", "FAILED", 3],
    ["RETAIN_ON_CANCELLATION", "FINISHED", 0],
    ["RETAIN_ON_CANCELLATION", "CANCELED", 3],
    ["RETAIN_ON_CANCELLATION", "FAILED", 3],
  ] as const)("%s, %s: %d files stay", (retention, end, files) => {
    const on = scene({ "execution.checkpointing.externalized-checkpoint-retention": retention });
    on.memory.clock.advance(10_000);
    complete(on, 1);
    on.memory.clock.advance(10_000);
    acknowledge(on, 2, TASK);
    let done = 0;
    on.coordinator.shutDown(end, () => {
      done += 1;
    });
    on.memory.clock.runYielded();
    expect(done).toBe(1);
    expect(on.job.said.at(-1)).toBe("aborted 2");
    expect(listAll(on.memory)).toHaveLength(files);
    acknowledge(on, 2, OTHER);
    on.memory.clock.runYielded();
    expect(listAll(on.memory)).toHaveLength(files);
  });
});

test("at the end, what the store does not let go or the storage does not delete is tried again, a few times", () => {
  const on = scene();
  const { store, memory } = on;
  memory.clock.advance(10_000);
  complete(on, 1);
  const away = failed(new MillraceError("MR5299", "it is away"));
  const [remove, deleteFile] = [store.remove.bind(store), memory.storage.delete.bind(memory.storage)];
  let [removals, deletions] = [0, 0];
  store.remove = (id, done) => ((removals += 1) <= 2 ? done(away) : remove(id, done));
  memory.storage.delete = (path, done) => ((deletions += 1) <= 3 ? done(away) : deleteFile(path, done));
  let done = 0;
  on.coordinator.shutDown("FINISHED", () => (done += 1));
  memory.clock.runYielded();
  expect([done, store.retained(), listAll(memory)]).toEqual([1, [], []]);
});

test("at the end, a store that is away for good does not keep the job from ending", () => {
  const on = scene();
  on.memory.clock.advance(10_000);
  complete(on, 1);
  on.store.remove = (_id, done) => done(failed(new MillraceError("MR5299", "it is away")));
  let done = 0;
  on.coordinator.shutDown("FINISHED", () => (done += 1));
  on.memory.clock.runYielded();
  expect([done, listAll(on.memory).length]).toEqual([1, 3]);
});

test("statistics carry Flink's names", () => {
  const on = scene();
  const gauges = new Map<string, () => MetricValue>();
  const group: Pick<MetricGroup, "gauge"> = { gauge: (name, gauge) => void gauges.set(name, gauge) };
  on.coordinator.statistics.register(group);
  on.memory.clock.advance(10_000);
  acknowledge(on, 1, TASK);
  on.memory.clock.advance(40);
  acknowledge(on, 1, OTHER);
  on.memory.clock.runYielded();
  on.coordinator.trigger();
  on.coordinator.decline(2, TASK, "CHECKPOINT_DECLINED", new Error("no"));
  on.coordinator.trigger();
  const read = Object.fromEntries([...gauges].map(([name, gauge]) => [name, gauge()]));
  expect(read).toMatchObject({
    totalNumberOfCheckpoints: 3,
    numberOfCompletedCheckpoints: 1,
    numberOfFailedCheckpoints: 1,
    numberOfInProgressCheckpoints: 1,
    lastCompletedCheckpointId: 1,
    lastCheckpointDuration: 40,
    lastCheckpointSize: 20,
    lastCheckpointFullSize: 35,
    lastCheckpointAlignment: 4,
    lastCheckpointPersistedData: 0,
    lastCheckpointExternalPath: "jobs/one/chk-1",
  });
});
