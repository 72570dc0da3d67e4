/** How many records the sources of a job have read in their present attempts, from its metrics. */
import type { MetricSample } from "../api/job-client.ts";
import type { JobGraph, Subtask } from "../graph/job-graph-types.ts";

/** A source is an operator without an input, and so without a watermark of one. */
export function sourceRecords(metrics: readonly MetricSample[]): number {
  const fed = new Set(metrics.filter(({ name }) => name === "currentInputWatermark").map(placeOf));
  return metrics
    .filter(
      (metric) => metric.name === "numRecordsIn" && metric.scope.operator !== undefined && !fed.has(placeOf(metric)),
    )
    .reduce((sum, { value }) => sum + Number(value), 0);
}

/** Whether a metric is one of these subtasks, or of an operator in them. Vertices of one name are not told apart. */
export function ofSubtasks({ vertices }: JobGraph, subtasks: readonly Subtask[]): (metric: MetricSample) => boolean {
  const places = new Set(subtasks.map(({ vertex, subtask }) => `${subtask} of ${vertices[vertex]?.name}`));
  return ({ scope: { task, subtask } }) => places.has(`${subtask} of ${task}`);
}

function placeOf({ scope: { task, subtask, operator } }: MetricSample): string {
  return JSON.stringify([task, subtask, operator]);
}
