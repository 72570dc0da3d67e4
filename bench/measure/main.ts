/**
 * One round of some parts of some cases, in a process of its own: two other jobs first, as in a process that has worked before, then what is asked for.
 *
 * In:    an order, as JSON in its only argument. Out: one line of JSON per part.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CASES } from "../cases.ts";
import type { BenchCase, Figures } from "../case.ts";
import { CheckpointLog } from "./checkpoint-log.ts";
import type { Order, Part, PartResult } from "./part.ts";
import { runInProcess } from "./run-in-process.ts";
import { runOnThreads } from "./run-on-threads.ts";

/** Of the two jobs before. */
const WARM_UP_RECORDS = 200_000;

const CHECKPOINT_DIRECTORY = "execution.checkpointing.dir";

interface Taken {
  readonly tookMs: number;
  readonly figures: Figures;
}

/** Keeps the plain loops from being optimised away. */
let blackHole = 0;

interface Load {
  readonly records: number;
  readonly parallelism: number;
}

async function runJob(bench: BenchCase, { records, parallelism }: Load): Promise<Taken> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const args = [String(records), directory, ...(bench.args ?? [])];
  const checkpoints =
    bench.checkpointsToFiles === true ? { [CHECKPOINT_DIRECTORY]: join(directory, "checkpoints") } : {};
  const run = parallelism === 1 ? runInProcess : runOnThreads;
  try {
    const startedMs = performance.now();
    const job = await run({ module: bench.module, args, parallelism, config: { ...bench.config, ...checkpoints } });
    const log = new CheckpointLog(job.client);
    await job.client.result().finally(() => log.stop());
    const tookMs = performance.now() - startedMs;
    await job.close();
    const figures = bench.figures === undefined ? {} : { ...log.figures(), ...bench.figures(directory) };
    return { tookMs, figures };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function runPlain(bench: BenchCase, records: number): Taken {
  const startedMs = performance.now();
  blackHole += bench.plain?.(records) ?? 0;
  return { tookMs: performance.now() - startedMs, figures: {} };
}

/** Nothing, if the case has no such part. */
async function measure(index: number, part: Part, records: number): Promise<void> {
  const subject = CASES[index];
  if (subject === undefined) throw new Error(`there is no case ${index}`);
  if (part === "plain" && subject.plain === undefined) return;
  const { tookMs, figures } =
    part === "plain" ? runPlain(subject, records) : await runJob(subject, { records, parallelism: Number(part) });
  const peakMb = Math.round(process.resourceUsage().maxRSS / 1_024);
  const result: PartResult = { index, part, tookMs, peakMb, figures };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

async function warmUp(subjects: ReadonlySet<number>): Promise<void> {
  const others = CASES.filter((other, index) => !subjects.has(index) && other.isPaced !== true);
  for (const other of [others[0], others[2]])
    if (other !== undefined) await runJob(other, { records: WARM_UP_RECORDS, parallelism: 1 });
}

async function main({ cases, parts, isWarm }: Order): Promise<void> {
  if (isWarm) await warmUp(new Set(cases.map(({ index }) => index)));
  for (const { index, records } of cases) for (const part of parts) await measure(index, part, records);
}

await main(JSON.parse(process.argv[2] ?? "") as Order); // from run.ts
process.exitCode = Number.isNaN(blackHole) ? 1 : 0;
