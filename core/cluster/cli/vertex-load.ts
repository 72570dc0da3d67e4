/**
 * Where the time of a running job goes, per vertex: a table for logs and for the end, and the vertex that holds the others up for the line on a terminal.
 *
 * In:  the metrics of the job's client. Out: text. Shares are of the last minute, means over the subtasks of a vertex.
 */
import type { MetricSample } from "../../api/job-client.ts";

export interface VertexLoad {
  readonly vertex: string;
  readonly subtasks: number;
  /** Of the time, 0 to 1. */
  readonly busy: number;
  readonly idle: number;
  readonly backPressured: number;
  readonly recordsInPerSecond: number;
  readonly recordsOutPerSecond: number;
  /** Records that wait. */
  readonly queued: number;
  /** Of the last checkpoint, the longest. */
  readonly alignmentMs: number;
}

const MS_PER_SECOND = 1_000;
const BYTES_PER_MB = 2 ** 20;
const HEADINGS = ["vertex", "subtasks", "busy", "idle", "backpressured", "in/s", "out/s", "queued", "alignment"];
/** Less is nothing worth a word. */
const BUSY_MIN = 0.5;

/** In the order in which their tasks registered. */
export function vertexLoads(metrics: readonly MetricSample[]): readonly VertexLoad[] {
  const byVertex = new Map<string, MetricSample[]>();
  for (const metric of metrics) {
    const { task, operator, groups } = metric.scope;
    if (task === undefined || operator !== undefined || groups !== undefined) continue;
    byVertex.set(task, [...(byVertex.get(task) ?? []), metric]);
  }
  return [...byVertex].map(([vertex, samples]) => loadOf(vertex, samples));
}

/** One line per vertex under a heading; nothing without vertices. */
export function loadTable(loads: readonly VertexLoad[]): string {
  if (loads.length === 0) return "";
  const rows = loads.map((load) => [
    load.vertex,
    `${load.subtasks}`,
    percent(load.busy),
    percent(load.idle),
    percent(load.backPressured),
    `${Math.round(load.recordsInPerSecond)}`,
    `${Math.round(load.recordsOutPerSecond)}`,
    `${load.queued}`,
    `${Math.round(load.alignmentMs)} ms`,
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ");
  return `${[HEADINGS, ...rows].map((row) => line(row).trimEnd()).join("\n")}\n`;
}

/** One line about the slots that are threads: how full their heaps are, and how late their event loops; nothing without any. */
export function slotLine(metrics: readonly MetricSample[]): string {
  const bySlot = new Map<string, Map<string, number>>();
  for (const { scope, name, value } of metrics) {
    if (scope.slot === undefined) continue;
    const known = bySlot.get(scope.slot) ?? new Map<string, number>();
    bySlot.set(scope.slot, known.set(name, Number(value)));
  }
  const slots = [...bySlot].map(([slot, values]) => {
    const heapMb = Math.round((values.get("heapUsed") ?? 0) / BYTES_PER_MB);
    return `${slot} heap ${heapMb} MiB, ${Math.round(values.get("eventLoopLag") ?? 0)} ms late`;
  });
  return slots.length === 0 ? "" : `slots: ${slots.join("; ")}\n`;
}

/** The busiest vertex, if it is busy most of the time: what stands before it is backpressured, what follows idle. */
export function bottleneck(loads: readonly VertexLoad[]): string | undefined {
  const [busiest] = loads.toSorted((left, right) => right.busy - left.busy);
  return busiest === undefined || busiest.busy < BUSY_MIN
    ? undefined
    : `${busiest.vertex} ${percent(busiest.busy)} busy`;
}

function loadOf(vertex: string, samples: readonly MetricSample[]): VertexLoad {
  const values = (name: string): readonly number[] =>
    samples.filter((sample) => sample.name === name).map(({ value }) => Number(value));
  const subtasks = new Set(samples.map(({ scope }) => scope.subtask)).size;
  const share = (name: string): number => sum(values(name)) / MS_PER_SECOND / subtasks;
  return {
    vertex,
    subtasks,
    busy: share("busyTimeMsPerSecond"),
    idle: share("idleTimeMsPerSecond"),
    backPressured: share("backPressuredTimeMsPerSecond"),
    recordsInPerSecond: sum(values("numRecordsInPerSecond")),
    recordsOutPerSecond: sum(values("numRecordsOutPerSecond")),
    queued: sum(values("inputQueueLength")),
    alignmentMs: Math.max(0, ...values("checkpointAlignmentTime")),
  };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
