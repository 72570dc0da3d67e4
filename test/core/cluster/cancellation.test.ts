/** A job ends although its code does not: an `open` or `close` that never settles is given up after `task.cancellation.timeout`. */
// covers: core/runtime/cancellation-timeout.ts
import { describe, expect, test } from "vitest";
import type { ConfigValues, MapFunction } from "../../../core/index.ts";
import type { LocalJob } from "../../../core/cluster/local-job.ts";
import { rejection, Scene, throwingAt } from "./scene.ts";

const never = (): Promise<void> => new Promise(() => undefined);
const same = (n: number): number => n;

/** Numbers without end as far as these tests look, through one function. */
function start(scene: Scene, fn: MapFunction<number, number>, values: ConfigValues = {}): LocalJob {
  const env = scene.env(values);
  scene.gate.closeAt(10);
  scene.commit(scene.numbers(env, 1_000).map(fn).name("stuck"));
  return scene.start(env);
}

/** Virtual time until the job is cancelled. */
async function cancelled(scene: Scene, job: LocalJob): Promise<number> {
  await scene.pause(10);
  const fromMs = scene.world.clock.elapsedMs();
  await job.cancel();
  expect(job.status()).toBe("CANCELED");
  return scene.world.clock.elapsedMs() - fromMs;
}

describe("a job that is cancelled", () => {
  test.each<["open" | "close", MapFunction<number, number>]>([
    ["open", { open: never, map: same }],
    ["close", { close: never, map: same }],
  ])("waits three minutes for an %s that never settles, and says for whom", async (call, fn) => {
    const scene = new Scene();
    await scene.play(async () => {
      const waitedMs = await cancelled(scene, start(scene, fn));
      expect(waitedMs).toBeGreaterThan(179_000);
      expect(waitedMs).toBeLessThan(190_000);
    });
    expect(scene.world.warnings).toEqual([
      expect.stringMatching(
        `^millrace: job "scene": task ".*stuck.*" \\(1/1\\) .*${call}\\(\\) of operator "stuck" has not returned within 180000 ms \\(task.cancellation.timeout\\)`,
      ),
    ]);
  });

  test("waits as long as it is told to", async () => {
    const scene = new Scene();
    await scene.play(async () => {
      const job = start(scene, { open: never, map: same }, { "task.cancellation.timeout": "1s" });
      expect(await cancelled(scene, job)).toBeLessThan(2_000);
    });
  });

  test("waits for ever if it is told to", async () => {
    const scene = new Scene();
    await scene.play(async () => {
      const job = start(scene, { open: never, map: same }, { "task.cancellation.timeout": 0 });
      await scene.pause(10);
      void job.cancel();
      await scene.pause(600_000);
      expect(job.status()).toBe("CANCELLING");
    });
    expect(scene.world.warnings).toEqual([]);
  });

  test("waits for nobody whose code returns", async () => {
    const scene = new Scene();
    await scene.play(async () => {
      const slow = { close: () => scene.pause(500), map: same };
      expect(await cancelled(scene, start(scene, slow))).toBeLessThan(1_000);
    });
    expect(scene.world.warnings).toEqual([]);
  });

  test("does not wait for a task that had finished but does not close", async () => {
    const scene = new Scene();
    const env = scene.env({ "task.cancellation.timeout": "1s" });
    scene.commit(scene.numbers(env, 5).map({ close: never, map: same }));
    await scene.play(async () => {
      const job = scene.start(env);
      await scene.pause(60_000);
      expect([job.status(), scene.committed.length]).toEqual(["RUNNING", 5]);
      expect(await cancelled(scene, job)).toBeLessThan(2_000);
    });
  });

  test("what was given up is closed all the same, once it has opened", async () => {
    const scene = new Scene();
    const log: string[] = [];
    await scene.play(async () => {
      const late = { open: () => scene.pause(5_000), map: same, close: () => void log.push("closed") };
      await cancelled(scene, start(scene, late, { "task.cancellation.timeout": "1s" }));
      expect(log).toEqual([]);
      await scene.pause(6_000);
      expect(log).toEqual(["closed"]);
    });
  });
});

describe("a job that fails", () => {
  test("starts again although a function of the failed attempt does not close", async () => {
    const scene = new Scene();
    const fails = throwingAt([5], 1);
    let closes = 0;
    const env = scene.env({ "task.cancellation.timeout": "1s" });
    const close = (): Promise<void> => ((closes += 1) === 1 ? never() : Promise.resolve());
    scene.commit(scene.numbers(env, 20).map({ map: same, close }).map(fails));
    const result = await scene.play(() => scene.start(env).result());
    expect(result.restarts).toBe(1);
    expect(scene.committed).toHaveLength(20);
  });

  test("ends with its failure if nothing starts it again", async () => {
    const scene = new Scene();
    const env = scene.env({ "task.cancellation.timeout": "1s", "restart-strategy.type": "none" });
    scene.commit(scene.numbers(env, 20).map({ map: throwingAt([5], 1), close: never }));
    await scene.play(async () => {
      const job = scene.start(env);
      expect((await rejection(job.result())).message).toContain("boom");
      expect(job.status()).toBe("FAILED");
    });
  });
});
