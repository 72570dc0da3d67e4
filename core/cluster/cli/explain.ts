/** `millrace explain <job>`: the graph of a job as text, JSON or dot. */
import { StreamExecutionEnvironment } from "../../api/environment.ts";
import type { ExplainFormat } from "../../api/job-client.ts";
import { MillraceError } from "../../util/errors.ts";
import { configOf } from "./config-flags.ts";
import type { RunFlags } from "./config-flags.ts";
import { loadJob } from "./load-job.ts";

const FORMATS: readonly string[] = ["text", "json", "dot"];

export async function explainJob(path: string, jobArguments: readonly string[], flags: RunFlags & { readonly format: string }): Promise<string> {
  if (!FORMATS.includes(flags.format)) throw new MillraceError("MR2107", `--format must be text, json or dot, not "${flags.format}"`);
  const job = await loadJob(path);
  const env = StreamExecutionEnvironment.create(configOf(flags));
  await job.build(env, jobArguments);
  const text = env.explain({ format: flags.format as ExplainFormat }); // checked above
  return text.endsWith("\n") ? text : `${text}\n`;
}
