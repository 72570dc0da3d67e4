/**
 * One round of a benchmark case in a process of its own: two other jobs first, as in a process that has worked before, then the plain loop and the job.
 *
 * Arguments: index of the case, records. Writes one line of JSON.
 */
import { StreamExecutionEnvironment } from "millrace";
import type { MetricSample } from "millrace";
import { CASES } from "./cases/index.ts";
import type { BenchCase } from "./case.ts";

const [index = "0", records = "1000"] = process.argv.slice(2);
const subject = CASES[Number(index)];
if (subject === undefined) throw new Error(`there is no case ${index}`);

async function runJob(bench: BenchCase, count: number): Promise<number> {
  const env = StreamExecutionEnvironment.create(bench.config ?? {});
  bench.build(env, count);
  const startedMs = performance.now();
  const client = await env.executeAsync(bench.name);
  await client.result();
  const tookMs = performance.now() - startedMs;
  if (bench === subject) checkpoints = checkpointFigures(client.metrics());
  return tookMs;
}

/** Of the last checkpoint: what it wrote, what it refers to, and how long it took. */
function checkpointFigures(metrics: readonly MetricSample[]): Readonly<Record<string, number>> {
  const read = (name: string): number => Number(metrics.find((metric) => metric.name === name)?.value ?? 0);
  if (subject?.config?.["execution.checkpointing.interval"] === undefined) return {};
  const megabytes = (bytes: number): number => Math.round(bytes / 10_000) / 100;
  return {
    checkpoints: read("numberOfCompletedCheckpoints"),
    "last checkpoint (ms)": Math.round(read("lastCheckpointDuration")),
    "increment (MB)": megabytes(read("lastCheckpointSize")),
    "whole (MB)": megabytes(read("lastCheckpointFullSize")),
  };
}

function runPlain(bench: BenchCase, count: number): number {
  const startedMs = performance.now();
  blackHole += bench.plain(count);
  return performance.now() - startedMs;
}

let blackHole = 0;
let checkpoints: Readonly<Record<string, number>> = {};
const others = CASES.filter((other) => other !== subject).slice(0, 3);
for (const other of [others[0], others[2]])
  if (other !== undefined) await runJob(other, Math.min(200_000, Number(records)));

const plainMs = runPlain(subject, Number(records));
const jobMs = await runJob(subject, Number(records));
const extra = { ...checkpoints, ...subject.extra?.() };
process.stdout.write(
  `${JSON.stringify({ jobMs, plainMs, extra, peakMb: Math.round(process.resourceUsage().maxRSS / 1_024), blackHole })}\n`,
);
