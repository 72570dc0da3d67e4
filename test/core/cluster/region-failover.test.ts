/** A job master whose job has two regions: what one of them goes through does not concern the other, and what concerns all of them does. */
// covers: core/cluster/scheduler.ts, core/cluster/restarts.ts, core/cluster/deployer.ts, core/cluster/ended-tasks.ts, core/cluster/job-phase.ts
import { describe, expect, test } from "vitest";
import type { SubtaskId } from "../../../core/graph/messages.ts";
import type { Source, SourceSplit, StreamExecutionEnvironment } from "../../../core/index.ts";
import { WatermarkStrategy } from "../../../core/index.ts";
import { MasterBench, RESTART_MS } from "./job-master-bench.ts";
import type { BenchOptions, PlayedSlot } from "./job-master-bench.ts";

const OFTEN = { "execution.checkpointing.interval": 1_000 };

/** Splits 1, 2, … without end, one for each request; what comes back goes out first. */
function numbered(log: string[]): Source<number, SourceSplit, number> {
  return {
    boundedness: "continuous-unbounded",
    createReader: () => {
      throw new Error("nobody reads here");
    },
    createEnumerator: (ctx, restored = 0) => {
      log.push(`enumerator from ${restored}`);
      const returned: SourceSplit[] = [];
      let next = restored;
      return {
        handleSplitRequest: (subtask) => ctx.assignSplits(subtask, [returned.shift() ?? { splitId: `${(next += 1)}` }]),
        addSplitsBack: (splits, subtask) => {
          log.push(`back from ${subtask}: ${splits.map(({ splitId }) => splitId).join()}`);
          returned.push(...splits);
        },
        snapshot: () => next,
      };
    },
  };
}

/** A source and a map without an exchange between them: with parallelism 2, two regions, one in each slot. */
class Scene {
  readonly log: string[] = [];
  readonly bench: MasterBench;
  readonly a: PlayedSlot;
  readonly b: PlayedSlot;
  readonly #operator: string;

  constructor(options: BenchOptions = {}) {
    const build = (env: StreamExecutionEnvironment): void => {
      env
        .fromSource(numbered(this.log), WatermarkStrategy.noWatermarks(), "numbers")
        .map((n) => n)
        .startNewChain()
        .discard();
    };
    this.bench = new MasterBench({ build, ...options });
    this.bench.master.start();
    const [a, b] = this.bench.offer("a#1", "b#1");
    if (a === undefined || b === undefined) throw new Error("two were offered");
    [this.a, this.b] = [a, b];
    this.#operator = a.deployed[0]?.graph.vertices[0]?.operators[0]?.id ?? "";
    this.bench.run(a, b);
  }

  /** Newest attempts in a slot. */
  attempts(slot: PlayedSlot): readonly number[] {
    return [...new Set(slot.tasks().map(({ attempt }) => attempt))];
  }

  fail(slot: PlayedSlot, message = "boom"): void {
    const [task] = slot.tasks();
    if (task !== undefined) this.bench.master.failed(task, new Error(message));
  }

  /** It fails, everything of it closes, and the delay is over. */
  failAndRestart(slot: PlayedSlot): void {
    this.fail(slot);
    this.bench.close(slot);
    this.bench.clock.advance(RESTART_MS);
  }

