/** What the client of a job in this process sees: status, cancel, accumulators, metrics, results, slots. */
// covers: core/cluster/job-master.ts
// covers: core/cluster/compose-job.ts
// covers: core/cluster/task-manager.ts
// covers: core/runtime/task-execution.ts
import { describe, expect, test } from "vitest";
import { fixedDelay, StreamExecutionEnvironment, WatermarkStrategy } from "../../../core/index.ts";
import { SeededRandom } from "../../../core/util/random.ts";
import { Faults } from "../../golden/faults.ts";
import { Gate } from "../../sim/gate.ts";
import { listSource } from "../../sim/pipelines/list-source.ts";
import { stuttering } from "../../sim/stuttering-source.ts";
import type { RuntimeContext } from "../../../core/index.ts";
import { rejection, Scene, throwingAt, upTo } from "./scene.ts";

/** A promise, and what settles it. */
function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  let give = (): void => undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}

describe("status", () => {
  test("of a job that ends", async () => {
    const scene = new Scene();
    const env = scene.env();
    scene.commit(scene.numbers(env, 30));
    scene.gate.closeAt(10);
    await scene.play(async () => {
      const job = scene.start(env);
      expect(job.status()).toBe("CREATED");
      await scene.gate.reached(10);
      expect(job.status()).toBe("RUNNING");
      scene.gate.open();
      const result = await job.result();
      expect(job.status()).toBe("FINISHED");
      expect(result).toMatchObject({ jobName: "scene", records: 30, restarts: 0 });
    });
    expect(scene.committed).toEqual(upTo(30));
  });

  test("of a job that waits for its restart", async () => {
    const scene = new Scene();
    const env = scene.env({ "restart-strategy.fixed-delay.delay": 1_000 });
    const failed = signal();
    scene.commit(scene.numbers(env, 30).map(throwingAt([20], 1, failed.give)));
    await scene.play(async () => {
      const job = scene.start(env);
      await failed.given;
      await scene.pause(500);
      expect(job.status()).toBe("RESTARTING");
      expect((await job.result()).restarts).toBe(1);
    });
    expect(scene.committed).toEqual(upTo(30));
  });
});

describe("cancel", () => {
  test("closes everything, and result() says so", async () => {
    const scene = new Scene();
    const env = scene.env();
    const closed: number[] = [];
    const numbers = scene.numbers(env, 30).map({ map: (n: number) => n, close: async () => void closed.push(1) });
    scene.commit(numbers);
    scene.gate.closeAt(10);
    await scene.play(async () => {
      const job = scene.start(env);
      await scene.gate.reached(10);
      await job.cancel();
      expect(job.status()).toBe("CANCELED");
      expect(await rejection(job.result())).toMatchObject({ code: "MR7004" });
      await job.cancel();
    });
    expect(closed).toEqual([1]);
    expect(scene.committed).toEqual([]);
  });

  test("while functions are being opened", async () => {
    const scene = new Scene();
    const env = scene.env();
    const calls: string[] = [];
    const opened = new Promise<void>((resolve) => {
      const slow = {
        open: async () => {
          resolve();
          await scene.pause(100);
          calls.push("opened");
        },
        map: (n: number) => n,
        close: () => void calls.push("closed"),
      };
      scene.commit(scene.numbers(env, 30).map(slow));
    });
    await scene.play(async () => {
      const job = scene.start(env);
      await opened;
      await job.cancel();
      expect(job.status()).toBe("CANCELED");
    });
    expect(calls).toEqual(["opened", "closed"]);
  });

  test("while the job waits for its restart", async () => {
    const scene = new Scene();
    const env = scene.env({ "restart-strategy.fixed-delay.delay": 1_000 });
    const failed = signal();
    scene.commit(scene.numbers(env, 30).map(throwingAt([20], 1, failed.give)));
    await scene.play(async () => {
      const job = scene.start(env);
      await failed.given;
      await scene.pause(500);
      await job.cancel();
      expect(job.status()).toBe("CANCELED");
    });
    expect(scene.committed).toEqual([]);
  });

  test("right after the start", async () => {
    const scene = new Scene();
    const env = scene.env();
    scene.commit(scene.numbers(env, 30));
    await scene.play(async () => {
      const job = scene.start(env);
      await job.cancel();
      expect(job.status()).toBe("CANCELED");
    });
    expect(scene.committed).toEqual([]);
  });
});

test("functions are told whose they are: of which job, under which master, in which attempt", async () => {
  const scene = new Scene();
  const env = scene.env();
  const told: RuntimeContext["task"][] = [];
  const listening = {
    open: (ctx: RuntimeContext) => void told.push(ctx.task),
    map: throwingAt([20], 1),
  };
  scene.commit(scene.numbers(env, 30).map(listening));
  await scene.play(async () => {
    const job = scene.start(env);
    await job.result();
    const { jobId, jobName } = job;
    const name = { jobId, jobName, masterToken: 1, subtaskIndex: 0, parallelism: 1 };
    expect(told).toMatchObject([
      { ...name, attempt: 0 },
      { ...name, attempt: 1 },
    ]);
  });
});

