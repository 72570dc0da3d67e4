/** Split enumerators that fail where nobody asked them: nothing of them outlives the job, and no job waits for them without a word. */
import { describe, expect, test } from "vitest";
import type { Source, SourceSplit } from "../../../core/index.ts";
import { WatermarkStrategy } from "../../../core/index.ts";
import { rejection, Scene } from "./scene.ts";

interface Script {
  readonly create?: () => void;
  readonly snapshot?: () => unknown;
  /** Whether its readers come to an end. */
  readonly ends: boolean;
}

/** Readers that emit nothing; an enumerator that looks around every 10 ms, as one that watches a directory does. */
function scripted({ create, snapshot, ends }: Script): Source<number, SourceSplit, unknown> {
  return {
    boundedness: "bounded",
    createReader: () => ({
      pollNext: () => (ends ? "end-of-input" : "nothing-available"),
      addSplits: () => undefined,
      noMoreSplits: () => undefined,
      snapshot: () => [],
    }),
    createEnumerator: (ctx) => {
      create?.();
      const look = (): void => void ctx.schedule(10, look);
      return {
        start: look,
        handleSplitRequest: () => undefined,
        addSplitsBack: () => undefined,
        snapshot: () => snapshot?.() ?? [],
      };
    },
  };
}

const none = WatermarkStrategy.noWatermarks<number>();

describe("an enumerator that cannot be made", () => {
  test("fails the job, and no other goes on after its end", async () => {
    const scene = new Scene();
    const env = scene.env({ "restart-strategy.type": "none" });
    const create = (): never => {
      throw new Error("no access");
    };
    const broken = env.fromSource(scripted({ create, ends: false }), none, "broken").uid("broken");
    scene.commit(broken.union(env.fromSource(scripted({ ends: false }), none, "watching").uid("watching")));
    // `play` fails if something is still scheduled then.
    await scene.play(async () => {
      expect((await rejection(scene.start(env).result())).message).toContain("no access");
    });
  });
});

describe("an enumerator that cannot save its state", () => {
  const snapshot = (): never => {
    throw new Error("cannot save");
  };

  test("fails a bounded job, which would wait for its last checkpoint for ever", async () => {
    const scene = new Scene();
    const env = scene.env({ "restart-strategy.type": "none" });
    scene.commit(env.fromSource(scripted({ snapshot, ends: true }), none, "broken").uid("broken"));
    await scene.play(async () => {
      const error = await rejection(scene.start(env).result());
      expect(error).toMatchObject({ code: "MR5009", cause: { message: expect.stringContaining("cannot save") } });
    });
  });

  test("is spoken of while the job runs on without checkpoints", async () => {
    const scene = new Scene();
    const env = scene.env({ "execution.checkpointing.interval": 100 });
    scene.commit(env.fromSource(scripted({ snapshot, ends: false }), none, "broken").uid("broken"));
    await scene.play(async () => {
      const job = scene.start(env);
      await scene.pause(250);
      expect(job.status()).toBe("RUNNING");
      await job.cancel();
    });
    expect(scene.world.warnings.filter((line) => line.includes("cannot save"))).toHaveLength(2);
  });
});
