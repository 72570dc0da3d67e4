/**
 * Runs modules of stateful functions as a job in this process.
 *
 * In:  a module, and the parallelism. Out: when the job has ended; what it wrote is with the sinks that the module binds, such as those of {@link into}.
 */
import { StreamExecutionEnvironment } from "millrace";
import type { JobDefinition, Sink } from "millrace";
import { statefunJob } from "millrace/statefun";
import type { StatefulFunctionModule } from "millrace/statefun";

export async function runModule(application: StatefulFunctionModule, parallelism: number): Promise<void> {
  await runJob(statefunJob("test", application), [], parallelism);
}

export async function runJob(job: JobDefinition, args: readonly string[], parallelism: number): Promise<void> {
  const env = StreamExecutionEnvironment.create({ "parallelism.default": parallelism });
  await job.build(env, args);
  await env.execute(job.name);
}

/** Puts what it is given into the list; of one key of one subtask, in order. */
export function into<T>(written: T[]): Sink<T> {
  return { createWriter: () => ({ write: (value) => void written.push(value) }) };
}
