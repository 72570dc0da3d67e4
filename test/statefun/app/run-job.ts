/** Runs a job in this process; what it writes is collected by the test's own sinks. */
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import type { JobDefinition, JobResult, Sink } from "../../../core/index.ts";

interface RunOptions {
  readonly args?: readonly string[];
  readonly config?: Readonly<Record<string, string | number>>;
}

export async function runJob(job: JobDefinition, { args = [], config = {} }: RunOptions = {}): Promise<JobResult> {
  const env = StreamExecutionEnvironment.create(config);
  await job.build(env, args);
  return env.execute(job.name);
}

/** A sink that writes at once, into a list. */
export function into<T>(written: T[]): Sink<T> {
  return { createWriter: () => ({ write: (value) => void written.push(value) }) };
}
