/** A job master with several slots: it waits while there are too few, and goes on from the loss of any of them in any phase; what the lost one still says counts for nothing. */
// covers: core/cluster/create-master.ts
import { describe, expect, test } from "vitest";
import type { AddOutcome, CompletedCheckpointStore } from "../../../core/checkpoint/store.ts";
import { MemoryCheckpointStore } from "../../../core/checkpoint/store.ts";
import type { QuarantineReport } from "../../../core/operators/quarantine-report.ts";
import { MasterBench, RESTART_MS } from "./job-master-bench.ts";
import type { BenchOptions, PlayedSlot } from "./job-master-bench.ts";

interface Running {
  readonly bench: MasterBench;
  readonly a: PlayedSlot;
  readonly b: PlayedSlot;
}

function deployed(options: BenchOptions = {}): Running {
  const bench = new MasterBench(options);
  bench.master.start();
  const [a, b] = bench.offer("a#1", "b#1");
  if (a === undefined || b === undefined) throw new Error("two were offered");
  return { bench, a, b };
}

function running(options: BenchOptions = {}): Running {
  const scene = deployed(options);
  scene.bench.run(scene.a, scene.b);
  expect(scene.bench.phase).toBe("running");
  return scene;
}

const LEFT_UNDONE: QuarantineReport = { count: 2, first: [{ what: "something", why: "a reason", sinceMs: 7 }] };

/** Everything that a task may still report. */
function saysEverything({ master }: MasterBench, slot: PlayedSlot, attempt: number): void {
  for (const { task } of slot.deployed.filter((descriptor) => descriptor.task.attempt === attempt)) {
    master.running(task);
    master.ended(task);
    master.accumulated(task, { late: 1 }, LEFT_UNDONE);
    master.operatorEvent(task, "nobody", { type: "to-client", value: "late" });
    master.decline(1, task, "CHECKPOINT_DECLINED", new Error("late"));
    master.acknowledge({
      checkpointId: 1,
      task,
      snapshot: { operators: [], channels: [], ended: true },
      metrics: { alignmentMs: 0, syncMs: 0, asyncMs: 0, bytes: 0 },
    });
    master.failed(task, new Error("late"));
    for (const state of ["finished", "failed", "canceled"] as const) master.terminated(task, state);
  }
}

describe("too few slots", () => {
  test("the job waits, and is deployed when there are enough", () => {
    const bench = new MasterBench();
    bench.master.start();
    expect(bench.phase).toBe("waiting");
    const [a] = bench.offer("a#1");
    expect([bench.phase, a?.deployed]).toEqual(["waiting", []]);
    const [b] = bench.offer("b#1");
    expect(bench.phase).toBe("deploying");
    // Subtask i of both vertices in one slot, and each descriptor says where all others are.
    expect(a?.tasks().map(({ vertex, subtask }) => [vertex, subtask])).toEqual([
      [0, 0],
      [1, 0],
    ]);
    expect(b?.deployed.map(({ placement }) => placement)).toEqual(
      Array.from({ length: 2 }, () => [
        ["a#1", "b#1"],
        ["a#1", "b#1"],
      ]),
    );
  });

  test("offered before the job starts, they are there", () => {
    const bench = new MasterBench();
    bench.offer("a#1", "b#1");
    expect(bench.phases).toEqual([]);
    bench.master.start();
    expect(bench.phases).toEqual(["deploying"]);
  });

  test("a slot that is lost meanwhile does not count, and costs no restart", () => {
    const bench = new MasterBench();
    bench.master.start();
    const [a] = bench.offer("a#1");
    if (a !== undefined) bench.lose(a);
    const [b] = bench.offer("b#1");
    expect([bench.phase, b?.deployed]).toEqual(["waiting", []]);
    const [c] = bench.offer("c#1");
    expect([bench.phase, bench.master.restarts, bench.failures]).toEqual(["deploying", 0, []]);
    if (b !== undefined && c !== undefined) bench.run(b, c);
    expect(bench.phase).toBe("running");
  });

  test("cancelled while it waits, it is over at once", () => {
    const bench = new MasterBench();
    bench.master.start();
    bench.master.cancel();
    bench.clock.runYielded();
    expect(bench.outcomes).toEqual([{ kind: "canceled" }]);
    bench.offer("a#1", "b#1");
    expect(bench.phase).toBe("canceled");
  });
});

