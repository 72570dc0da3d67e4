/** Runs a job module on a local cluster: one TaskManager with as many slots as subtasks, each a thread that imports the module and builds the graph itself. */
import { MiniCluster } from "millrace/cluster";
import type { JobRun, RunningJob } from "./running-job.ts";

export async function runOnThreads({ module, args, parallelism, config }: JobRun): Promise<RunningJob> {
  const cluster = new MiniCluster({ slots: parallelism });
  const client = await cluster.submit(new URL(module), {
    args,
    config: { ...config, "parallelism.default": parallelism },
  });
  return { client, close: () => cluster.close() };
}
