/** Where the time of a task goes: busy within its steps, and between them what the last step said; and what its channels hold and took. */
import { describe, expect, test } from "vitest";
import { MetricRegistry } from "../../../core/metrics/metric-registry.ts";
import type { MetricValue } from "../../../core/metrics/registry.ts";
import { SpillSpace } from "../../../core/network/spill-space.ts";
import type { TaskChannels } from "../../../core/runtime/deployment.ts";
import { TaskMetrics } from "../../../core/runtime/task-metrics.ts";
import type { StepResult } from "../../../core/runtime/task-metrics.ts";
import { MemoryScratch } from "../../../core/storage/memory-scratch.ts";
import { ManualClock } from "../../harness/manual-clock.ts";

class Scene {
  readonly clock: ManualClock = new ManualClock();
  readonly sent: number[] = [0, 0];
  readonly metrics: TaskMetrics;
  readonly #registry = new MetricRegistry({ clock: this.clock });

  /** Of its loop, if it has one. */
  readonly space: SpillSpace = new SpillSpace({
    scratch: new MemoryScratch(),
    memoryBytesMax: 1_000,
    diskBytesMax: 10_000,
  });

  constructor({ isLoop = false }: { readonly isLoop?: boolean } = {}) {
    const loopInput = { isFeedback: true } as TaskChannels["inputs"][number]; // the metrics look at nothing else
    this.metrics = new TaskMetrics(this.#registry.open({ job: "job", task: "task", subtask: 0 }), this.clock, {
      inputs: isLoop ? [loopInput] : [],
      loopSpace: this.space,
      putOffSpace: this.space,
      outputs: new Map(this.sent.map((_, edge) => [edge, []])),
      usage: () => ({ waiting: 3, overdrawn: 1, inFullness: 0.5, outFullness: 0, plainFrames: 4 }),
      recordsSent: (edge) => this.sent[edge] ?? 0,
    });
  }

  /** Waits, then works, then says what it waits for next. */
  step(waitMs: number, workMs: number, result: StepResult): void {
    this.clock.advance(waitMs);
    this.metrics.stepStarts(this.clock.elapsedMs());
    this.metrics.stepSaid(result);
    this.clock.advance(workMs);
    this.metrics.stepEnded(this.clock.elapsedMs());
  }

  get values(): Record<string, MetricValue> {
    return Object.fromEntries(this.#registry.snapshot().map(({ name, value }) => [name, value]));
  }
}

describe("the metrics of a task", () => {
  test("time is busy, idle or back-pressured, and what channels hold is told", () => {
    const scene = new Scene();
    scene.step(10, 2, "waiting"); // idle before its first step
    scene.step(8, 1, "blocked");
    expect(scene.values["isBackPressured"]).toBe(1);
    scene.step(4, 1, "again");
    scene.step(1, 3, "waiting");
    expect(scene.values).toMatchObject({
      accumulateBusyTimeMs: 2 + 1 + 1 + 1 + 3,
      accumulateIdleTimeMs: 10 + 8,
      accumulateBackPressuredTimeMs: 4,
      isBackPressured: 0,
      inputQueueLength: 3,
      numRecordsOverdrawn: 1,
      numPlainFramesOut: 4,
    });
  });

  test("a loop says what waits in it, where memory ends and the disk begins", () => {
    const scene = new Scene({ isLoop: true });
    scene.space.store(new Uint8Array(500), 1, false);
    scene.space.store(new Uint8Array(300), 1, false);
    // The same space stands for both here.
    expect(scene.values).toMatchObject({ loopBytesInMemory: 756, loopBytesOnDisk: 2 * 300 });
    expect(Object.keys(new Scene().values)).not.toContain("loopBytesInMemory");
  });

  test("waiting counts while it goes on, until the task is over", () => {
    const scene = new Scene();
    scene.step(0, 5, "blocked");
    scene.clock.advance(30_000);
    expect(scene.values).toMatchObject({ accumulateBackPressuredTimeMs: 30_000, accumulateBusyTimeMs: 5 });
    scene.step(0, 0, "waiting");
    scene.metrics.ended();
    scene.clock.advance(30_000);
    expect(scene.values).toMatchObject({ accumulateBackPressuredTimeMs: 30_000, accumulateIdleTimeMs: 0 });
  });

  test("rates are those of the last minute, though nobody read before, and each ms is spent on one thing", () => {
    const scene = new Scene();
    for (let second = 0; second < 600; second += 1) scene.step(900, 100, "waiting");
    for (let second = 0; second < 60; second += 1) {
      scene.metrics.recordsIn.count += 5;
      scene.sent[0] = (scene.sent[0] ?? 0) + 2;
      scene.sent[1] = (scene.sent[1] ?? 0) + 1;
      scene.step(250, 750, "blocked");
    }
    const { values } = scene;
    expect(values["numRecordsOut"]).toBe(180);
    expect(values["numRecordsInPerSecond"]).toBeCloseTo(5);
    expect(values["numRecordsOutPerSecond"]).toBeCloseTo(3);
    const spent = ["busy", "idle", "backPressured"].map((kind) => Number(values[`${kind}TimeMsPerSecond`]));
    expect(spent[0]).toBeCloseTo(750);
    expect(spent[2]).toBeGreaterThan(240); // the first wait was idle
    expect(spent.reduce((sum, ms) => sum + ms)).toBeCloseTo(1_000);
  });
});