describe("accumulators", () => {
  /** Counts in the accumulator what it passes on. */
  function counting(): { open(ctx: RuntimeContext): void; map(n: number): number } {
    let add: (amount: number) => void = () => undefined;
    return {
      open: (ctx) => {
        add = (amount) => ctx.accumulate("seen", amount);
      },
      map: (n) => {
        add(1);
        return n;
      },
    };
  }

  test("are added up over the subtasks", async () => {
    const scene = new Scene();
    const env = scene.env({ "parallelism.default": 3 });
    scene.commit(scene.numbers(env, 30, { splits: 3 }).map(counting()));
    await scene.play(async () => {
      const job = scene.start(env);
      expect((await job.result()).accumulators).toEqual({ seen: 30 });
      expect(job.accumulators()).toEqual({ seen: 30 });
    });
  });

  test("begin anew with each attempt", async () => {
    const scene = new Scene();
    const env = scene.env();
    scene.commit(
      scene
        .numbers(env, 30)
        .map(counting())
        .map(throwingAt([20], 1)),
    );
    await scene.play(async () => expect((await scene.start(env).result()).accumulators).toEqual({ seen: 30 }));
  });
});

test("metrics have Flink's names, per job, task and operator", async () => {
  const scene = new Scene();
  const env = scene.env({ "execution.checkpointing.interval": 2, "parallelism.default": 2 });
  const keyed = scene
    .numbers(env, 60, { splits: 2 })
    .keyBy((n) => n % 5)
    .sum((n) => n)
    .name("sum")
    .uid("sum");
  scene.commit(keyed);
  const samples = await scene.play(async () => {
    const job = scene.start(env);
    await job.result();
    return job.metrics();
  });
  const valueOf = (name: string, operator?: string): number =>
    samples
      .filter(
        (sample) =>
          sample.name === name &&
          (operator === undefined ? sample.scope.operator === undefined : sample.scope.operator === operator),
      )
      .reduce((sum, { value }) => sum + Number(value), 0);
  expect(valueOf("numRecordsIn", "Source: numbers")).toBe(60);
  expect(valueOf("numRecordsSend", "Sink: out")).toBe(60);
  expect(valueOf("numberOfCompletedCheckpoints")).toBeGreaterThan(0);
  expect(valueOf("numRestarts")).toBe(0);
  const names = new Set(samples.map(({ name }) => name));
  for (const name of [
    "lastCheckpointDuration",
    "lastCheckpointSize",
    "accumulateBusyTimeMs",
    "accumulateIdleTimeMs",
    "accumulateBackPressuredTimeMs",
    "checkpointAlignmentTime",
    "totalCommittables",
  ]) {
    expect(names).toContain(name);
  }
});

test.each([1, 2])(
  "results reach the client exactly once although the job fails, with the real clock: parallelism %i",
  async (parallelism) => {
    const env = StreamExecutionEnvironment.create({ "parallelism.default": parallelism });
    env.enableCheckpointing(2).setRestartStrategy(fixedDelay({ attempts: 3, delay: 0 }));
    const splits = [0, 1].map((split) => upTo(200).map((n) => ({ value: 2 * n + split, timestampMs: n })));
    const stutter = { gate: new Gate(), random: new SeededRandom(1), burst: 5, faults: new Faults({}) };
    const source = stuttering(listSource("numbers", splits), stutter);
    const results = await env
      .fromSource(source, WatermarkStrategy.noWatermarks<number>(), "numbers")
      .uid("numbers")
      .map(throwingAt([101, 300], 2))
      .executeAndCollect();
    expect(results.toSorted((left, right) => left - right)).toEqual(upTo(400));
  },
);

describe("slots", () => {
  test("too few are refused at once, with what is needed", async () => {
    const scene = new Scene();
    const env = scene.env({ "parallelism.default": 3, "taskmanager.numberOfTaskSlots": 2 });
    scene.commit(scene.numbers(env, 3));
    expect(() => scene.start(env)).toThrow(/MR7001.*3.*2/s);
    const real = StreamExecutionEnvironment.create({ "parallelism.default": 3, "taskmanager.numberOfTaskSlots": 2 });
    real.fromSequence(1, 3).discard();
    await expect(real.execute()).rejects.toMatchObject({ code: "MR7001" });
  });

  test("as many as needed are enough", async () => {
    const scene = new Scene();
    const env = scene.env({ "parallelism.default": 3, "taskmanager.numberOfTaskSlots": 3 });
    scene.commit(scene.numbers(env, 3));
    await scene.play(() => scene.start(env).result());
    expect(new Set(scene.committed)).toEqual(new Set(upTo(3)));
  });
});
