/** At the end of a job: closes what readers of its sources kept from attempt to attempt. */
import type { JobGraph } from "../graph/job-graph-types.ts";
import type { KeptForJob } from "../operators/kept-for-job.ts";

export function closeKept({ vertices }: JobGraph): void {
  const operators = vertices.flatMap((vertex) => vertex.operators);
  for (const { spec } of operators) (spec.parameters["kept"] as KeptForJob | undefined)?.close(); // put there by `fromSource`
}
