/** Runs a job module in the calling thread, as `env.execute()` does: all subtasks in one slot. */
import { isJobDefinition, StreamExecutionEnvironment } from "millrace";
import type { JobRun, RunningJob } from "./running-job.ts";

export async function runInProcess({ module, args, parallelism, config }: JobRun): Promise<RunningJob> {
  const { default: job } = (await import(module)) as { readonly default?: unknown }; // a namespace object
  if (!isJobDefinition(job)) throw new Error(`${module} has no job as its default export`);
  const env = StreamExecutionEnvironment.create({ ...config, "parallelism.default": parallelism });
  await job.build(env, args);
  return { client: await env.executeAsync(job.name), close: () => Promise.resolve() };
}
