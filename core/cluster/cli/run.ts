/**
 * `millrace run <job>`: builds the job's graph, executes it in this process, shows how it goes, and reports how it ended.
 *
 * What is wrong before anything runs throws; how the job ended is the exit code, its failure written to stderr.
 */
import { join } from "node:path";
import type { JobDefinition } from "../../api/define-job.ts";
import type { JobClient, JobResult } from "../../api/job-client.ts";
import { keepsCheckpoints } from "../../checkpoint/retention.ts";
import type { JobEnd } from "../../checkpoint/retention.ts";
import type { Config } from "../../util/config.ts";
import { OPTIONS } from "../../util/config.ts";
import { formatMs } from "../../util/duration.ts";
import { asError, isMillraceError, MillraceError } from "../../util/errors.ts";
import { buildJob, helpOf } from "../build-job.ts";
import { clusterSizeOf, configOf } from "./config-flags.ts";
import type { ClusterSize, RunFlags } from "./config-flags.ts";
import { exitCodeOf, EXIT_DONE, EXIT_FAILED, EXIT_QUARANTINED, EXIT_USAGE } from "./exit-codes.ts";
import { failureText } from "./failure-text.ts";
import { Interrupts } from "./interrupts.ts";
import { holdJob, loadJob } from "./load-job.ts";
import { showProgress } from "./progress.ts";
import { quarantineText } from "./quarantine-text.ts";

/** The job did not start, because what was asked for cannot be: no checkpoint there, not the newest, state that nobody takes. */
const REFUSED_AT_START: ReadonlySet<string> = new Set(["MR5001", "MR5006", "MR5007", "MR5008"]);

/** How long the process waits after Ctrl-C for what is still open. */
const LINGER_MS = 1_000;

export async function runJob(path: string, jobArguments: readonly string[], flags: RunFlags): Promise<number> {
  const config = configOf(flags);
  const size = clusterSizeOf(flags);
  if (size !== undefined) return runOnThreads(path, jobArguments, { flags, config, size });
  const job = await loadJob(path);
  if (printsHelp(job, jobArguments)) return EXIT_DONE;
  const env = await buildJob(job, { jobArguments, config });
  return conclude(job, jobArguments, { client: await env.executeAsync(job.name), config: env.config, flags });
}

interface OnThreads {
  readonly flags: RunFlags;
  readonly config: Config;
  readonly size: ClusterSize;
}

async function runOnThreads(
  path: string,
  jobArguments: readonly string[],
  { flags, config, size }: OnThreads,
): Promise<number> {
  const { job, url, release } = await holdJob(path);
  try {
    if (printsHelp(job, jobArguments)) return EXIT_DONE;
    // Only who asks for threads loads what makes them.
    const { MiniCluster } = await import("../mini-cluster.ts");
    const cluster = new MiniCluster({ ...size, config });
    const submitted = await cluster.submitModule(url, { args: jobArguments });
    try {
      return await conclude(job, jobArguments, { ...submitted, flags });
    } finally {
      await cluster.close();
    }
  } finally {
    await release();
  }
}

function printsHelp(job: JobDefinition, jobArguments: readonly string[]): boolean {
  const help = helpOf(job, jobArguments);
  if (help !== undefined) process.stdout.write(help);
  return help !== undefined;
}

interface Running {
  readonly client: JobClient;
  readonly config: Config;
  readonly flags: RunFlags;
}

