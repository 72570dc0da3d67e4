/** Registration, Flink's identifiers, snapshots, and that a lease takes away its own metrics only. */
// covers: core/metrics/metric-entries.ts
import { describe, expect, test } from "vitest";
import { MetricRegistry } from "../../../core/metrics/metric-registry.ts";
import type { MetricReading } from "../../../core/metrics/metric-registry.ts";
import type { MetricValue } from "../../../core/metrics/registry.ts";

const clock = { elapsedMs: () => 0 };
const task = { job: "flights", task: "map -> filter", subtask: 2 };

function values(registry: MetricRegistry): Record<string, MetricValue> {
  return Object.fromEntries(registry.snapshot().map(({ identifier, value }) => [identifier, value]));
}

describe("MetricRegistry", () => {
  test("gives metrics Flink's identifiers", () => {
    const registry = new MetricRegistry({ clock, host: "box", taskManagerId: "tm1" });
    const lease = registry.open(task);
    lease.metrics.counter("numFiredTimers").count = 3;
    lease.operator("filter").gauge("currentInputWatermark", () => -1);
    lease.operator("filter").group("airports").group("SEA").counter("seen").count = 4;
    registry.open({ job: "flights" }).metrics.gauge("numRestarts", () => 0);
    expect(values(registry)).toEqual({
      "box.taskmanager.tm1.flights.map -> filter.2.numFiredTimers": 3,
      "box.taskmanager.tm1.flights.filter.2.currentInputWatermark": -1,
      "box.taskmanager.tm1.flights.filter.2.airports.SEA.seen": 4,
      "box.jobmanager.flights.numRestarts": 0,
    });
  });

  test("reads what hot code has written since, with its scope", () => {
    const registry = new MetricRegistry({ clock });
    const counter = registry.open(task).metrics.counter("seen");
    counter.count += 2;
    expect(registry.snapshot()).toEqual([
      { scope: task, name: "seen", value: 2, identifier: "localhost.taskmanager.local.flights.map -> filter.2.seen" },
    ]);
  });

  test("adds a rate to the counters of records and bytes", () => {
    let nowMs = 0;
    const registry = new MetricRegistry({ clock: { elapsedMs: () => nowMs } });
    const { metrics } = registry.open(task);
    metrics.counter("numRecordsIn").count = 500;
    metrics.counter("numLateRecordsDropped");
    nowMs = 2_000;
    expect(registry.snapshot().map(({ name, value }) => [name, value])).toEqual([
      ["numRecordsIn", 500],
      ["numRecordsInPerSecond", 250],
      ["numLateRecordsDropped", 0],
    ]);
  });

  test("shows a meter as growth per second, of a total that is sampled meanwhile", () => {
    let nowMs = 0;
    let total = 0;
    const registry = new MetricRegistry({ clock: { elapsedMs: () => nowMs } });
    const lease = registry.open(task);
    lease.metrics.meter("sparks", () => total);
    for (let second = 1; second <= 600; second += 1) {
      nowMs = second * 1_000;
      total += second <= 540 ? 1 : 7;
      lease.sample(nowMs);
    }
    expect(registry.snapshot().map(({ name, value }) => [name, value])).toEqual([["sparks", 7]]);
  });

  test("keeps apart operators that have the same name, and tells their values", () => {
    const registry = new MetricRegistry({ clock });
    const lease = registry.open(task);
    lease.operator("Map", "1").counter("numRecordsIn").count = 1;
    lease.operator("Map", "2").counter("numRecordsIn").count = 2;
    lease
      .operator("Map", "2")
      .group("g")
      .gauge("depth", () => 9);
    expect(lease.operator("Map", "1").read("numRecordsIn")).toBe(1);
    expect(lease.operator("Map", "2").read("numRecordsIn")).toBe(2);
    expect(lease.operator("Map", "2").read("numRecordsInPerSecond")).toBe(0);
    expect(lease.operator("Map", "2").read("depth")).toBeUndefined();
    expect(registry.snapshot().filter(({ name }) => name === "numRecordsIn")).toHaveLength(2);
  });

  test("shows a histogram as Flink's REST API does", () => {
    const registry = new MetricRegistry({ clock });
    const histogram = registry.open(task).metrics.histogram("latency");
    for (let value = 1; value <= 100; value += 1) histogram.update(value);
    const shown = new Map(registry.snapshot().map(({ name, value }) => [name, Number(value)]));
    expect([...shown.keys()]).toEqual(
      ["count", "min", "max", "mean", "median", "p75", "p95", "p99", "p999"].map((part) => `latency_${part}`),
    );
    expect(shown.get("latency_count")).toBe(100);
    expect(shown.get("latency_max")).toBe(100);
    expect(Math.abs((shown.get("latency_median") ?? 0) - 50)).toBeLessThan(2);
  });

  test("gives the same counter and histogram to whoever asks again, and takes the newer gauge", () => {
    const registry = new MetricRegistry({ clock });
    const { metrics } = registry.open(task);
    expect(metrics.counter("a")).toBe(metrics.counter("a"));
    expect(metrics.histogram("h")).toBe(metrics.histogram("h"));
    expect(metrics.group("g").counter("a")).not.toBe(metrics.counter("a"));
    metrics.gauge("b", () => 1);
    metrics.gauge("b", () => 2);
    expect(registry.snapshot().find(({ name }) => name === "b")?.value).toBe(2);
  });

  test("refuses one name for two kinds", () => {
    const { metrics } = new MetricRegistry({ clock }).open(task);
    metrics.counter("a");
    expect(() => metrics.gauge("a", () => 1)).toThrow(
      'MR3090: "a" is already a counter in this group: give the gauge another name',
    );
  });

  test("shows the error of a gauge or a meter that throws, and throws nothing itself", () => {
    let isConnected = true;
    const total = (): number => {
      if (isConnected) return 0;
      throw new Error("no connection");
    };
    const registry = new MetricRegistry({ clock });
    const lease = registry.open(task);
    lease.metrics.gauge("broken", total);
    lease.metrics.meter("brokenPerSecond", total);
    isConnected = false;
    lease.sample(10_000);
    expect(registry.snapshot()[0]?.value).toBe("error: no connection");
    expect(lease.metrics.counter("seen").count).toBe(0);
  });

  test("forgets an attempt that ended, and keeps the next one in the same scope", () => {
    const registry = new MetricRegistry({ clock });
    const first = registry.open(task);
    first.metrics.counter("seen").count = 1;
    first.operator("map").counter("seen").count = 1;
    const second = registry.open(task);
    second.metrics.counter("seen").count = 9;
    first.close();
    first.close();
    expect(registry.snapshot().map(({ value }) => value)).toEqual([9]);
  });

  test("shows what other threads said last, until that is past", () => {
    const registry = new MetricRegistry({ clock });
    const reading = (value: number, subtask: number): MetricReading => {
      return { scope: { ...task, subtask }, name: "seen", value, identifier: `${subtask}.seen` };
    };
    const values = (): unknown[] => registry.snapshot().map(({ value }) => value);
    registry.open(task).metrics.counter("seen").count = 1;
    registry.mirror("a", [reading(2, 0), reading(3, 1)]);
    registry.mirror("b", [reading(4, 1)]);
    registry.mirror("a", [reading(5, 0), reading(6, 1)]);
    expect(values()).toEqual([1, 5, 6, 4]);
    registry.forgetMirrored(({ scope }) => scope.subtask === 1);
    expect(values()).toEqual([1, 5]);
    registry.mirror("b", [reading(7, 1)]);
    expect(values()).toEqual([1, 5, 7]);
  });
});
