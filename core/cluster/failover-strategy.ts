/**
 * What starts again after tasks have failed (`jobmanager.execution.failover-strategy`): the pipelined regions that they are in, or the full job.
 *
 * In:  subtasks that failed, or whose slot was lost. Out: the regions that start again, rising by index.
 * Records are in flight within a region, in both directions of its graph, and nowhere else: so nothing less than a region can start again, and nothing more has to.
 */
import type { Subtask } from "../graph/job-graph-types.ts";
import type { PipelinedRegions, Region } from "../graph/regions.ts";
import { OPTIONS } from "../util/config.ts";
import type { Config } from "../util/config.ts";

export type FailoverStrategy = (failed: readonly Subtask[]) => readonly Region[];

export function createFailoverStrategy(config: Config, regions: PipelinedRegions): FailoverStrategy {
  if (config.get(OPTIONS.failoverStrategy) === "full") return () => regions.all;
  return (failed) => {
    const struck = new Set(failed.map((subtask) => regions.of(subtask)));
    return regions.all.filter((region) => struck.has(region));
  };
}
