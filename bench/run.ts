/**
 * `npm run bench [-- --quick] [--only text] [--rounds n] [--parallelism 1,2] [--json file] [--save-baseline]`: every case at parallelism 1 and 2, medians of
 * three rounds, as tables, beside the baseline that is stored with the sources and what Flink does.
 *
 * Each part of a round is a process of its own, so that none profits from what another has warmed up; only a quick run, which shows that everything
 * runs, puts everything into one. Rounds go over all cases, so that a spell of noise does not meet all rounds of one case.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CASES } from "./cases.ts";
import type { BenchCase } from "./case.ts";
import type { Order, Part, PartResult } from "./measure/part.ts";
import { figureRows, netRows, ratioToPlain, speedRow } from "./table.ts";
import type { Baseline, Measured } from "./table.ts";

/** A quick run does that part of the records. */
const QUICK_SHARE = 1 / 100;

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    json: { type: "string", default: "" },
    rounds: { type: "string", default: "3" },
    parallelism: { type: "string", default: "1,2" },
    "save-baseline": { type: "boolean", default: false },
  },
});

const mainFile = fileURLToPath(new URL("measure/main.js", import.meta.url));
const baselineFile = new URL("../../bench/baseline.json", import.meta.url);

interface Job {
  readonly index: number;
  readonly bench: BenchCase;
  readonly records: number;
}

/** In a process of its own. */
function measure(order: Order): readonly PartResult[] {
  const output = execFileSync(process.execPath, [mainFile, JSON.stringify(order)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = output.split("\n").filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line) as PartResult); // what measure/main.ts writes
}

function measureAll(jobs: readonly Job[]): readonly Measured[] {
  const parts: readonly Part[] = [...(flags.parallelism.split(",") as Part[]), "plain"]; // others have no columns
  const orders: readonly Order[] = flags.quick
    ? [{ cases: jobs, parts, isWarm: false }]
    : jobs.flatMap((job) => parts.map((part) => ({ cases: [job], parts: [part], isWarm: part !== "plain" })));
  const rounds = flags.quick ? 1 : Number(flags.rounds);
  const results: PartResult[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const { cases, ...how } of orders) {
      const found = measure({ ...how, cases: cases.map(({ index, records }) => ({ index, records })) });
      results.push(...found);
      for (const { index, part, tookMs } of found)
        process.stderr.write(
          `round ${round} of ${rounds}: ${CASES[index]?.name ?? ""}, ${part}: ${Math.round(tookMs)} ms\n`,
        );
    }
  }
  return jobs.map(({ index, bench, records }) => ({
    bench,
    records,
    results: results.filter((result) => result.index === index),
  }));
}

function readBaseline(): Baseline {
  return existsSync(baselineFile) ? (JSON.parse(readFileSync(baselineFile, "utf8")) as Baseline) : {}; // written below
}

function saveBaseline(before: Baseline, cases: readonly Measured[]): void {
  const ratios = cases.flatMap((measured) => {
    const ratio = ratioToPlain(measured);
    return ratio === undefined ? [] : [[measured.bench.name, Number(ratio.toFixed(3))] as const];
  });
  writeFileSync(baselineFile, `${JSON.stringify({ ...before, ...Object.fromEntries(ratios) }, undefined, 2)}\n`);
}

function main(): void {
  const jobs = CASES.map((bench, index) => ({
    index,
    bench,
    records: flags.quick ? Math.ceil(bench.records * QUICK_SHARE) : bench.records,
  })).filter(({ bench }) => bench.name.includes(flags.only));
  const cases = measureAll(jobs);
  const baseline = readBaseline();
  const rows = cases.filter(({ bench }) => bench.isPaced !== true).map((measured) => speedRow(measured, baseline));
  const figures = cases.flatMap(figureRows);
  const nexmark = netRows(cases);
  console.table(rows);
  for (const { case: name, parallelism, figures: found, flink } of figures) {
    const list = Object.entries(found).map(([figure, value]) => `${figure} ${value}`);
    console.log(`${name}, parallelism ${parallelism}: ${list.join(", ")}${flink === "" ? "" : `\n    ${flink}`}`);
  }
  if (nexmark.length > 0) {
    console.log("Nexmark without its generator, on both sides:");
    console.table(nexmark);
  }
  const all = { node: process.version, quick: flags.quick, rows, figures, nexmark };
  if (flags.json !== "") writeFileSync(flags.json, `${JSON.stringify(all, undefined, 2)}\n`);
  if (flags["save-baseline"]) saveBaseline(baseline, cases);
}

main();
