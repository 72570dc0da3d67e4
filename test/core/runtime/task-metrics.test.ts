/** Where the time of a task goes: busy within its steps, and between them what the last step said. */
import { expect, test } from "vitest";
import { MetricRegistry } from "../../../core/metrics/metric-registry.ts";
import { TaskMetrics } from "../../../core/runtime/task-metrics.ts";
import { ManualClock } from "../../harness/manual-clock.ts";

test("time is busy, idle or back-pressured, and what channels hold is told", () => {
  const clock = new ManualClock();
  const registry = new MetricRegistry({ clock });
  const lease = registry.open({ job: "job", task: "task", subtask: 0 });
  const usage = { waiting: 3, overdrawn: 1 };
  const metrics = new TaskMetrics(lease.metrics, clock, {
    inputs: [],
    outputs: new Map(),
    connect: () => undefined,
    usage: () => usage,
  });
  const values = (): Record<string, unknown> =>
    Object.fromEntries(registry.snapshot().map(({ name, value }) => [name, value]));
  const step = (startMs: number, endMs: number, result: "again" | "waiting" | "blocked"): void => {
    metrics.stepStarts(startMs);
    metrics.stepSaid(result);
    metrics.stepEnded(endMs);
  };
  step(10, 12, "waiting"); // idle before its first step
  step(20, 21, "blocked");
  expect(values()["isBackPressured"]).toBe(1);
  step(25, 26, "again");
  step(27, 30, "waiting");
  expect(values()).toMatchObject({
    accumulateBusyTimeMs: 2 + 1 + 1 + 1 + 3,
    accumulateIdleTimeMs: 10 + 8,
    accumulateBackPressuredTimeMs: 4,
    isBackPressured: 0,
    inputQueueLength: 3,
    numRecordsOverdrawn: 1,
  });
});
