/**
 * Checkpoints beside each other while one channel is slower than they follow each other. Channels are not held back at least once, so that fast ones
 * deliver the barriers of several checkpoints before the slow one delivers the first.
 */
import { describe, expect, test } from "vitest";
import type { ConfigValues, Sink, StreamExecutionEnvironment } from "../../../core/index.ts";
import { Scene } from "./scene.ts";

/** Its flush, and so every barrier of its chain, takes 30 ms. */
function slowToFlush(scene: Scene): Sink<number> {
  return {
    createWriter: () => ({ write: () => undefined, flush: () => scene.pause(30) }),
  };
}

/** Two sources into one task; the chain of one of them also feeds a sink that is slow to flush. */
function build(scene: Scene, values: ConfigValues): StreamExecutionEnvironment {
  const env = scene.env({ ...values, "execution.checkpointing.dir": "/checkpoints" });
  scene.gate.closeAt(10);
  const fast = scene.numbers(env, 3_000, { name: "fast" });
  const slow = scene
    .numbers(env, 3_000, { name: "slow" })
    .rebalance()
    .map((n) => n);
  slow.sinkTo(slowToFlush(scene)).uid("side");
  scene.commit(
    fast
      .union(slow)
      .rebalance()
      .map((n) => n),
  );
  return env;
}

describe.each(["EXACTLY_ONCE", "AT_LEAST_ONCE"])("%s, one channel slower than the interval", (mode) => {
  test("several checkpoints at a time complete", async () => {
    const scene = new Scene();
    const env = build(scene, {
      "execution.checkpointing.mode": mode,
      "execution.checkpointing.interval": 10,
      "execution.checkpointing.max-concurrent-checkpoints": 8,
    });
    const { completed, failed } = await scene.play(async () => {
      const job = scene.start(env);
      await scene.pause(1_000);
      const metrics = new Map(job.metrics().map((metric) => [metric.name, Number(metric.value)]));
      await job.cancel();
      return {
        completed: metrics.get("numberOfCompletedCheckpoints"),
        failed: metrics.get("numberOfFailedCheckpoints"),
      };
    });
    expect(completed).toBeGreaterThan(20);
    expect(failed).toBe(0);
  });

  test("a savepoint survives the checkpoints that begin after it", async () => {
    const scene = new Scene();
    const env = build(scene, { "execution.checkpointing.mode": mode, "execution.checkpointing.interval": 40 });
    const said: string[] = [];
    await scene.play(async () => {
      const job = scene.start(env);
      for (let round = 0; round < 5; round += 1) {
        await scene.pause(97);
        said.push(await job.triggerSavepoint({ directory: "/savepoints" }).catch((error: Error) => error.message));
      }
      await job.cancel();
    });
    expect(said).toEqual(said.map(() => expect.stringMatching(/^\/savepoints\//)));
  });
});
