/**
 * At least once, a task reads on behind a barrier: it may reach its end, by the end of data of channel 1 that came BEHIND barrier 1, and then take
 * checkpoint 1 as one that has ended, while the producer of channel 1 has not ended in it. Then it waits for that producer to go, that one for a
 * checkpoint, and the checkpoint for the task.
 */
// covers: core/cluster/about-to-finish.ts
import { expect, test } from "vitest";
import { WatermarkStrategy } from "../../../core/index.ts";
import { Gate } from "../../sim/gate.ts";
import { Scene } from "./scene.ts";

async function play(mode: string): Promise<string> {
  const scene = new Scene();
  const env = scene.env({
    "execution.checkpointing.interval": 1_000_000,
    "execution.checkpointing.mode": mode,
    "execution.checkpointing.dir": "/checkpoints",
    "restart-strategy.type": "none",
  });
  let released = false;
  let release = (): void => undefined;
  const silent = {
    boundedness: "bounded",
    createReader: (ctx: { wake(): void }) => {
      release = () => {
        released = true;
        ctx.wake();
      };
      return {
        pollNext: () => (released ? "end-of-input" : "nothing-available"),
        addSplits() {},
        noMoreSplits() {},
        snapshot: () => [],
      };
    },
    createEnumerator: () => ({ handleSplitRequest() {}, addSplitsBack() {}, snapshot: () => 0 }),
  };
  const endless = new Gate();
  endless.closeAt(10);
  let unblock = (): void => undefined;
  let blocked = false;
  const slow = {
    createWriter: (ctx: { block(): void; unblock(): void }) => ({
      write: () => {
        if (blocked) return;
        blocked = true;
        ctx.block();
        unblock = () => ctx.unblock();
      },
    }),
  };
  const one = env.fromSource(silent as never, WatermarkStrategy.noWatermarks(), "one").uid("one");
  const two = scene.numbers(env, 3, { name: "two", gate: new Gate() });
  two
    .union(one as never)
    .map((n) => n)
    .sinkTo(slow as never)
    .uid("slow");
  scene.commit(scene.numbers(env, 100, { name: "endless", gate: endless }));
  return scene.play(async () => {
    const job = scene.start(env);
    job.result().catch(() => undefined);
    await scene.pause(50);
    expect(blocked).toBe(true);
    const first = job.triggerCheckpoint();
    await scene.pause(20);
    release();
    await scene.pause(20);
    unblock();
    await first;
    await scene.pause(1_000);
    const answer = await job.triggerCheckpoint().then(
      () => "ok",
      (e: Error) => e.message,
    );
    const savepoint = await Promise.race([
      job.triggerSavepoint({ directory: "/savepoints" }).then(
        () => "ok",
        (e: Error) => e.message,
      ),
      scene.pause(60_000).then(() => "no answer within 60 s"),
    ]);
    await job.cancel();
    return `${answer}; ${savepoint}`;
  });
}
test.each(["EXACTLY_ONCE", "AT_LEAST_ONCE"])(
  "%s",
  async (mode) => {
    expect(await play(mode)).toBe("ok; ok");
  },
  60000,
);
