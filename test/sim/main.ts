/**
 * The simulator for as long as one likes: `npm run test:sim -- --minutes 30`.
 *
 * In:    `--minutes <n>` (default 1), `--processes <n>` (default 2), `--from <seed>` (default by chance, printed), or `--seed <seed>`: one run, with its history.
 * Out:   a line now and then, what it came to, and of each failure the seed, the pipeline as code, the plan, and how to see it again. Exit code 1 if any.
 */
import { fork } from "node:child_process";
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { examine, scenarioOf } from "./search.ts";
import { shrunk } from "./shrink.ts";
import { count, describe, emptyTally, sum } from "./tally.ts";
import type { Tally } from "./tally.ts";

const SEED_MAX = 2 ** 30;
/** A process says how far it is this often. */
const REPORT_MS = 10_000;
const FAILURES_MAX = 5;

const { values: args } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    processes: { type: "string", default: "2" },
    from: { type: "string" },
    seed: { type: "string" },
    worker: { type: "boolean", default: false },
  },
});

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** One run, in full. */
async function replay(seed: number): Promise<void> {
  const { run, violation } = await examine(scenarioOf(seed));
  say(run?.history.lines().join("\n") ?? "");
  say(`history: ${run?.history.digest ?? "none"}`);
  if (violation === undefined) return say(`seed ${seed}: all checkers are content`);
  say(`\nseed ${seed}: ${violation.checker}: ${violation.what}`);
  say(`\nsmallest that fails alike:\n${await shrunk(seed)}`);
  process.exitCode = 1;
}

/** Runs until the time is over, and tells its parent. */
async function work(from: number, minutes: number): Promise<void> {
  const tally = emptyTally();
  const endMs = performance.now() + minutes * 60_000;
  let toldMs = performance.now();
  const tell = (isLast: boolean): void => void process.send?.({ tally, isLast });
  for (let seed = from; performance.now() < endMs && tally.failures.length < FAILURES_MAX; seed += 1) {
    count(tally, seed, await examine(scenarioOf(seed)));
    if (performance.now() - toldMs < REPORT_MS) continue;
    toldMs = performance.now();
    tell(false);
  }
  tell(true);
  process.disconnect();
}

async function runAll(from: number, minutes: number, processes: number): Promise<void> {
  say(`seeds from ${from}, ${minutes} minutes in ${processes} processes`);
  const startedMs = performance.now();
  const tallies = await Promise.all(
    Array.from({ length: processes }, (_, index) => inProcess(index, { from: from + index * SEED_MAX, minutes })),
  );
  const total = sum(tallies);
  say(describe(total, performance.now() - startedMs));
  for (const { seed, checker, what } of total.failures)
    say(`\nseed ${seed}: ${checker}: ${what}\nagain: npm run test:sim -- --seed ${seed}`);
  if (total.failures.length > 0) process.exitCode = 1;
}

function inProcess(
  index: number,
  { from, minutes }: { readonly from: number; readonly minutes: number },
): Promise<Tally> {
  const startedMs = performance.now();
  const child = fork(process.argv[1] ?? "", ["--worker", "--from", `${from}`, "--minutes", `${minutes}`]);
  return new Promise((resolve, reject) => {
    let last: Tally | undefined;
    child.on("message", (message) => {
      const { tally, isLast } = message as { readonly tally: Tally; readonly isLast: boolean }; // as `work` sends it
      last = tally;
      if (!isLast) say(`process ${index}: ${describe(tally, performance.now() - startedMs).split("\n")[0] ?? ""}`);
    });
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code === 0 && last !== undefined) resolve(last);
      else
        reject(
          new Error(`process ${index} ended with code ${code} after the seed ${from} and ${last?.runs ?? 0} runs`),
        );
    });
  });
}

const from = Number(args.from ?? randomInt(SEED_MAX));
if (args.seed !== undefined) await replay(Number(args.seed));
else if (args.worker) await work(from, Number(args.minutes));
else await runAll(from, Number(args.minutes), Number(args.processes));
