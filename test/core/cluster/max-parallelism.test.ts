/** The maximum parallelism of a job that starts from a savepoint: that of the savepoint, unless somebody has set one. */
import { describe, expect, test } from "vitest";
import type { Collector, ConfigValues } from "../../../core/index.ts";
import type { LocalJob } from "../../../core/cluster/local-job.ts";
import { value } from "../../../core/index.ts";
import { rejection, Scene } from "./scene.ts";

interface Version {
  readonly parallelism: number;
  readonly config?: ConfigValues;
  readonly maxParallelism?: number;
}

/** Counts numbers by their remainder. */
function start(scene: Scene, { parallelism, config = {}, maxParallelism }: Version): LocalJob {
  const env = scene.env(config);
  const counts = scene
    .numbers(env, 140)
    .keyBy((n) => n % 7)
    .process({
      state: { count: value({ default: 0 }) },
      processElement(_n, ctx, out: Collector<number>) {
        ctx.state.count.update(ctx.state.count.value() + 1);
        out.collect(ctx.state.count.value());
      },
    })
    .uid("counts")
    .setParallelism(parallelism);
  if (maxParallelism !== undefined) counts.setMaxParallelism(maxParallelism);
  scene.commit(counts);
  return scene.start(env);
}

/** Stops the first version after some records and starts the second from there. */
async function restarted(scene: Scene, first: Version, second: Version): Promise<LocalJob> {
  const job = start(scene, first);
  scene.gate.closeAt(75);
  await scene.gate.reached(75);
  const path = await job.stopWithSavepoint({ directory: "/savepoints" });
  return start(scene, { ...second, config: { ...second.config, "execution.state-recovery.path": path } });
}

describe("a job that starts from a savepoint", () => {
  // 80 subtasks have 128 key groups, 90 would have 256.
  test("takes over a maximum parallelism that was derived, and hands it on", async () => {
    const scene = new Scene();
    await scene.play(async () => {
      const job = await restarted(scene, { parallelism: 80 }, { parallelism: 90 });
      const path = await job.stopWithSavepoint({ directory: "/savepoints" });
      expect(job.explain()).toContain("parallelism 90, max 128");
      const last = start(scene, { parallelism: 3, config: { "execution.state-recovery.path": path } });
      await last.result();
      expect(last.explain()).toContain("parallelism 3, max 128");
    });
    const once = Array.from({ length: 20 }, (_, n) => Array.from({ length: 7 }, () => n + 1)).flat();
    expect(scene.committed.map(Number).toSorted((left, right) => left - right)).toEqual(once);
  });

  test("takes over one that had been set", async () => {
    const scene = new Scene();
    await scene.play(async () => {
      await (await restarted(scene, { parallelism: 2, maxParallelism: 6 }, { parallelism: 3 })).result();
    });
    expect(scene.committed).toHaveLength(140);
  });

  test.each<[string, Omit<Version, "parallelism">]>([
    ["at the operator", { maxParallelism: 256 }],
    ["by the configuration", { config: { "pipeline.max-parallelism": 256 } }],
  ])("is refused if another one is set %s", async (_where, version) => {
    const scene = new Scene();
    await scene.play(async () => {
      const job = await restarted(scene, { parallelism: 2 }, { parallelism: 2, ...version });
      expect((await rejection(job.result())).message).toMatch(
        /^MR5008: "Keyed Process" \(uid "counts"\) was saved with a maximum parallelism of 128 and now has 256; set .* to 128$/,
      );
    });
  });

  test("is refused if it has more subtasks than there are key groups", async () => {
    const scene = new Scene();
    await scene.play(async () => {
      const job = await restarted(scene, { parallelism: 2, maxParallelism: 6 }, { parallelism: 7 });
      expect((await rejection(job.result())).message).toMatch(
        /^MR5008: .* maximum parallelism of 6 and cannot run with a parallelism of 7; lower its parallelism to 6 or less$/,
      );
    });
  });
});
