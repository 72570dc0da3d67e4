/** How many records the sources of a job have read in its current attempt, from its metrics. */
import type { MetricSample } from "../api/job-client.ts";

/** A source is an operator without an input, and so without a watermark of one. */
export function sourceRecords(metrics: readonly MetricSample[]): number {
  const fed = new Set(metrics.filter(({ name }) => name === "currentInputWatermark").map(placeOf));
  return metrics
    .filter(
      (metric) => metric.name === "numRecordsIn" && metric.scope.operator !== undefined && !fed.has(placeOf(metric)),
    )
    .reduce((sum, { value }) => sum + Number(value), 0);
}

function placeOf({ scope: { task, subtask, operator } }: MetricSample): string {
  return JSON.stringify([task, subtask, operator]);
}
