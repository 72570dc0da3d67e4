/** The load of each vertex, as `millrace run` shows it: shares over subtasks, the table, and who holds the others up. */
import { describe, expect, test } from "vitest";
import type { MetricSample } from "../../../../core/api/job-client.ts";
import { bottleneck, loadTable, slotLine, vertexLoads } from "../../../../core/cluster/cli/vertex-load.ts";

function of(task: string, subtask: number, values: Readonly<Record<string, number>>): MetricSample[] {
  return Object.entries(values).map(([name, value]) => ({ scope: { job: "j", task, subtask }, name, value }));
}

const METRICS: readonly MetricSample[] = [
  ...of("source", 0, { busyTimeMsPerSecond: 200, backPressuredTimeMsPerSecond: 800, numRecordsOutPerSecond: 10 }),
  ...of("source", 1, { busyTimeMsPerSecond: 400, backPressuredTimeMsPerSecond: 600, numRecordsOutPerSecond: 30 }),
  ...of("count", 0, {
    busyTimeMsPerSecond: 990,
    idleTimeMsPerSecond: 10,
    inputQueueLength: 7,
    checkpointAlignmentTime: 12,
  }),
  { scope: { job: "j", task: "count", subtask: 0, operator: "o" }, name: "busyTimeMsPerSecond", value: 1_000 },
];

describe("the load of vertices", () => {
  test("is the mean of shares and the sum of records over the subtasks of a vertex; operators do not count", () => {
    const [source, count] = vertexLoads(METRICS);
    expect(source).toMatchObject({
      vertex: "source",
      subtasks: 2,
      busy: 0.3,
      backPressured: 0.7,
      recordsOutPerSecond: 40,
    });
    expect(count).toMatchObject({ vertex: "count", subtasks: 1, busy: 0.99, queued: 7, alignmentMs: 12 });
  });

  test("is a table with a line per vertex, and none without vertices", () => {
    const [heading, source, count] = loadTable(vertexLoads(METRICS)).split("\n");
    expect(heading).toMatch(/^vertex +subtasks +busy +idle +backpressured +in\/s +out\/s +queued +alignment$/);
    expect(source).toMatch(/^source +2 +30 % +0 % +70 % +0 +40 +0 +0 ms$/);
    expect(count).toMatch(/^count +1 +99 % +1 % +0 % +0 +0 +7 +12 ms$/);
    expect(loadTable([])).toBe("");
  });

  test("names the busiest vertex, if it is busy at all", () => {
    expect(bottleneck(vertexLoads(METRICS))).toBe("count 99 % busy");
    expect(bottleneck(vertexLoads(of("a", 0, { busyTimeMsPerSecond: 100 })))).toBeUndefined();
    expect(bottleneck([])).toBeUndefined();
  });

  test("says of each slot how full and how late it is, and nothing without slots", () => {
    const slots: readonly MetricSample[] = ["a/0.1", "a/1.2"].flatMap((slot, index) => [
      { scope: { job: "j", slot }, name: "heapUsed", value: (index + 1) * 2 ** 24 },
      { scope: { job: "j", slot }, name: "eventLoopLag", value: index + 0.4 },
    ]);
    expect(slotLine([...METRICS, ...slots])).toBe(
      "slots: a/0.1 heap 16 MiB, 0 ms late; a/1.2 heap 32 MiB, 1 ms late\n",
    );
    expect(slotLine(METRICS)).toBe("");
  });
});
