/** Starting from savepoints and retained checkpoints: changed jobs, refused state, damaged and older checkpoints, files on a real disk. */
// covers: core/cluster/job-stores.ts
// covers: core/cluster/local-job.ts
// covers: core/runtime/state-loading.ts
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { StreamExecutionEnvironment, tumbling, value, WatermarkStrategy } from "../../../core/index.ts";
import type { Collector, ConfigValues, DataStream } from "../../../core/index.ts";
import { Outside, committedSink } from "../../sim/committed-sink.ts";
import { SeededRandom } from "../../../core/util/random.ts";
import { SystemClock } from "../../../core/time/system-clock.ts";
import { Faults } from "../../golden/faults.ts";
import { Gate } from "../../sim/gate.ts";
import { listSource } from "../../sim/pipelines/list-source.ts";
import { stuttering } from "../../sim/stuttering-source.ts";
import { rejection, Scene, upTo } from "./scene.ts";

const SAVEPOINTS = "/savepoints";
const CHECKPOINTS = "/checkpoints";
const PATH = "execution.state-recovery.path";

/** Numbers each record of its key, from 1. */
function numbered(numbers: DataStream<number>, uid = "count"): DataStream<readonly [key: number, count: number]> {
  return numbers
    .keyBy((n) => n % 3)
    .process({
      state: { count: value({ default: 0 }) },
      processElement(_n, ctx, out: Collector<readonly [number, number]>) {
        const count = ctx.state.count.value() + 1;
        ctx.state.count.update(count);
        out.collect([ctx.key, count]);
      },
    })
    .uid(uid);
}

/** The highest number of each key: without loss or repeat, 30 numbers make 10 of each. */
function highest(committed: readonly unknown[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [key, count] of committed as (readonly [number, number])[]) {
    expect(count, `number of key ${key}`).toBe((counts[key] ?? 0) + 1);
    counts[key] = count;
  }
  return counts;
}

/** Runs to the 15th of 30 numbers, and stops there. Returns the savepoint's path. */
async function stopped(
  scene: Scene,
  build: (env: StreamExecutionEnvironment) => void,
  values: ConfigValues = {},
): Promise<string> {
  const env = scene.env(values);
  build(env);
  scene.gate.closeAt(15);
  const job = scene.start(env);
  await scene.gate.reached(15);
  const path = await job.stopWithSavepoint({ directory: SAVEPOINTS });
  expect(job.status()).toBe("FINISHED");
  return path;
}

describe("from a savepoint", () => {
  test("with other stateless operators around", async () => {
    const scene = new Scene();
    await scene.play(async () => {
      const path = await stopped(scene, (env) => scene.commit(numbered(scene.numbers(env, 30))));
      const env = scene.env({ [PATH]: path, "parallelism.default": 2, "pipeline.operator-chaining.enabled": false });
      const filtered = scene
        .numbers(env, 30)
        .filter((n) => n >= 0)
        .map((n) => n)
        .name("new");
      scene.commit(
        numbered(filtered)
          .map((pair) => pair)
          .name("also new"),
      );
      await scene.start(env).result();
    });
    expect(highest(scene.committed)).toEqual({ 0: 10, 1: 10, 2: 10 });
  });

  test("state that nobody takes over is refused, and may be dropped if one says so", async () => {
    const scene = new Scene();
    const build = (env: StreamExecutionEnvironment): void => scene.commit(numbered(scene.numbers(env, 30), "other"));
    await scene.play(async () => {
      const path = await stopped(scene, (env) => scene.commit(numbered(scene.numbers(env, 30))));
      const refused = scene.env({ [PATH]: path });
      build(refused);
      const error = await rejection(scene.start(refused).result());
      expect(error).toMatchObject({ code: "MR5007" });
      expect(error.message).toContain("count");
      const allowed = scene.env({ [PATH]: path, "execution.state-recovery.ignore-unclaimed-state": true });
      build(allowed);
      await scene.start(allowed).result();
    });
    // The numbers go on behind the savepoint, the counts begin anew.
    expect(scene.committed.slice(15)).toEqual(scene.committed.slice(0, 15));
  });

  test("another maximum parallelism is refused", async () => {
    const scene = new Scene();
    await scene.play(async () => {
      const path = await stopped(scene, (env) => scene.commit(numbered(scene.numbers(env, 30))));
      const env = scene.env({ [PATH]: path, "pipeline.max-parallelism": 64 });
      scene.commit(numbered(scene.numbers(env, 30)));
      expect(await rejection(scene.start(env).result())).toMatchObject({ code: "MR5008" });
    });
  });

  test("of a path where there is none", async () => {
    const scene = new Scene();
    const env = scene.env({ [PATH]: "/savepoints/none" });
    scene.commit(scene.numbers(env, 3));
    await scene.play(async () => {
      const job = scene.start(env);
      expect(await rejection(job.result())).toMatchObject({ code: "MR5001" });
      expect(job.status()).toBe("FAILED");
      expect(await rejection(job.triggerSavepoint({ directory: SAVEPOINTS }))).toMatchObject({ code: "MR7005" });
    });
  });

  test("a savepoint that does not stop the job leaves it as it was, and can be restored later", async () => {
    const scene = new Scene();
    await scene.play(async () => {
      const env = scene.env({ "execution.checkpointing.interval": 2 });
      scene.commit(numbered(scene.numbers(env, 30)));
      scene.gate.closeAt(15);
      const job = scene.start(env);
      await scene.gate.reached(15);
      const path = await job.triggerSavepoint({ directory: SAVEPOINTS });
      scene.gate.open();
      await job.result();
      expect(highest(scene.committed)).toEqual({ 0: 10, 1: 10, 2: 10 });
      // All checkpoints are gone by now; the savepoint is whole.
      const again = scene.env({ [PATH]: path });
      scene.commit(numbered(scene.numbers(again, 30)));
      await scene.start(again).result();
    });
    expect(scene.committed).toHaveLength(45);
  });

  test("of another store cannot be claimed", async () => {
    const scene = new Scene();
    await scene.play(async () => {
      const path = await stopped(scene, (env) => scene.commit(numbered(scene.numbers(env, 30))));
      const env = scene.env({ [PATH]: path, "execution.state-recovery.claim-mode": "CLAIM" });
      scene.commit(numbered(scene.numbers(env, 30)));
      const job = scene.start(env);
      expect(await rejection(job.result())).toMatchObject({ code: "MR5013" });
      expect(job.status()).toBe("FAILED");
    });
  });
});

