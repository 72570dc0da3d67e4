/** Checkpoints of running jobs: retention, finished sources, tolerated failures, several at a time, at least once, and no file left behind. */
// covers: core/runtime/subtask-checkpoint.ts
// covers: core/runtime/task.ts
// covers: core/runtime/input-gate.ts
import { describe, expect, test } from "vitest";
import { operatorList, value } from "../../../core/index.ts";
import type {
  Collector,
  ConfigValues,
  DataStream,
  Operator,
  OperatorServices,
  StreamExecutionEnvironment,
} from "../../../core/index.ts";
import { throwAt } from "../../sim/fault-sites.ts";
import { Gate } from "../../sim/gate.ts";
import { rejection, Scene, upTo } from "./scene.ts";

const CHECKPOINTS = "/checkpoints";
const OFTEN = { "execution.checkpointing.interval": 2, "execution.checkpointing.dir": CHECKPOINTS };

/** Keeps every number in keyed state, so that each checkpoint has something to write; passes it on. */
function kept(numbers: DataStream<number>, uid: string): DataStream<number> {
  return numbers
    .keyBy((n) => n % 7)
    .process({
      state: { last: value<number>() },
      processElement(n, ctx, out: Collector<number>) {
        ctx.state.last.update(n);
        out.collect(n);
      },
    })
    .uid(uid);
}

function sorted(values: readonly unknown[]): number[] {
  return (values as readonly number[]).toSorted((left, right) => left - right);
}

describe("retention", () => {
  type End = "finished" | "cancelled" | "failed";

  async function filesAfter(retention: string, end: End): Promise<readonly string[]> {
    const scene = new Scene();
    const env = scene.env({
      ...OFTEN,
      "execution.checkpointing.externalized-checkpoint-retention": retention,
      ...(end === "failed" ? { "restart-strategy.type": "none" } : {}),
    });
    const numbers = kept(scene.numbers(env, 200), "kept").map((n) => {
      if (end === "failed" && n === 150) throw new Error("boom");
      return n;
    });
    scene.commit(numbers);
    await scene.play(async () => {
      const job = scene.start(env);
      await scene.gate.reached(100);
      if (end === "cancelled") await job.cancel();
      await job.result().catch(() => undefined);
    });
    return scene.world.run(() => scene.world.list(CHECKPOINTS));
  }

  test.each<[retention: string, end: End, stays: boolean]>([
    ["NO_EXTERNALIZED_CHECKPOINTS", "finished", false],
    ["NO_EXTERNALIZED_CHECKPOINTS", "cancelled", false],
    ["NO_EXTERNALIZED_CHECKPOINTS", "failed", false],
    ["DELETE_ON_CANCELLATION", "finished", false],
    ["DELETE_ON_CANCELLATION", "cancelled", false],
    ["DELETE_ON_CANCELLATION", "failed", true],
    ["RETAIN_ON_CANCELLATION", "finished", false],
    ["RETAIN_ON_CANCELLATION", "cancelled", true],
    ["RETAIN_ON_CANCELLATION", "failed", true],
  ])("%s, job %s: stays %s", async (retention, end, stays) => {
    const files = await filesAfter(retention, end);
    if (stays) expect(files.filter((file) => file.endsWith("_metadata"))).toHaveLength(1);
    else expect(files).toEqual([]);
  });
});

/** Passes everything on, and a negative number of its own at the end. */
function sayingEnd({ output, task }: OperatorServices<number>): Operator {
  return {
    inputs: [
      {
        processRecord: (n: number, timestampMs) => output.processRecord(n, timestampMs),
        processWatermark: (watermarkMs) => output.processWatermark(watermarkMs),
        processIdle: (idle) => output.processIdle(idle),
      },
    ],
    endInput: () => output.processRecord(-1 - task.subtaskIndex, 0),
  };
}

