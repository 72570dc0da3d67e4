/** A task that was given up in `open` must not begin anything when that call returns after all: its file sink would remove the files of the attempt that runs. */
import { expect, test } from "vitest";
import { fileSink, ndjson } from "../../../connectors/files/index.ts";
import { WatermarkStrategy } from "../../../core/index.ts";
import { MemoryFileSystem } from "../../../core/storage/memory-file-system.ts";
import { Scene } from "./scene.ts";
import { Gate } from "../../sim/gate.ts";
import { listSource } from "../../sim/pipelines/list-source.ts";
import { stuttering } from "../../sim/stuttering-source.ts";

test("a task that was given up harms no later attempt", async () => {
  const scene = new Scene();
  const files = new MemoryFileSystem({ defer: (turn) => scene.world.later(turn) });
  const env = scene.env({
    "jobmanager.execution.failover-strategy": "full",
    "execution.checkpointing.interval": 1_000_000,
    "execution.checkpointing.dir": "/checkpoints",
    "task.cancellation.timeout": 100,
  });
  const gate = scene.gate;
  gate.closeAt(50);
  const records = Array.from({ length: 100 }, (_, n) => ({ value: n, timestampMs: n }));
  const plain = stuttering(listSource("numbers", [records]), {
    gate,
    random: scene.world.random,
    burst: 3,
    faults: scene.faults,
  });
  const slowToClose = {
    ...plain,
    createReader: (ctx: never) => {
      const reader = plain.createReader(ctx);
      const close = reader.close?.bind(reader);
      reader.close = async () => {
        await scene.pause(50);
        await close?.();
      };
      return reader;
    },
    createEnumerator: (ctx: never, restored: never) => plain.createEnumerator(ctx, restored),
  };
  const numbers = env.fromSource(slowToClose as never, WatermarkStrategy.noWatermarks(), "numbers").uid("numbers");
  let opens = 0;
  let release = (): void => undefined;
  numbers.sinkTo(fileSink<never>({ path: "out", format: ndjson(), fileSystem: files })).uid("files");
  const hanging = {
    open: () => ((opens += 1) === 2 ? new Promise<void>((resolve) => (release = resolve)) : undefined),
    map: (n: number) => n,
  };
  scene.commit(numbers.map(hanging as never).uid("m"), "b");
  let others = 0;
  const other = {
    open: () => {
      if ((others += 1) <= 2) throw new Error("boom");
    },
    map: (n: number) => n,
  };
  scene.commit(
    scene
      .numbers(env, 3, { name: "other", gate: new Gate() })
      .map(other as never)
      .uid("o"),
    "c",
  );
  const end = await scene.play(async () => {
    const job = scene.start(env);
    const result = job.result().then(
      () => "finished",
      (e: Error) => e.message,
    );
    await gate.reached(50);
    await scene.pause(20);
    expect(opens).toBe(3);
    release();
    await scene.pause(200);
    gate.open();
    return `${await result} after ${job.metrics().find((m) => m.name === "numRestarts")?.value} restarts`;
  });
  expect(end).toBe("finished after 2 restarts");
  expect(scene.committed.length).toBe(103);
});
