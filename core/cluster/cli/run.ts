/** `millrace run <job>`: builds the job's graph, executes it in this process, shows how it goes, and reports how it ended. */
import { StreamExecutionEnvironment } from "../../api/environment.ts";
import type { JobClient, JobResult } from "../../api/job-client.ts";
import { formatMs } from "../../util/duration.ts";
import { configOf } from "./config-flags.ts";
import type { RunFlags } from "./config-flags.ts";
import { loadJob } from "./load-job.ts";
import { showProgress } from "./progress.ts";

/** Conventional: ended by Ctrl-C. */
const EXIT_INTERRUPTED = 130;

/** Resolves with the exit code; rejects with what went wrong. */
export async function runJob(path: string, jobArguments: readonly string[], flags: RunFlags): Promise<number> {
  const job = await loadJob(path);
  const env = StreamExecutionEnvironment.create(configOf(flags));
  await job.build(env, jobArguments);
  const client = await env.executeAsync(job.name);
  const interrupted = cancelOnInterrupt(client);
  const stopProgress = showProgress(client, process.stderr);
  try {
    const result = await client.result();
    stopProgress();
    await job.report?.(result, jobArguments);
    process.stdout.write(`${closingLine(result)}\n`);
    return 0;
  } catch (error) {
    if (!interrupted()) throw error;
    stopProgress();
    process.stderr.write(`job "${job.name}" was cancelled\n`);
    return EXIT_INTERRUPTED;
  } finally {
    stopProgress();
  }
}

/** The first Ctrl-C cancels the job and lets it close; the second ends the process. */
function cancelOnInterrupt(client: JobClient): () => boolean {
  let count = 0;
  const onSignal = (): void => {
    count += 1;
    if (count > 1) process.exit(EXIT_INTERRUPTED);
    void client.cancel();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return () => count > 0;
}

function closingLine({ jobName, records, durationMs, checkpoints, restarts }: JobResult): string {
  const rate = Math.round((records * 1_000) / Math.max(durationMs, 1));
  return `${jobName}: ${records} records in ${formatMs(durationMs)} (${rate} records/s), ${checkpoints} checkpoints, ${restarts} restarts`;
}

