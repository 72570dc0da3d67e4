/** What a slot tells of itself: every second, with how it is at that moment; and nothing after its end. */
// covers: core/cluster/thread-health.ts
import { expect, test } from "vitest";
import { SlotMetrics } from "../../../core/cluster/slot-metrics.ts";
import { measureHealth } from "../../../core/cluster/threads/measure-health.ts";
import { MetricRegistry } from "../../../core/metrics/metric-registry.ts";
import type { MetricReading } from "../../../core/metrics/metric-registry.ts";
import { ManualClock } from "../../harness/manual-clock.ts";

test("readings are told every second, and at once if asked for", () => {
  const clock = new ManualClock();
  const registry = new MetricRegistry({ clock });
  const told: (readonly MetricReading[])[] = [];
  let looks = 0;
  const metrics = new SlotMetrics({
    clock,
    registry,
    jobName: "job",
    slot: "tm/0.1",
    health: () => ({ heapUsedBytes: (looks += 1), heapLimitBytes: 20, externalBytes: 30, eventLoopLagMs: 40 }),
    tell: (readings) => told.push(readings),
  });
  clock.advance(2_000);
  metrics.tell();
  const values = told.map((readings) => Object.fromEntries(readings.map(({ name, value }) => [name, value])));
  const rest = { heapMax: 20, externalUsed: 30, eventLoopLag: 40 };
  expect(values).toEqual([2, 3, 3].map((heapUsed) => ({ heapUsed, ...rest })));
  expect(told[0]?.[0]).toMatchObject({
    scope: { job: "job", slot: "tm/0.1" },
    identifier: "localhost.taskmanager.tm/0.1.job.heapUsed",
  });
  metrics.stop();
  clock.advance(60_000);
  expect(told).toHaveLength(3);
});

test("a thread is measured as it is", () => {
  const { heapUsedBytes, heapLimitBytes, externalBytes, eventLoopLagMs } = measureHealth()();
  expect(heapUsedBytes).toBeGreaterThan(1e6);
  expect(heapLimitBytes).toBeGreaterThan(heapUsedBytes);
  expect(externalBytes).toBeGreaterThan(0);
  expect(eventLoopLagMs).toBeGreaterThanOrEqual(0);
});
