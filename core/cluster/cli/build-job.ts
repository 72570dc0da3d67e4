/** Lets a job build its graph, and says so where its own code fails at that. */
import type { JobDefinition } from "../../api/define-job.ts";
import { StreamExecutionEnvironment } from "../../api/environment.ts";
import type { Config } from "../../util/config.ts";
import { asError, isMillraceError, MillraceError } from "../../util/errors.ts";

export interface BuildOptions {
  readonly jobArguments: readonly string[];
  readonly config: Config;
}

/** Fails with `MR2109` if the job's code throws; what millrace itself refuses keeps its code. */
export async function buildJob(job: JobDefinition, options: BuildOptions): Promise<StreamExecutionEnvironment> {
  const env = StreamExecutionEnvironment.create(options.config);
  try {
    await job.build(env, options.jobArguments);
  } catch (error) {
    if (isMillraceError(error)) throw error;
    throw new MillraceError("MR2109", `the job "${job.name}" cannot be built: ${asError(error).message}`, {
      cause: error,
    });
  }
  return env;
}
