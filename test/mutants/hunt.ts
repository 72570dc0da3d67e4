/**
 * What a bundle runs: seeds one after another, until a checker sees a broken invariant.
 *
 * In:    `--from <seed> --runs <n>`, or `--seeds <seed>,<seed>`; `--arena <name>`, see {@link Arena}. Out: on standard output, one JSON line before each run, so that whoever waits knows where
 *        a run hangs, and one at the end (see {@link Line}).
 */
import { parseArgs } from "node:util";
import { runProgramSeed, runTightProgramSeed } from "../functions/search.ts";
import { runKafkaSeed } from "../kafka/search.ts";
import { runLoopSeed, runStandingLoopSeed, runTightLoopSeed } from "../loop/search.ts";
import type { Violation } from "../sim/checkers/checker.ts";
import { runSeed, runSlowStorageSeed } from "../sim/search.ts";
import type { Arena } from "./mutant.ts";
import type { Line } from "./prey.ts";

function tell(line: Line): void {
  // A pipe takes this at once, also if the process never gets around to anything else.
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const ARENAS: Readonly<Record<Arena, (seed: number) => Promise<Violation | undefined>>> = {
  dataflows: runSeed,
  loops: runLoopSeed,
  functions: runProgramSeed,
  "tight-loops": runTightLoopSeed,
  "standing-loops": runStandingLoopSeed,
  "tight-functions": runTightProgramSeed,
  kafka: runKafkaSeed,
  "slow-storage": runSlowStorageSeed,
};

async function hunt(seeds: Iterable<number>, arena: Arena): Promise<void> {
  let runs = 0;
  for (const seed of seeds) {
    runs += 1;
    tell({ kind: "run", seed });
    const end = (checker: string, what: string): void => tell({ kind: "caught", seed, runs, checker, what });
    const crash = (error: unknown): void => {
      end("exception", textOf(error));
      process.exit(0);
    };
    process.removeAllListeners("uncaughtException").on("uncaughtException", crash);
    try {
      const violation = await ARENAS[arena](seed);
      if (violation !== undefined) return end(violation.checker, violation.what);
    } catch (error) {
      return end("exception", textOf(error));
    }
  }
  tell({ kind: "clean", runs });
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function* range(from: number, runs: number): Generator<number> {
  for (let at = 0; at < runs; at += 1) yield from + at;
}

const { values } = parseArgs({
  options: {
    from: { type: "string" },
    runs: { type: "string" },
    seeds: { type: "string" },
    arena: { type: "string" },
  },
});
await hunt(
  values.seeds?.split(",").map(Number) ?? range(Number(values.from ?? 1), Number(values.runs ?? 1)),
  (values.arena ?? "dataflows") as Arena, // as `watch` passes it
);
process.exit(0);