describe("a slot is lost", () => {
  test.each([
    ["while the job is deployed", () => deployed()],
    [
      "while only some of the tasks run",
      (): Running => {
        const scene = deployed();
        scene.bench.run(scene.b);
        return scene;
      },
    ],
    ["while the job runs", () => running()],
  ])("%s: the others are cancelled and waited for, then it starts again", (_when, begin) => {
    const { bench, a, b } = begin();
    bench.lose(b);
    expect([bench.phase, bench.failures]).toEqual(["failing", ["b#1 is gone"]]);
    expect(a.canceled).toEqual(a.tasks());
    bench.clock.advance(10 * RESTART_MS);
    expect(bench.phase).toBe("failing");
    bench.close(a);
    expect(bench.phase).toBe("restarting");
    bench.clock.advance(RESTART_MS);
    expect(bench.phase).toBe("waiting");
    const [c] = bench.offer("c#1");
    expect(bench.phase).toBe("deploying");
    if (c === undefined) return;
    expect(c.tasks().every(({ attempt }) => attempt === 1)).toBe(true);
    expect(b.deployed.every(({ task }) => task.attempt === 0)).toBe(true);
    bench.run(a, c);
    expect([bench.phase, bench.failures]).toEqual(["running", ["b#1 is gone"]]);
  });

  test("while the job fails for another reason: its tasks are not waited for, and the failure counts once", () => {
    const { bench, a, b } = running();
    const [task] = a.tasks();
    if (task === undefined) throw new Error("it has tasks");
    bench.master.failed(task, new Error("boom"));
    bench.lose(b);
    expect([bench.phase, bench.failures]).toEqual(["failing", ["boom"]]);
    bench.master.terminated(task, "failed");
    expect(bench.phase).toBe("failing");
    for (const other of a.tasks().slice(1)) bench.master.terminated(other, "canceled");
    expect(bench.phase).toBe("restarting");
  });

  test("while the job restarts: it is not waited for, and not used", () => {
    const { bench, a, b } = running();
    bench.master.failJob(new Error("boom"));
    bench.close(a, b);
    expect(bench.phase).toBe("restarting");
    bench.lose(b);
    expect([bench.phase, bench.failures]).toEqual(["restarting", ["boom"]]);
    bench.clock.advance(RESTART_MS);
    expect(bench.phase).toBe("waiting");
    bench.offer("b#2");
    expect([bench.phase, bench.master.restarts]).toEqual(["deploying", 1]);
  });

  test("while the job is cancelled: it is over when the others have closed", () => {
    const { bench, a, b } = running();
    bench.master.cancel();
    bench.lose(b);
    expect([bench.phase, bench.outcomes]).toEqual(["cancelling", []]);
    bench.close(a);
    bench.clock.runYielded();
    expect([bench.outcomes, bench.failures]).toEqual([[{ kind: "canceled" }], []]);
  });

  test("while it waits again, after a loss: nothing more happens until there are enough", () => {
    const { bench, a, b } = running();
    bench.lose(b);
    bench.close(a);
    bench.clock.advance(RESTART_MS);
    bench.lose(a);
    bench.offer("c#1");
    expect([bench.phase, bench.failures]).toEqual(["waiting", ["b#1 is gone"]]);
    bench.offer("d#1");
    expect([bench.phase, bench.master.restarts]).toEqual(["deploying", 1]);
  });

  test("and all others with it: nobody is waited for", () => {
    const { bench, a, b } = running();
    bench.lose(a);
    bench.lose(b);
    expect([bench.phase, bench.failures]).toEqual(["restarting", ["a#1 is gone"]]);
  });

  test("without a restart left, the job fails with the loss as its cause", () => {
    const { bench, a, b } = running({ values: { "restart-strategy.type": "none" } });
    bench.lose(b);
    expect(bench.outcomes).toEqual([]);
    bench.close(a);
    bench.clock.runYielded();
    expect(bench.outcomes).toMatchObject([{ kind: "failed", cause: { message: "b#1 is gone" } }]);
    bench.lose(a);
    expect(bench.outcomes).toHaveLength(1);
  });

  test("that nothing runs in: the job does not notice", () => {
    const { bench } = running();
    const [spare] = bench.offer("spare#1");
    if (spare !== undefined) bench.lose(spare);
    expect([bench.phase, bench.failures]).toEqual(["running", []]);
  });

  test("a spare one takes its place at once", () => {
    const { bench, a, b } = running();
    const [spare] = bench.offer("spare#1");
    bench.lose(a);
    bench.close(b);
    bench.clock.advance(RESTART_MS);
    expect(bench.phase).toBe("deploying");
    expect(spare?.tasks()).toHaveLength(2);
    expect(b.tasks().every(({ attempt }) => attempt === 1)).toBe(true);
  });
});