describe("after a source has finished", () => {
  /** A short source beside a long one, which waits at its gate for three checkpoints that are taken without the short one. */
  function build(scene: Scene, env: StreamExecutionEnvironment, long: Gate): void {
    const short = kept(scene.numbers(env, 20, { name: "short", gate: new Gate() }), "kept short");
    const ended = short.transform<number>("end", (services) => sayingEnd(services)).uid("end");
    scene.commit(ended, "short out");
    const others = scene.numbers(env, 60, { name: "long", gate: long }).map((n) => n + 100);
    scene.commit(kept(others, "kept long"), "long out");
  }

  test.each([1, 2])("checkpoints go on, and a failure repeats nothing: parallelism %i", async (parallelism) => {
    const scene = new Scene();
    const env = scene.env({ ...OFTEN, "parallelism.default": parallelism });
    const ends = upTo(parallelism)
      .map((subtask) => -1 - subtask)
      .toReversed();
    const gate = new Gate();
    let fail = true;
    build(scene, env, gate);
    gate.closeAt(30);
    const failing = scene.numbers(env, 40, { name: "third", gate }).map((n) => {
      if (fail && n === 30) {
        fail = false;
        throw new Error("boom");
      }
      return n + 1_000;
    });
    scene.commit(failing, "third out");
    await scene.play(async () => {
      const job = scene.start(env);
      await scene.pause(200);
      // The short source is done and committed, though the job goes on.
      expect(sorted(scene.committed)).toEqual(expect.arrayContaining([...ends, ...upTo(20)]));
      expect(job.status()).toBe("RUNNING");
      gate.open();
      expect((await job.result()).restarts).toBe(1);
    });
    expect(sorted(scene.committed)).toEqual([
      ...ends,
      ...upTo(20),
      ...upTo(60).map((n) => n + 100),
      ...upTo(40).map((n) => n + 1_000),
    ]);
    expect(await scene.world.run(() => scene.world.list(CHECKPOINTS))).toEqual([]);
  });

  test("savepoints neither lend nor lose files: the savepoint stays whole, and the job restores from it with the short source ended", async () => {
    const scene = new Scene({ seed: 3 });
    await scene.play(async () => {
      const env = scene.env({ ...OFTEN, "execution.checkpointing.max-concurrent-checkpoints": 3 });
      const gate = new Gate();
      build(scene, env, gate);
      gate.closeAt(30);
      const job = scene.start(env);
      const paths: string[] = [];
      for (let count = 0; count < 12; count += 1) {
        // Refused while a task is just finishing.
        await job.triggerSavepoint({ directory: "/savepoints" }).then(
          (path) => paths.push(path),
          () => undefined,
        );
        await scene.pause(4);
      }
      const before = await scene.world.list("/savepoints");
      await scene.pause(50);
      await job.cancel();
      expect(await scene.world.list("/savepoints")).toEqual(before);
      const outside = scene.committed.length;
      const again = scene.env({ "execution.state-recovery.path": paths.at(-1) ?? "" });
      build(scene, again, new Gate());
      await scene.start(again).result();
      expect(sorted(scene.committed.slice(outside)).every((n) => n >= 100)).toBe(true);
    });
  });
});

describe("tolerated failures", () => {
  function build(scene: Scene, values: ConfigValues): StreamExecutionEnvironment {
    const env = scene.env({ "execution.checkpointing.interval": 2, ...values });
    scene.commit(kept(scene.numbers(env, 200), "kept"));
    return env;
  }

  test("as many in a row as configured leave the job alone", async () => {
    const scene = new Scene({ faults: { write: [3, 4, 8] } });
    const env = build(scene, { "execution.checkpointing.tolerable-failed-checkpoints": 3 });
    const result = await scene.play(() => scene.start(env).result());
    expect(result.restarts).toBe(0);
    expect(scene.faults.struck.get("write")).toBe(3);
    expect(scene.committed).toEqual(upTo(200));
  });

  test("one more fails it, and the restart repeats nothing", async () => {
    const scene = new Scene({ faults: { write: [3] } });
    const env = build(scene, {});
    expect((await scene.play(() => scene.start(env).result())).restarts).toBe(1);
    expect(scene.world.warnings.join()).toContain("MR5011");
    expect(scene.committed).toEqual(upTo(200));
  });

  test("without restarts the cause is the storage's", async () => {
    const scene = new Scene({ faults: { write: [3] } });
    const env = build(scene, { "restart-strategy.type": "none" });
    await scene.play(async () => {
      let cause: unknown = await rejection(scene.start(env).result());
      const codes: string[] = [];
      for (; cause instanceof Error; cause = cause.cause) codes.push(cause.message.slice(0, 6));
      expect(codes).toEqual(expect.arrayContaining(["MR5011", "MR5009", "MR5206"]));
    });
  });

  test("state that cannot be saved fails the checkpoint, not the task, which goes on with it unharmed", async () => {
    const scene = new Scene();
    const env = scene.env({
      "execution.checkpointing.interval": 2,
      "execution.checkpointing.tolerable-failed-checkpoints": 1_000,
    });
    const counting = scene.numbers(env, 200).process({
      state: { seen: operatorList<number | (() => void)>() },
      processElement(n, { state }, out: Collector<number>) {
        // For a while the list holds what no file can.
        state.seen.update(n >= 50 && n < 100 ? [n, () => undefined] : [n]);
        out.collect(n);
      },
    });
    scene.commit(counting.name("counting").uid("counting"));
    const { restarts, checkpoints } = await scene.play(() => scene.start(env).result());
    expect(restarts).toBe(0);
    expect(checkpoints).toBeGreaterThan(5);
    expect(scene.committed).toEqual(upTo(200));
    expect(scene.world.warnings.length).toBeGreaterThan(2);
    for (const line of scene.world.warnings)
      expect(line).toMatch(
        /did not complete: a task could not write its state: MR\d+: the state of operator "counting"/,
      );
  });

  test("a checkpoint that takes too long is given up, and its files go", async () => {
    const scene = new Scene();
    const env = build(scene, {
      ...OFTEN,
      "execution.checkpointing.timeout": 2,
      "execution.checkpointing.tolerable-failed-checkpoints": 1_000,
      "execution.checkpointing.max-concurrent-checkpoints": 3,
      "parallelism.default": 3,
    });
    const failures = await scene.play(async () => {
      const job = scene.start(env);
      await scene.gate.reached(200);
      const sample = job.metrics().find(({ name }) => name === "numberOfFailedCheckpoints");
      await job.cancel(); // its final checkpoint would time out as well
      return Number(sample?.value);
    });
    expect(failures).toBeGreaterThan(3);
    expect(await scene.world.run(() => scene.world.list(CHECKPOINTS))).toEqual([]);
  });
});

