/** Whole jobs with aligned sources: a fast one waits for a slow one, and for nobody who has ended, is idle, or has failed and is not yet back. */
// covers: core/operators/source-alignment.ts
import { describe, expect, test } from "vitest";
import type { ConfigValues } from "../../../core/index.ts";
import { WatermarkStrategy } from "../../../core/index.ts";
import type { LocalJob } from "../../../core/cluster/local-job.ts";
import { Gate } from "../../sim/gate.ts";
import { Scene, throwingAt, upTo } from "./scene.ts";

const FAST = 400;
const SLOW = 100;
/** Where the slow source stops until its gate is opened. */
const STOP = 20;
const DRIFT_MS = 30;
/** How far the fast one may be then: what the slow one has promised, the drift, and two ticks of a few polls of 3 records each. */
const BOUND = STOP + DRIFT_MS + 30;

const ALIGNED = WatermarkStrategy.forMonotonousTimestamps<number>().withWatermarkAlignment("all", DRIFT_MS, 5);

interface Cast {
  readonly scene: Scene;
  /** Of the slow source. */
  readonly gate: Gate;
  readonly job: LocalJob;
  /** Different records of the fast source so far. */
  read(): number;
  start(): void;
}

interface Given {
  /** Of the job before. */
  readonly scene?: Scene;
  readonly values?: ConfigValues;
  readonly fast?: WatermarkStrategy<number>;
  readonly slow?: WatermarkStrategy<number>;
  readonly inSlow?: (n: number) => number;
  /** Records that the slow source reads before its gate is opened. */
  readonly stop?: number;
}

/** Both sources number from 0, so that event time is the same in both; each is a region of its own. */
function cast({
  scene = new Scene(),
  values,
  fast = ALIGNED,
  slow = ALIGNED,
  inSlow = (n) => n,
  stop = STOP,
}: Given): Cast {
  const env = scene.env({ "execution.checkpointing.interval": 10, ...values });
  const gate = new Gate();
  gate.closeAt(stop);
  const seen = new Set<number>();
  const numbers = scene.numbers(env, FAST, { name: "fast", gate: new Gate(), strategy: fast, splits: 3 }).map((n) => {
    seen.add(n);
    return `fast ${n}`;
  });
  scene.commit(numbers, "fast-out");
  const others = scene.numbers(env, SLOW, { name: "slow", gate, strategy: slow }).map((n) => `slow ${inSlow(n)}`);
  scene.commit(others, "slow-out");
  const started: LocalJob[] = [];
  return {
    scene,
    gate,
    get job() {
      const [job] = started;
      if (job === undefined) throw new Error("it is not started");
      return job;
    },
    read: () => seen.size,
    start: () => void started.push(scene.start(env)),
  };
}

/** Runs both for a second of virtual time, with the gate closed; then, after a look at them, to their end. */
async function play(one: Cast, look: () => void): Promise<void> {
  await one.scene.play(async () => {
    one.start();
    await one.scene.pause(1_000);
    look();
    one.gate.open();
    await one.job.result();
  });
  expect(one.scene.committed.map(String).toSorted()).toEqual(ALL);
  expect(one.scene.outside.violations).toEqual([]);
}

const ALL = [...upTo(FAST).map((n) => `fast ${n}`), ...upTo(SLOW).map((n) => `slow ${n}`)].toSorted();

describe("a fast source", () => {
  test("waits for a slow one, and for nobody once that has ended", async () => {
    const one = cast({});
    await play(one, () => {
      expect(one.read()).toBeGreaterThan(STOP);
      expect(one.read()).toBeLessThan(BOUND);
    });
  });

  test("waits for none that is idle", async () => {
    const one = cast({ slow: ALIGNED.withIdleness(50) });
    await play(one, () => expect(one.read()).toBe(FAST));
  });

  test("waits for none that has failed, until it is back", async () => {
    const values = { "restart-strategy.fixed-delay.delay": 5_000 };
    const one = cast({ values, inSlow: throwingAt([STOP - 5], 1) });
    await play(one, () => expect(one.read()).toBeGreaterThan(BOUND));
  });

  test("waits for none of another group, or of none", async () => {
    const one = cast({ slow: ALIGNED.withWatermarkAlignment("other", DRIFT_MS) });
    await play(one, () => expect(one.read()).toBe(FAST));
    const other = cast({ slow: WatermarkStrategy.forMonotonousTimestamps<number>() });
    await play(other, () => expect(other.read()).toBe(FAST));
  });

  test("that is restored waits from where both were", async () => {
    const first = cast({});
    const { scene } = first;
    const path = await scene.play(async () => {
      first.start();
      await scene.pause(300);
      return first.job.stopWithSavepoint({ directory: "/savepoints" });
    });
    expect(first.read()).toBeLessThan(BOUND);
    const next = cast({ scene, values: { "execution.state-recovery.path": path }, stop: 1 });
    await play(next, () => expect(first.read() + next.read()).toBeLessThan(BOUND + 10));
  });
});