describe("drained", () => {
  test("windows fire and the job ends; from the savepoint it goes on as if time began anew", async () => {
    const scene = new Scene();
    const windows = (numbers: DataStream<number>): DataStream<unknown> =>
      numbers
        .keyBy(() => "all")
        .window(tumbling(10))
        .reduce((left, right) => left + right)
        .uid("sums")
        .map(({ window, value: sum }) => [window.startMs, sum]);
    await scene.play(async () => {
      const env = scene.env();
      scene.commit(windows(scene.numbers(env, 30)));
      scene.gate.closeAt(15);
      const job = scene.start(env);
      await scene.gate.reached(15);
      const path = await job.stopWithSavepoint({ directory: SAVEPOINTS, drain: true });
      expect(scene.committed).toEqual([
        [0, 45],
        [10, 60],
      ]);
      const again = scene.env({ [PATH]: path });
      scene.commit(windows(scene.numbers(again, 30)));
      await scene.start(again).result();
    });
    expect(scene.committed.slice(2)).toEqual([
      [10, 85],
      [20, 245],
    ]);
  });
});

/** Cancels after the 15th number with at least two checkpoints kept. Returns the job's directory. */
async function cancelled(scene: Scene): Promise<string> {
  const env = scene.env({
    "execution.checkpointing.interval": 100,
    "execution.checkpointing.dir": CHECKPOINTS,
    "execution.checkpointing.num-retained": 3,
    "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
  });
  scene.commit(numbered(scene.numbers(env, 30)));
  const job = scene.start(env);
  for (const count of [5, 10, 15]) {
    scene.gate.closeAt(count);
    scene.gate.open();
    scene.gate.closeAt(count);
    await scene.gate.reached(count);
    await job.triggerCheckpoint();
  }
  await job.cancel();
  return `${CHECKPOINTS}/${job.jobId}`;
}

async function damage(scene: Scene, path: string): Promise<void> {
  const broken = (await scene.world.read(path)).slice();
  broken[broken.length >> 1] = (broken[broken.length >> 1] ?? 0) ^ 1;
  await scene.world.write(path, broken);
}

