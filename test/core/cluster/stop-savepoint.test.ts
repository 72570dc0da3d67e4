/**
 * Goal:   a savepoint that stops the job is in the store: if the job fails before it has ended, it starts again from there, only to commit, and nothing is
 *         written twice, or beyond the savepoint. Its files are the user's: restarts and the end of the job leave them alone.
 * Method: a short source that has finished, and a long one that could go on; commits behind the savepoint fail; another job starts from the savepoint and
 *         writes the rest. A failure names its seed.
 */
// covers: core/checkpoint/store.ts
import { describe, expect, test } from "vitest";
import { value } from "../../../core/index.ts";
import type { Collector, DataStream } from "../../../core/index.ts";
import type { LocalJob } from "../../../core/cluster/local-job.ts";
import { Gate } from "../../sim/gate.ts";
import { rejection, Scene, upTo } from "./scene.ts";

const SAVEPOINTS = "/savepoints";
const SHORT = upTo(20);
const LONG = upTo(100).map((n) => n + 1_000);

/** A number per key in keyed state, so that every snapshot has files. */
function kept(numbers: DataStream<number>, uid: string): DataStream<number> {
  return numbers
    .keyBy((n) => n % 5)
    .process({
      state: { last: value<number>() },
      processElement(n, ctx, out: Collector<number>) {
        ctx.state.last.update(n);
        out.collect(n);
      },
    })
    .uid(uid);
}

function build(scene: Scene, long: Gate, values: Record<string, string | number>): LocalJob {
  const env = scene.env({ "execution.checkpointing.dir": "/checkpoints", ...values });
  scene.commit(kept(scene.numbers(env, 20, { name: "short", gate: new Gate() }), "kept short"), "short out");
  const others = scene.numbers(env, 100, { name: "long", gate: long }).map((n) => n + 1_000);
  scene.commit(kept(others, "kept long"), "long out");
  return scene.start(env);
}

function sorted(values: readonly unknown[]): number[] {
  return (values as readonly number[]).toSorted((left, right) => left - right);
}

/** The next commits fail, `times` of them, or until the answer is called. From the first on records may flow, if there is somebody to read them. */
function failCommits(scene: Scene, gate: Gate, options: { readonly site: string; readonly times: number }): () => void {
  let left = options.times;
  const strike = scene.faults.strike.bind(scene.faults);
  scene.faults.strike = (site) => {
    if (site !== options.site || left === 0) return strike(site);
    left -= 1;
    gate.open();
    return true;
  };
  return () => {
    left = 0;
  };
}

/** Refused while a task is just finishing: asks until it succeeds. */
async function checkpoint(scene: Scene, job: LocalJob): Promise<void> {
  for (let taken = false; !taken;) {
    taken = await job.triggerCheckpoint().then(
      () => true,
      () => false,
    );
    if (!taken) await scene.pause(3);
  }
}

/** Up to 60 records of the long source. `short`: it has finished before the last of them. */
async function until60(scene: Scene, parts: { job: LocalJob; gate: Gate; short: boolean }): Promise<void> {
  const { job, gate, short } = parts;
  await gate.reached(40);
  if (short) await checkpoint(scene, job);
  await scene.pause(50);
  gate.open();
  gate.closeAt(60);
  await gate.reached(60);
}

describe("the job fails behind the savepoint that stops it", () => {
  const CASES = ([false, true] as const).flatMap((drain) =>
    (["commit-before", "commit-after"] as const).flatMap((site) =>
      upTo(8).map((seed) => ({ drain, site, seed, times: 1 + (seed % 3) })),
    ),
  );

  test.each(CASES)("drain $drain, $site $times times, seed $seed", async ({ drain, site, seed, times }) => {
    const scene = new Scene({ seed });
    const gate = new Gate();
    gate.closeAt(40);
    const values = { "parallelism.default": 1 + (seed % 2) };
    await scene.play(async () => {
      const job = build(scene, gate, values);
      await until60(scene, { job, gate, short: seed > 1 });
      failCommits(scene, gate, { site, times });
      const path = await job.stopWithSavepoint({ directory: SAVEPOINTS, drain });
      expect((await job.result()).restarts).toBeGreaterThan(0);
      expect(sorted(scene.committed)).toEqual([...SHORT, ...LONG.slice(0, 60)]);
      expect(await scene.world.list("/checkpoints")).toEqual([]);
      const files = await scene.world.list(SAVEPOINTS);
      // Whole, too: another job starts from it, and goes on where it ends.
      await build(scene, new Gate(), { ...values, "execution.state-recovery.path": path }).result();
      expect(await scene.world.list(SAVEPOINTS)).toEqual(files);
    });
    expect(scene.outside.violations).toEqual([]);
    expect(sorted(scene.committed)).toEqual([...SHORT, ...LONG]);
  });

  test.each(upTo(4))("and has no restart left: whoever starts from the savepoint commits it, seed %i", async (seed) => {
    const scene = new Scene({ seed });
    const gate = new Gate();
    gate.closeAt(40);
    await scene.play(async () => {
      const job = build(scene, gate, { "restart-strategy.fixed-delay.attempts": 1 });
      await until60(scene, { job, gate, short: seed % 2 === 0 });
      const mend = failCommits(scene, gate, { site: "commit-before", times: Infinity });
      const stopped = rejection(job.stopWithSavepoint({ directory: SAVEPOINTS }));
      const failure = await rejection(job.result());
      expect(await stopped).toBe(failure);
      mend();
      const [metadata = ""] = (await scene.world.list(SAVEPOINTS)).filter((file) => file.endsWith("_metadata"));
      const path = metadata.replace(/\/_metadata$/, "");
      await build(scene, new Gate(), { "execution.state-recovery.path": path }).result();
    });
    expect(scene.outside.violations).toEqual([]);
    expect(sorted(scene.committed)).toEqual([...SHORT, ...LONG]);
  });

  test.each(upTo(4))("with checkpoints all the time: none is taken behind it, seed %i", async (seed) => {
    const scene = new Scene({ seed });
    const gate = new Gate();
    gate.closeAt(40);
    await scene.play(async () => {
      const job = build(scene, gate, { "execution.checkpointing.interval": 2 });
      await gate.reached(40);
      // A commit of a checkpoint before it may be the one that fails: then the savepoint does not come about, and is asked for again.
      failCommits(scene, new Gate(), { site: "commit-before", times: 5 });
      let path: string | undefined;
      while (path === undefined)
        path = await job.stopWithSavepoint({ directory: SAVEPOINTS }).catch((error: Error) => {
          expect(error.message).toMatch(/^MR50(?:09|12)/);
          return undefined;
        });
      expect(await scene.world.list("/checkpoints")).toEqual([]);
      await build(scene, new Gate(), { "execution.state-recovery.path": path }).result();
    });
    expect(scene.outside.violations).toEqual([]);
    expect(sorted(scene.committed)).toEqual([...SHORT, ...LONG]);
  });
});

test("a job that stops as it should leaves the savepoint, and none of its checkpoints", async () => {
  const scene = new Scene({ seed: 4 });
  const gate = new Gate();
  gate.closeAt(40);
  await scene.play(async () => {
    const job = build(scene, gate, { "execution.checkpointing.interval": 5 });
    await gate.reached(40);
    const path = await job.stopWithSavepoint({ directory: SAVEPOINTS });
    expect(await scene.world.list("/checkpoints")).toEqual([]);
    await build(scene, new Gate(), { "execution.state-recovery.path": path }).result();
  });
  expect(sorted(scene.committed)).toEqual([...SHORT, ...LONG]);
});
