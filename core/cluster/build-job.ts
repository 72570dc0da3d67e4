/** Lets a job build its graph, or say how it is called; turns what its own code throws at that into a sentence. */
import type { JobDefinition } from "../api/define-job.ts";
import { StreamExecutionEnvironment } from "../api/environment.ts";
import type { Config } from "../util/config.ts";
import { asError, isMillraceError, MillraceError } from "../util/errors.ts";

export interface BuildOptions {
  readonly jobArguments: readonly string[];
  readonly config: Config;
}

/** The job's own help, if that is what its arguments ask for. Ends with a line feed. */
export function helpOf({ usage }: JobDefinition, jobArguments: readonly string[]): string | undefined {
  return usage !== undefined && jobArguments.some((word) => word === "--help" || word === "-h")
    ? `${usage}\n`
    : undefined;
}

/** Fails with `MR2113` if the job refuses its arguments, with `MR2109` if its code throws; what millrace itself refuses keeps its code. */
export async function buildJob(job: JobDefinition, options: BuildOptions): Promise<StreamExecutionEnvironment> {
  const env = StreamExecutionEnvironment.create(options.config);
  try {
    await job.build(env, options.jobArguments);
  } catch (error) {
    const refusal = argumentRefusal(error);
    if (refusal !== undefined) throw wrongArguments(job, refusal);
    if (isMillraceError(error)) throw error;
    throw new MillraceError("MR2109", `the job "${job.name}" cannot be built: ${asError(error).message}`, {
      cause: error,
    });
  }
  return env;
}

/** What the job said against its arguments: itself, or through `parseArgs` of `node:util`. */
function argumentRefusal(error: unknown): string | undefined {
  if (isMillraceError(error)) return error.code === "MR2113" ? error.message.slice("MR2113: ".length) : undefined;
  const { code, message } = asError(error) as NodeJS.ErrnoException; // where it has one
  // What follows the first sentence is advice on how to quote.
  return code?.startsWith("ERR_PARSE_ARGS_") === true ? message.split(/\.\s|\.$/)[0] : undefined;
}

/** Without the error that it came from: the place in the code says nothing to whoever typed the arguments. */
function wrongArguments({ name, usage }: JobDefinition, refusal: string): MillraceError {
  const hint = usage === undefined ? "arguments of the job stand after --" : "-- --help shows what the job takes";
  return new MillraceError("MR2113", `the job "${name}" does not take its arguments: ${refusal}; ${hint}`);
}
