/** The file sink in whole jobs: savepoints that outlive failures of their job, and files that somebody takes away. */
import { describe, expect, test } from "vitest";
import { fileSink, ndjson } from "../../../connectors/files/index.ts";
import type { FileSinkOptions } from "../../../connectors/files/index.ts";
import type { ConfigValues, JobClient } from "../../../core/index.ts";
import { MemoryFileSystem } from "../../../core/storage/memory-file-system.ts";
import { Scene, upTo } from "../../core/cluster/scene.ts";
import { Gate } from "../../sim/gate.ts";

const SAVEPOINTS = "/savepoints";
const PATH = "execution.state-recovery.path";

class Stage {
  readonly scene: Scene;
  readonly files: MemoryFileSystem;
  /** The next record fails the job, once. */
  fails = false;
  readonly #options: Partial<FileSinkOptions<number>>;

  constructor(seed: number, options: Partial<FileSinkOptions<number>> = {}) {
    this.scene = new Scene({ seed });
    this.files = new MemoryFileSystem({ defer: (turn) => this.scene.world.later(turn) });
    this.#options = options;
  }

  /** 300 numbers through two splits into files. */
  start(values: ConfigValues): JobClient {
    const { scene } = this;
    const env = scene.env(values);
    const numbers = scene.numbers(env, 300, { splits: 2 }).map((n) => this.failing(n));
    numbers.sinkTo(this.sink()).uid("files");
    return scene.start(env);
  }

  failing(n: number): number {
    if (!this.fails) return n;
    this.fails = false;
    throw new RangeError("boom");
  }

  /** A job with two subtasks that stands at its 100th record, and a savepoint of it. */
  async saved(): Promise<{ readonly job: JobClient; readonly savepoint: string }> {
    // Both subtasks go back, though each is a region of its own.
    const job = this.start({ "parallelism.default": 2, "jobmanager.execution.failover-strategy": "full" });
    this.scene.gate.closeAt(100);
    await this.scene.gate.reached(100);
    return { job, savepoint: await job.triggerSavepoint({ directory: SAVEPOINTS }) };
  }

  /** From the checkpoint, or from the beginning, to the 250th record over both attempts. */
  async failAndGoOn(): Promise<void> {
    const { gate } = this.scene;
    this.fails = true;
    gate.open();
    gate.closeAt(250);
    await gate.reached(250);
    await this.scene.pause(50);
  }

  sink(): ReturnType<typeof fileSink<number>> {
    return fileSink<number>({ path: "out", format: ndjson(), fileSystem: this.files, ...this.#options });
  }

  get rows(): number[] {
    const finished = [...this.files.files()].filter(([path]) => path.startsWith("out/part-"));
    const lines = finished.flatMap(([, bytes]) => new TextDecoder().decode(bytes).split("\n").slice(0, -1));
    return lines.map(Number).toSorted((left, right) => left - right);
  }

  get hidden(): string[] {
    return [...this.files.files().keys()].filter((path) => path.startsWith("out/."));
  }
}

describe("a savepoint outlives a failure of its job", () => {
  const cases = [1, 2, 3].flatMap((parallelism) =>
    (["before", "after"] as const).flatMap((failure) =>
      [false, true].map((emptyFirst) => ({ parallelism, failure, emptyFirst })),
    ),
  );

  test.each(cases)("$failure the next checkpoint; restored with $parallelism, emptyFirst $emptyFirst", async (one) => {
    const { parallelism, failure, emptyFirst } = one;
    const stage = new Stage(parallelism, { emptyFirst });
    await stage.scene.play(async () => {
      const { job, savepoint } = await stage.saved();
      if (failure === "after") await job.triggerCheckpoint();
      await stage.failAndGoOn();
      await job.cancel();
      expect(stage.fails).toBe(false);
      expect(stage.rows).toHaveLength(failure === "after" ? 100 : 0);
      expect(stage.hidden.filter((path) => !path.includes(".savepoint."))).toEqual([]);
      expect(stage.hidden.length > 0).toBe(failure === "before");
      await stage.start({ [PATH]: savepoint, "parallelism.default": parallelism }).result();
    });
    expect(stage.rows).toEqual(upTo(300));
    expect(stage.hidden).toEqual([]);
  });

  test("the job that went back does not publish what it contains, and whoever starts from it does", async () => {
    const stage = new Stage(1);
    await stage.scene.play(async () => {
      const { job, savepoint } = await stage.saved();
      await stage.failAndGoOn();
      await job.triggerCheckpoint();
      await stage.scene.pause(50);
      await job.cancel();
      const written = stage.rows;
      expect(written).toEqual([...new Set(written)]);
      expect(written.length).toBeGreaterThan(100);
      // Where the directory has been gone on with, what was written behind the savepoint's back is there twice.
      await stage.start({ [PATH]: savepoint }).result();
      expect(stage.rows).toEqual([...written, ...upTo(300)].toSorted((left, right) => left - right));
    });
  });
});

test("what somebody takes away after its task has finished is not missed by a later restart", async () => {
  const stage = new Stage(3);
  const { scene, files } = stage;
  const env = scene.env();
  scene.numbers(env, 10, { name: "short", gate: new Gate() }).sinkTo(stage.sink()).uid("short sink");
  scene.commit(scene.numbers(env, 300).map((n) => stage.failing(n)));
  scene.gate.closeAt(100);
  const taken: number[] = [];
  const result = await scene.play(async () => {
    const job = scene.start(env);
    await scene.gate.reached(100);
    for (const _ of upTo(3)) {
      await job.triggerCheckpoint().catch(() => undefined); // refused while a task is about to finish
      await scene.pause(50);
    }
    taken.push(...stage.rows);
    for (const path of files.files().keys()) files.delete(path);
    stage.fails = true;
    scene.gate.open();
    return job.result();
  });
  expect([taken, stage.rows, result.restarts]).toEqual([upTo(10), [], 1]);
  expect(scene.committed).toEqual(upTo(300));
});
