/** A plain Observable is not subscribed again by a task that was given up, once the job is over. */
import { expect, test } from "vitest";
import { WatermarkStrategy } from "../../../core/index.ts";
import { fromObservable } from "../../../connectors/rxjs/index.ts";
import { Scene } from "./scene.ts";

test("a task that was given up subscribes no more", async () => {
  const scene = new Scene();
  const env = scene.env({
    "execution.checkpointing.interval": 5,
    "execution.checkpointing.dir": "/checkpoints",
    "task.cancellation.timeout": 100,
  });
  let active = 0,
    all = 0;
  let push = (_n: number): void => undefined;
  const observable = {
    subscribe(observer: { next(n: number): void }) {
      active += 1;
      all += 1;
      push = (n) => observer.next(n);
      return {
        unsubscribe: () => {
          active -= 1;
        },
      };
    },
  };
  let opens = 0;
  let release = (): void => undefined;
  const hanging = {
    open: () => ((opens += 1) === 1 ? undefined : new Promise<void>((resolve) => (release = resolve))),
    map: (n: number) => {
      if (n === 7) throw new Error("boom");
      return n;
    },
  };
  scene.commit(
    env
      .fromSource(fromObservable(observable as never) as never, WatermarkStrategy.noWatermarks(), "o")
      .uid("o")
      .map(hanging as never)
      .uid("m"),
  );
  const seen = await scene.play(async () => {
    const job = scene.start(env);
    job.result().catch(() => undefined);
    await scene.pause(50);
    push(1);
    await scene.pause(50);
    push(7);
    await scene.pause(50);
    const before = { active, all, opens };
    await job.cancel();
    const ended = { active, all, status: job.status() };
    release();
    await scene.pause(100);
    return { before, ended, after: { active, all } };
  });
  expect(seen.after.active).toBe(0);
});
