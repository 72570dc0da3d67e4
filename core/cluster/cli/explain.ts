/** `millrace explain <job>`: the graph of a job as text, JSON or dot. */
import type { ExplainFormat } from "../../api/job-client.ts";
import { MillraceError } from "../../util/errors.ts";
import { buildJob, helpOf } from "../build-job.ts";
import { configOf } from "./config-flags.ts";
import type { RunFlags } from "./config-flags.ts";
import { loadJob } from "./load-job.ts";

const FORMATS: readonly string[] = ["text", "json", "dot"] satisfies readonly ExplainFormat[];

/** Resolves with text that ends with a line feed. */
export async function explainJob(
  path: string,
  jobArguments: readonly string[],
  flags: RunFlags & { readonly format: string },
): Promise<string> {
  if (!FORMATS.includes(flags.format))
    throw new MillraceError("MR2107", `--format must be text, json or dot, not "${flags.format}"`);
  const config = configOf(flags);
  const job = await loadJob(path);
  const help = helpOf(job, jobArguments);
  if (help !== undefined) return help;
  const env = await buildJob(job, { jobArguments, config });
  return env.explain({ name: job.name, format: flags.format as ExplainFormat }); // checked above
}