describe("from a retained checkpoint", () => {
  test.each(["the job's directory", "the newest checkpoint", "its metadata file"])("named by %s", async (which) => {
    const scene = new Scene();
    await scene.play(async () => {
      const directory = await cancelled(scene);
      const path =
        which === "the job's directory"
          ? directory
          : which === "the newest checkpoint"
            ? `${directory}/chk-3`
            : `${directory}/chk-3/_metadata`;
      const env = scene.env({
        [PATH]: path,
        "execution.checkpointing.interval": 2,
        "execution.checkpointing.dir": CHECKPOINTS,
      });
      scene.commit(numbered(scene.numbers(env, 30)));
      await scene.start(env).result();
    });
    expect(highest(scene.committed)).toEqual({ 0: 10, 1: 10, 2: 10 });
  });

  test.each(["chk-3/_metadata", "chk-3 state"])(
    "a damaged newest one is refused, as nobody may repeat its output: %s",
    async (what) => {
      const scene = new Scene();
      await scene.play(async () => {
        const directory = await cancelled(scene);
        const state = (await scene.world.list(`${directory}/chk-3`)).find((file) => !file.endsWith("_metadata"));
        const damaged = what === "chk-3 state" ? state : `${directory}/${what}`;
        if (damaged === undefined) throw new Error("the third checkpoint has written no state");
        await damage(scene, damaged);
        const values = { [PATH]: directory };
        const refused = scene.env(values);
        scene.commit(numbered(scene.numbers(refused, 30)));
        const error = await rejection(scene.start(refused).result());
        expect(error).toMatchObject({ code: "MR5005" });
        expect(error.message).toContain("chk-3");
        expect(error.message).toContain("chk-2");
        const before = scene.committed.length;
        const accepted = scene.env({ ...values, "execution.state-recovery.accept-duplicates": true });
        scene.commit(numbered(scene.numbers(accepted, 30)));
        await scene.start(accepted).result();
        // From the second checkpoint, at 10: five more numbers than from the third.
        expect(scene.committed.length - before).toBe(20);
      });
    },
  );

  test("an older one is refused", async () => {
    const scene = new Scene();
    await scene.play(async () => {
      const directory = await cancelled(scene);
      const env = scene.env({ [PATH]: `${directory}/chk-2` });
      scene.commit(numbered(scene.numbers(env, 30)));
      expect(await rejection(scene.start(env).result())).toMatchObject({ code: "MR5006" });
    });
  });
});

const directories: string[] = [];

afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

/** Directories of a checkpoint that was under way at the end may go away while we look. */
async function metadataIn(jobDirectory: string): Promise<readonly string[]> {
  const files = await Promise.all(
    (await readdir(jobDirectory)).map(async (name) => {
      const inside = await readdir(join(jobDirectory, name)).catch(() => []);
      return inside.map((file) => `${name}/${file}`);
    }),
  );
  return files.flat().filter((file) => file.endsWith("_metadata"));
}

test("on a real disk, with the real clock: savepoint, retained checkpoint, and what becomes of the files", async () => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-restore-"));
  directories.push(directory);
  const outside = new Outside<unknown>();
  outside.completedId = Infinity;
  const clock = new SystemClock();
  const random = new SeededRandom(1);
  let gate = new Gate();
  const build = (name: string, values: ConfigValues): StreamExecutionEnvironment => {
    gate = new Gate();
    const env = StreamExecutionEnvironment.create({
      "execution.checkpointing.interval": 2,
      "execution.checkpointing.dir": directory,
      ...values,
    });
    const records = [upTo(600).map((n) => ({ value: n, timestampMs: n }))];
    const source = stuttering(listSource("numbers", records), { gate, random, burst: 5, faults: new Faults({}) });
    const counts = numbered(
      env.fromSource(source, WatermarkStrategy.forMonotonousTimestamps<number>(), "numbers").uid("numbers"),
    );
    counts.sinkTo(committedSink<unknown>({ name, outside, clock, random })).uid("out");
    return env;
  };

  const first = build("first", {});
  gate.closeAt(200);
  const stopping = await first.executeAsync();
  await gate.reached(200);
  const savepoint = await stopping.stopWithSavepoint({ directory });
  expect(await readdir(savepoint)).toContain("_metadata");

  const retention = { "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION" };
  const second = build("second", { [PATH]: savepoint, ...retention });
  gate.closeAt(200);
  const cancelling = await second.executeAsync();
  await gate.reached(200);
  // Refused while another is under way, which would end with the job: one has to be complete.
  const completes = (): Promise<boolean> =>
    cancelling.triggerCheckpoint().then(
      () => true,
      () => false,
    );
  while (!(await completes())) expect(cancelling.status()).toBe("RUNNING");
  await cancelling.cancel();
  const jobDirectory = join(directory, cancelling.jobId);
  // Directories of older ones remain for as long as the newest refers to their files.
  const kept = await metadataIn(jobDirectory);
  expect(kept).toEqual([expect.stringMatching(/^chk-\d+._metadata$/)]);

  const third = build("third", { [PATH]: jobDirectory, "parallelism.default": 2 });
  await third.execute();
  expect(highest(outside.commits.map((commit) => commit.value))).toEqual({ 0: 200, 1: 200, 2: 200 });

  const metadata = join(jobDirectory, kept[0] ?? "");
  const bytes = await readFile(metadata);
  await writeFile(metadata, bytes.subarray(0, bytes.length - 3));
  const fourth = build("fourth", { [PATH]: jobDirectory });
  await expect(fourth.execute()).rejects.toMatchObject({ code: "MR5005" });
});