  request(slot: PlayedSlot, attempt = this.attempts(slot)[0] ?? 0): void {
    const subtask = slot === this.a ? 0 : 1;
    this.bench.master.operatorEvent({ vertex: 0, subtask, attempt }, this.#operator, { type: "request-split" });
  }

  /** Names of the splits that were sent to it, with the attempt that they were for. */
  assigned(slot: PlayedSlot): readonly string[] {
    return slot.events.flatMap(({ task, event }) =>
      (event as { splits: readonly SourceSplit[] }).splits.map(({ splitId }) => `${splitId} for ${task.attempt}`),
    );
  }
}

function retainedIds({ bench }: Scene): readonly number[] {
  return bench.store.retained().map(({ checkpointId }) => checkpointId);
}

describe("a task fails", () => {
  test("only its region starts again; the job runs when that does", () => {
    const scene = new Scene();
    const { bench, a, b } = scene;
    scene.fail(a);
    expect([bench.phase, a.canceled.length, b.canceled.length]).toEqual(["failing", 2, 0]);
    bench.close(a);
    expect(bench.phase).toBe("restarting");
    bench.clock.advance(RESTART_MS);
    expect([bench.phase, scene.attempts(a), scene.attempts(b)]).toEqual(["deploying", [1], [0]]);
    expect(b.deployed).toHaveLength(2);
    bench.run(a);
    expect([bench.phase, bench.master.restarts, bench.failures]).toEqual(["running", 1, ["boom"]]);
  });

  test("with the full strategy, all of them", () => {
    const scene = new Scene({ values: { "jobmanager.execution.failover-strategy": "full" } });
    const { bench, a, b } = scene;
    scene.fail(a);
    expect([a.canceled.length, b.canceled.length]).toEqual([2, 2]);
    bench.close(a, b);
    bench.clock.advance(RESTART_MS);
    expect([scene.attempts(a), scene.attempts(b)]).toEqual([[1], [1]]);
  });

  test("a second one in the same region, before and after it has closed, changes nothing", () => {
    const scene = new Scene();
    const { bench, a } = scene;
    scene.fail(a);
    scene.fail(a, "again");
    bench.close(a);
    scene.fail(a, "again");
    expect([bench.phase, bench.failures]).toEqual(["restarting", ["boom"]]);
    bench.clock.advance(RESTART_MS);
    // And of the attempt before, when the next one is there.
    for (const task of a.tasks()) bench.master.failed({ ...task, attempt: 0 }, new Error("late"));
    for (const task of a.tasks()) bench.master.terminated({ ...task, attempt: 0 }, "failed");
    bench.run(a);
    expect([bench.phase, bench.failures]).toEqual(["running", ["boom"]]);
  });

  test.each<[string, { readonly before: (scene: Scene) => void; readonly after: (scene: Scene) => void }]>([
    ["is cancelled", { before: () => undefined, after: ({ bench, a }) => bench.close(a) }],
    ["waits for its restart", { before: ({ bench, a }) => bench.close(a), after: () => undefined }],
    [
      "is deployed",
      {
        before: ({ bench, a }) => {
          bench.close(a);
          bench.clock.advance(RESTART_MS);
        },
        after: () => undefined,
      },
    ],
  ])(
    "and one in another region, while the first %s: each goes its own way, and both run in the end",
    (_when, steps) => {
      const scene = new Scene();
      const { bench, a, b } = scene;
      scene.fail(a);
      steps.before(scene);
      scene.fail(b, "bang");
      expect([bench.phase, b.canceled.length]).toEqual(["failing", 2]);
      steps.after(scene);
      bench.close(b);
      bench.clock.advance(RESTART_MS);
      expect(scene.attempts(b)).toEqual([1]);
      bench.run(a, b);
      expect([bench.phase, bench.failures, bench.master.restarts]).toEqual(["running", ["boom", "bang"], 2]);
    },
  );

  test("a failure of the job takes over what starts again by itself", () => {
    const scene = new Scene();
    const { bench, a, b } = scene;
    scene.fail(a);
    bench.close(a);
    bench.clock.advance(RESTART_MS / 2);
    bench.master.failJob(new Error("everything"));
    bench.master.failJob(new Error("once more"));
    expect([bench.phase, b.canceled.length, bench.failures]).toEqual(["failing", 2, ["boom", "everything"]]);
    bench.clock.advance(RESTART_MS);
    expect(scene.attempts(a)).toEqual([0]);
    bench.close(b);
    bench.clock.advance(RESTART_MS);
    expect([scene.attempts(a), scene.attempts(b), bench.master.restarts]).toEqual([[1], [1], 1]);
  });

  test("without a restart left, the others are cancelled too, and the job fails", () => {
    const scene = new Scene({ values: { "restart-strategy.type": "none" } });
    const { bench, a, b } = scene;
    scene.fail(a);
    expect([bench.phase, b.canceled.length]).toEqual(["failing", 2]);
    bench.close(a, b);
    bench.clock.runYielded();
    expect(bench.outcomes).toMatchObject([{ kind: "failed", cause: { message: "boom" } }]);
  });

  test("cancelled meanwhile, the job is over when the others have closed, and nothing starts again", () => {
    const scene = new Scene();
    const { bench, a, b } = scene;
    scene.fail(a);
    bench.close(a);
    bench.master.cancel();
    bench.clock.advance(10 * RESTART_MS);
    expect([bench.phase, scene.attempts(a)]).toEqual(["cancelling", [0]]);
    bench.close(b);
    bench.clock.runYielded();
    expect(bench.outcomes).toEqual([{ kind: "canceled" }]);
  });
});

describe("a slot is lost", () => {
  test("only its region waits for another", () => {
    const scene = new Scene();
    const { bench, a, b } = scene;
    bench.lose(a);
    expect([bench.phase, b.canceled]).toEqual(["restarting", []]);
    bench.clock.advance(RESTART_MS);
    expect(bench.phase).toBe("waiting");
    const [c] = bench.offer("c#1");
    expect([bench.phase, c?.tasks()]).toEqual([
      "deploying",
      [
        { vertex: 0, subtask: 0, attempt: 1 },
        { vertex: 1, subtask: 0, attempt: 1 },
      ],
    ]);
    expect(c?.deployed[0]?.placement.slice(0, 2)).toEqual([
      ["c#1", "b#1"],
      ["c#1", "b#1"],
    ]);
    if (c !== undefined) bench.run(c);
    expect([bench.phase, b.deployed.length]).toEqual(["running", 2]);
  });

  test("whose tasks it had ended by itself before: they start again all the same", () => {
    const { bench, a } = new Scene();
    bench.close(a);
    bench.lose(a);
    expect([bench.phase, bench.failures]).toEqual(["restarting", ["a#1 is gone"]]);
  });

  test("while a region waits for its slot, another is not kept from starting again in its own", () => {
    const scene = new Scene();
    const { bench, a, b } = scene;
    bench.lose(a);
    bench.clock.advance(RESTART_MS);
    scene.failAndRestart(b);
    expect([bench.phase, scene.attempts(b)]).toEqual(["waiting", [1]]);
    bench.run(b);
    const [c] = bench.offer("c#1");
    if (c !== undefined) bench.run(c);
    expect(bench.phase).toBe("running");
  });
});

describe("checkpoints", () => {
  test("one under way is aborted, all are told, and none begins until all regions run again", () => {
    const scene = new Scene({ values: OFTEN });
    const { bench, a, b } = scene;
    bench.clock.advance(1_000);
    bench.acknowledge(1, b);
    scene.fail(a);
    expect([a.told, b.told]).toEqual([["aborted 1"], ["aborted 1"]]);
    bench.acknowledge(1, a);
    bench.close(a);
    bench.clock.advance(5_000);
    expect([b.triggered.length, retainedIds(scene)]).toEqual([1, []]);
    bench.run(a);
    bench.clock.advance(1_000);
    expect(b.triggered.map(({ checkpointId }) => checkpointId)).toEqual([1, 2]);
    bench.acknowledge(2, a, b);
    expect(retainedIds(scene)).toEqual([2]);
  });

  test("the region starts from the newest one; the other is not told to start from anything", () => {
    const scene = new Scene({ values: OFTEN });
    const { bench, a, b } = scene;
    bench.clock.advance(1_000);
    bench.acknowledge(1, a, b);
    scene.failAndRestart(a);
    expect(a.deployed.slice(2).map(({ restore }) => restore?.owned)).toEqual([true, true]);
    expect(b.deployed).toHaveLength(2);
  });

  test("acknowledgements of the attempt before do not count for the next", () => {
    const scene = new Scene({ values: OFTEN });
    const { bench, a, b } = scene;
    const before: readonly SubtaskId[] = a.tasks();
    scene.failAndRestart(a);
    bench.run(a);
    bench.clock.advance(1_000);
    const snapshot = { operators: [], channels: [], ended: false };
    const metrics = { alignmentMs: 0, syncMs: 0, asyncMs: 0, bytes: 0 };
    for (const task of before) bench.master.acknowledge({ checkpointId: 1, task, snapshot, metrics });
    bench.acknowledge(1, b);
    expect(retainedIds(scene)).toEqual([]);
    bench.acknowledge(1, a);
    expect(retainedIds(scene)).toEqual([1]);
  });

  test("a savepoint that was to stop the job: all tasks start again, since those behind its barrier read no more", () => {
    const scene = new Scene();
    const { bench, a, b } = scene;
    bench.master.checkpoints.triggerSavepoint(
      { storage: bench.storage, directory: "savepoint", stop: "suspend" },
      () => undefined,
    );
    bench.acknowledge(1, b);
    scene.fail(a);
    expect([a.canceled.length, b.canceled.length]).toEqual([2, 2]);
  });

  test("a region that fails behind the savepoint that stopped the job commits; no checkpoint follows", () => {
    const scene = new Scene({ values: OFTEN });
    const { bench, a, b } = scene;
    bench.master.checkpoints.triggerSavepoint(
      { storage: bench.storage, directory: "savepoint", stop: "suspend" },
      () => undefined,
    );
    bench.acknowledge(1, a, b);
    scene.failAndRestart(a);
    expect([a.deployed.at(-1)?.restore, b.canceled]).toMatchObject([{ stopped: true, owned: false }, []]);
    bench.run(a);
    bench.clock.advance(5_000);
    for (const task of [...a.tasks(), ...b.tasks()]) bench.master.terminated(task, "finished");
    bench.clock.advance(1_000);
    expect([bench.outcomes, a.triggered.length]).toEqual([[{ kind: "finished" }], 1]);
  });

  test("the last one begins when a region that has started again has come to its end, too", () => {
    const scene = new Scene();
    const { bench, a, b } = scene;
    for (const task of [...a.tasks(), ...b.tasks().slice(1)]) bench.master.ended(task);
    scene.failAndRestart(a);
    bench.run(a);
    for (const task of b.tasks()) bench.master.ended(task);
    expect(a.triggered).toEqual([]);
    for (const task of a.tasks()) bench.master.ended(task);
    expect([a.triggered.length, b.triggered.length]).toEqual([1, 1]);
  });
});

describe("the enumerator of a source in both regions", () => {
  test("goes on, and gets back what it had assigned since the checkpoint", () => {
    const scene = new Scene({ values: OFTEN });
    const { bench, a, b } = scene;
    scene.request(a);
    scene.request(b);
    bench.clock.advance(1_000);
    bench.acknowledge(1, a, b);
    scene.request(a);
    scene.request(b);
    scene.failAndRestart(a);
    scene.request(a);
    scene.request(a);
    expect(scene.log).toEqual(["enumerator from 0", "back from 0: 3"]);
    expect([scene.assigned(a), scene.assigned(b)]).toEqual([
      ["1 for 0", "3 for 0", "3 for 1", "5 for 1"],
      ["2 for 0", "4 for 0"],
    ]);
  });

  test("what it assigns while the region is away comes back, too", () => {
    const scene = new Scene();
    const { bench, a } = scene;
    scene.fail(a);
    scene.request(a);
    bench.close(a);
    scene.request(a);
    bench.clock.advance(RESTART_MS);
    scene.request(a, 0);
    // Nobody hears who is about to end.
    expect([scene.log, scene.assigned(a)]).toEqual([["enumerator from 0", "back from 0: "], []]);
  });

  test("starts from the checkpoint, if all of its regions start again together", () => {
    const scene = new Scene({ values: OFTEN });
    const { bench, a, b } = scene;
    scene.request(a);
    bench.clock.advance(1_000);
    bench.acknowledge(1, a, b);
    scene.request(b);
    bench.master.failJob(new Error("everything"));
    bench.close(a, b);
    bench.clock.advance(RESTART_MS);
    expect(scene.log).toEqual(["enumerator from 0", "enumerator from 1"]);
  });
});