describe("what a lost slot still says", () => {
  test.each(["failing", "restarting", "waiting", "deploying", "running", "cancelling", "canceled"] as const)(
    "changes nothing while the job is %s",
    (phase) => {
      const { bench, a, b } = running();
      bench.lose(b);
      const go: readonly [phase: string, step: () => void][] = [
        ["failing", () => undefined],
        ["restarting", () => bench.close(a)],
        ["waiting", () => bench.clock.advance(RESTART_MS)],
        ["deploying", () => bench.offer("b#2")],
        ["running", () => bench.run(a)],
      ];
      const [, ...steps] = go;
      if (phase === "cancelling" || phase === "canceled") bench.master.cancel();
      if (phase === "canceled") bench.close(a);
      for (const [name, step] of steps) {
        if (bench.phase === phase || phase === "cancelling" || phase === "canceled") break;
        if (name === "running") {
          // The slot that came for it, too.
          for (const task of a.tasks()) bench.master.running({ ...task, subtask: 1 });
        }
        step();
      }
      bench.clock.runYielded();
      expect(bench.phase).toBe(phase);
      const before = { phases: [...bench.phases], failures: [...bench.failures], outcomes: [...bench.outcomes] };
      const { restarts } = bench.master;
      saysEverything(bench, b, 0);
      bench.lose(b);
      bench.clock.runYielded();
      expect({ phases: bench.phases, failures: bench.failures, outcomes: bench.outcomes }).toEqual(before);
      expect(bench.master.restarts).toBe(restarts);
    },
  );

  test("is not in the totals of the next attempt", () => {
    const { bench, a, b } = running();
    bench.lose(b);
    saysEverything(bench, b, 0);
    bench.close(a);
    bench.clock.advance(RESTART_MS);
    const [c] = bench.offer("c#1");
    saysEverything(bench, b, 0);
    if (c !== undefined) bench.run(a, c);
    expect(bench.master.accumulators()).toEqual({});
    expect(bench.master.quarantined().count).toBe(0);
  });

  test("what its tasks have left undone counts no more, once they start again", () => {
    const { bench, a, b } = running();
    const [task] = a.tasks();
    if (task === undefined) throw new Error("it has tasks");
    bench.master.accumulated(task, { one: 1 }, LEFT_UNDONE);
    bench.master.accumulated(task, { one: 2 });
    expect(bench.master.quarantined()).toEqual(LEFT_UNDONE);
    bench.lose(b);
    bench.close(a);
    bench.clock.advance(RESTART_MS);
    bench.offer("c#1");
    expect(bench.phase).toBe("deploying");
    expect(bench.master.quarantined()).toEqual({ count: 0, first: [] });
  });
});

