/**
 * What a failure does not concern goes on: with failover by region, nothing starts again but the regions in which something failed; and all of them with the full one.
 *
 * Asked only of runs in which nothing happens to processes and connections, and no savepoint stops the job: those may concern any region.
 */
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import { PipelinedRegions } from "../../../core/graph/regions.ts";
import type { LiveChecker } from "./checker.ts";

/** Of the job as one leg, and one master, deploys it. */
interface Deployed {
  readonly fingerprint: string;
  readonly regions: PipelinedRegions;
  /** By region: the newest attempt. */
  readonly attempts: Map<number, number>;
  /** Regions in which something failed since they were deployed. */
  readonly struck: Set<number>;
}

export function failoverScope(): LiveChecker {
  let job: Deployed | undefined;
  const causes = new Set<Error>();
  let unconcerned: string | undefined;
  let leftOut: string | undefined;
  return {
    name: "failover scope",
    deployed(_offer, task, graph) {
      if (job === undefined || job.fingerprint !== graph.fingerprint) job = begin(graph);
      const { index } = job.regions.of(task);
      const before = job.attempts.get(index);
      if (before !== undefined && task.attempt < before) job = begin(graph);
      else if (before !== undefined && task.attempt > before && !job.struck.delete(index))
        unconcerned ??= `region ${index} began its attempt ${task.attempt}, though nothing had failed in it`;
      job.attempts.set(index, task.attempt);
    },
    taskFailed(task, cause) {
      causes.add(cause);
      job?.struck.add(job.regions.of(task).index);
    },
    jobFailed(cause) {
      if (causes.has(cause)) return;
      for (const { index } of job?.regions.all ?? []) job?.struck.add(index);
    },
    completed({ pointer }) {
      const attempts = new Set(job?.attempts.values());
      if (attempts.size > 1)
        leftOut ??= `in checkpoint ${pointer.checkpointId} regions are in the attempts ${[...attempts].join(" and ")}`;
    },
    check({ plan }) {
      const isConcerned = plan.disasters.length > 0 || plan.legs.some(({ stop }) => stop !== undefined);
      if (isConcerned) return undefined;
      return plan.failover === "full" ? leftOut : unconcerned;
    },
  };
}

function begin(graph: JobGraph): Deployed {
  return {
    fingerprint: graph.fingerprint,
    regions: new PipelinedRegions(graph),
    attempts: new Map(),
    struck: new Set(),
  };
}