/** Watches the job to its end, and says what came of it. */
async function conclude(job: JobDefinition, jobArguments: readonly string[], running: Running): Promise<number> {
  const { client, config, flags } = running;
  warnOfUselessDirectory(config, flags);
  const ended = await watch(running);
  switch (ended.kind) {
    case "finished":
      return report(job, ended.result, jobArguments);
    case "interrupted":
      process.stderr.write(
        `millrace: job "${job.name}" was cancelled\n${checkpointLine(config, client.jobId, "CANCELED")}`,
      );
      // Files of a checkpoint that was under way may still have to go; but what the job's functions hold open must not keep the process.
      setTimeout(() => process.exit(exitCodeOf(ended.signal)), LINGER_MS).unref();
      return exitCodeOf(ended.signal);
    case "failed": {
      const { error } = ended;
      process.stderr.write(
        failureText(error, `job "${job.name}" failed: `) + checkpointLine(config, client.jobId, "FAILED"),
      );
      return isMillraceError(error) && REFUSED_AT_START.has(error.code) ? EXIT_USAGE : EXIT_FAILED;
    }
  }
}

type Ended =
  | { readonly kind: "finished"; readonly result: JobResult }
  | { readonly kind: "interrupted"; readonly signal: NodeJS.Signals }
  | { readonly kind: "failed"; readonly error: unknown };

/** Until the job has ended, whichever way. */
async function watch({ client, config, flags }: Running): Promise<Ended> {
  const stopProgress = showProgress(client, process.stderr, { perVertex: clusterSizeOf(flags) !== undefined });
  const cancellationTimeoutMs = config.get(OPTIONS.taskCancellationTimeout);
  const interrupts = new Interrupts(client, { out: process.stderr, cancellationTimeoutMs, process });
  try {
    return { kind: "finished", result: await client.result() };
  } catch (error) {
    const { signal } = interrupts;
    return signal === undefined ? { kind: "failed", error } : { kind: "interrupted", signal };
  } finally {
    stopProgress();
    interrupts.stop();
  }
}

/** The job's own summary, then ours. */
async function report(job: JobDefinition, result: JobResult, jobArguments: readonly string[]): Promise<number> {
  const { quarantined } = result;
  let code = quarantined.count === 0 ? EXIT_DONE : EXIT_QUARANTINED;
  try {
    await job.report?.(result, jobArguments);
  } catch (error) {
    const sentence = `the job "${job.name}" has finished, but its report failed: ${asError(error).message}`;
    process.stderr.write(failureText(new MillraceError("MR2112", sentence, { cause: error })));
    code = EXIT_FAILED;
  }
  process.stdout.write(`${closingLine(result)}\n`);
  process.stderr.write(quarantineText(job.name, quarantined));
  return code;
}

function closingLine({ jobName, records, durationMs, checkpoints, restarts }: JobResult): string {
  const rate = Math.round((records * 1_000) / Math.max(durationMs, 1));
  const times = [count(checkpoints, "checkpoint"), count(restarts, "restart")];
  return `${jobName}: ${count(records, "record")} in ${formatMs(durationMs)} (${rate} records/s), ${times.join(", ")}`;
}

function count(amount: number, what: string): string {
  return `${amount} ${what}${amount === 1 ? "" : "s"}`;
}

function warnOfUselessDirectory(config: Config, flags: RunFlags): void {
  if (flags.checkpointDir === undefined || config.get(OPTIONS.checkpointInterval) > 0) return;
  const option = `--config ${OPTIONS.checkpointInterval.key}=10s`;
  process.stderr.write(`millrace: the job takes no checkpoints, so --checkpoint-dir does nothing; add ${option}\n`);
}

/** Where to go on, or how to be able to the next time. */
function checkpointLine(config: Config, jobId: string, end: JobEnd): string {
  const directory = config.get(OPTIONS.checkpointDirectory);
  if (directory === "" || config.get(OPTIONS.checkpointInterval) === 0) return "";
  const { key } = OPTIONS.checkpointRetention;
  if (keepsCheckpoints(config.get(OPTIONS.checkpointRetention), end)) {
    return `millrace: its newest checkpoint, if one was completed, is kept; go on from it with --restore ${join(directory, jobId)}\n`;
  }
  return `millrace: its checkpoints are deleted; to keep them, set --config ${key}=RETAIN_ON_CANCELLATION\n`;
}