describe("checkpoints over several slots", () => {
  const OFTEN = { "execution.checkpointing.interval": 1_000 };

  test("sources are triggered where they run; every slot is told of the completion, no spare one is", () => {
    const { bench, a, b } = running({ values: OFTEN });
    const [spare] = bench.offer("spare#1");
    bench.clock.advance(1_000);
    expect([...a.triggered, ...b.triggered].map(({ task, checkpointId }) => [task.subtask, checkpointId])).toEqual([
      [0, 1],
      [1, 1],
    ]);
    bench.acknowledge(1, a, b);
    expect([a.told, b.told, spare?.told]).toEqual([["completed 1"], ["completed 1"], []]);
  });

  test("one under way is aborted by a loss; late acknowledgements of the lost slot do not complete it", () => {
    const { bench, a, b } = running({ values: OFTEN });
    bench.clock.advance(1_000);
    bench.acknowledge(1, a);
    bench.lose(b);
    bench.acknowledge(1, b);
    expect(a.told).toEqual(["aborted 1"]);
    expect(bench.store.retained()).toEqual([]);
    bench.close(a);
    bench.clock.advance(RESTART_MS);
    bench.offer("c#1");
    expect(a.deployed.at(-1)?.restore).toBeUndefined();
  });

  test("one that is being entered into the store is waited for, and restored from if it was", () => {
    const inner = new MemoryCheckpointStore();
    const answers: (() => void)[] = [];
    const slow: CompletedCheckpointStore = {
      add: (checkpoint, done: (outcome: AddOutcome) => void) => answers.push(() => inner.add(checkpoint, done)),
      retained: () => inner.retained(),
      owns: (checkpointId) => inner.owns(checkpointId),
      remove: (checkpointId, done) => inner.remove(checkpointId, done),
    };
    const { bench, a, b } = running({ values: OFTEN, store: slow });
    bench.clock.advance(1_000);
    bench.acknowledge(1, a, b);
    bench.lose(b);
    bench.close(a);
    bench.clock.advance(10 * RESTART_MS);
    expect([bench.phase, answers.length]).toEqual(["failing", 1]);
    answers.shift()?.();
    expect(bench.phase).toBe("restarting");
    bench.clock.advance(RESTART_MS);
    bench.offer("c#1");
    expect(a.deployed.at(-1)?.restore).toMatchObject({ owned: true });
  });
});

test("a slot that is lost behind the savepoint that stops the job: it starts again only to commit, and takes no checkpoint", () => {
  const { bench, a, b } = running({ values: { "execution.checkpointing.interval": 1_000 } });
  let answered = false;
  bench.master.checkpoints.triggerSavepoint(
    { storage: bench.storage, directory: "savepoint", stop: "suspend" },
    ({ ok }) => (answered = ok),
  );
  bench.acknowledge(1, a, b);
  expect([answered, bench.store.owns(1), a.told]).toEqual([true, false, ["completed 1"]]);
  bench.lose(b);
  bench.close(a);
  bench.clock.advance(RESTART_MS);
  const [c] = bench.offer("c#1");
  if (c === undefined) return;
  for (const slot of [a, c]) expect(slot.deployed.at(-1)?.restore).toMatchObject({ owned: false, stopped: true });
  const triggeredBefore = a.triggered.length;
  bench.run(a, c);
  bench.clock.advance(10_000);
  expect([a.triggered.length, c.triggered.length]).toEqual([triggeredBefore, 0]);
  for (const task of [...a.tasks(), ...c.tasks()]) bench.master.terminated(task, "finished");
  bench.clock.advance(1_000);
  expect([bench.outcomes, bench.store.retained()]).toEqual([[{ kind: "finished" }], []]);
});

describe("the outcome", () => {
  test("is kept before any checkpoint is forgotten, and the job is over only then", () => {
    const kept: (() => void)[] = [];
    const { bench, a, b } = running({
      values: { "execution.checkpointing.interval": 1_000 },
      keepOutcome: (outcome, done) => {
        expect(outcome).toEqual({ kind: "canceled" });
        kept.push(done);
      },
    });
    bench.clock.advance(1_000);
    bench.acknowledge(1, a, b);
    bench.master.cancel();
    bench.close(a, b);
    bench.clock.advance(10_000);
    expect([kept.length, bench.outcomes, bench.store.retained().length]).toEqual([1, [], 1]);
    bench.lose(a);
    bench.master.cancel();
    expect(kept).toHaveLength(1);
    kept[0]?.();
    bench.clock.runYielded();
    expect([bench.outcomes, bench.store.retained().length]).toEqual([[{ kind: "canceled" }], 0]);
  });
});