test.each([1, 2, 3, 4, 5])("three checkpoints at a time, with failures: seed %i", async (seed) => {
  const scene = new Scene({ seed, faults: { record: [60], write: [9, 30] } });
  const env = scene.env({
    ...OFTEN,
    "execution.checkpointing.interval": 1,
    "execution.checkpointing.max-concurrent-checkpoints": 3,
    "parallelism.default": 2,
  });
  const numbers = scene.numbers(env, 200, { splits: 2 }).map((n) => {
    throwAt(scene.faults, "record");
    return n;
  });
  scene.commit(kept(numbers, "kept"));
  let most = 0;
  await scene.play(async () => {
    const job = scene.start(env);
    const looking = { done: false };
    const look = (): void => {
      most = Math.max(
        most,
        Number(job.metrics().find(({ name }) => name === "numberOfInProgressCheckpoints")?.value ?? 0),
      );
      if (!looking.done) scene.world.clock.schedule(0.5, look);
    };
    look();
    await job.result();
    looking.done = true;
  });
  expect(most).toBeGreaterThanOrEqual(2);
  expect(most).toBeLessThanOrEqual(4); // the final one is not kept waiting
  expect(scene.outside.violations).toEqual([]);
  expect(sorted(scene.committed)).toEqual(upTo(200));
  expect(await scene.world.run(() => scene.world.list(CHECKPOINTS))).toEqual([]);
});

/** Keeps each barrier waiting for 20 ms, during which its own input waits, and that of others need not. */
function slowBarrier(services: OperatorServices<number>): Operator {
  let state: "idle" | "waiting" | "ready" = "idle";
  const { output } = services;
  return {
    inputs: [
      {
        processRecord: (n: number, timestampMs) => output.processRecord(n, timestampMs),
        processWatermark: (watermarkMs) => output.processWatermark(watermarkMs),
        processIdle: (idle) => output.processIdle(idle),
      },
    ],
    prepareBarrier: () => {
      if (state !== "idle") return state === "ready";
      state = "waiting";
      services.schedule(20, () => {
        state = "ready";
        services.wake();
      });
      return false;
    },
    snapshot: () => {
      state = "idle";
    },
  };
}

test.each([
  ["EXACTLY_ONCE", 0],
  ["AT_LEAST_ONCE", 1],
])("%s: what a quick input sends behind its barrier, while a slow one is waited for", async (mode, repeatsMin) => {
  const scene = new Scene();
  const env = scene.env({ "execution.checkpointing.interval": 5, "execution.checkpointing.mode": mode });
  const quick = scene.numbers(env, 800, { name: "quick" });
  const slow = scene
    .numbers(env, 30, { name: "slow" })
    .transform<number>("slow barrier", slowBarrier)
    .uid("slow-barrier");
  let failed = false;
  const counted = quick
    .union(slow)
    .map((n) => {
      if (!failed && scene.outside.completedId >= 1) {
        failed = true;
        throw new Error("boom");
      }
      return n;
    })
    .keyBy(() => 0)
    .process({
      state: { count: value({ default: 0 }) },
      processElement(_n, ctx, out: Collector<number>) {
        ctx.state.count.update(ctx.state.count.value() + 1);
        out.collect(ctx.state.count.value());
      },
    })
    .uid("count");
  scene.commit(counted);
  expect((await scene.play(() => scene.start(env).result())).restarts).toBe(1);
  const repeats = Math.max(...(scene.committed as number[])) - 830;
  if (repeatsMin === 0) expect(repeats).toBe(0);
  else expect(repeats).toBeGreaterThanOrEqual(repeatsMin);
});
