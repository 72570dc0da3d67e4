/**
 * `npm run bench [-- --quick] [-- --only text] [-- --json file] [-- --rounds n] [-- --save-baseline]`: every case in its own process, medians of three, as a
 * table, beside the baseline that is stored with the sources.
 *
 * Absolute figures are noisy on shared machines: compare the ratio to the plain loop of the same run, as the column "x baseline" does.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CASES } from "./cases/index.ts";

interface Measured {
  readonly jobMs: number;
  readonly plainMs: number;
  readonly extra: Readonly<Record<string, number | string>>;
  readonly peakMb: number;
}

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    json: { type: "string", default: "" },
    rounds: { type: "string", default: "3" },
    "save-baseline": { type: "boolean", default: false },
  },
});

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Each round in a process of its own, so that none profits from what the one before has warmed up. */
function measure(index: number, records: number): Measured {
  const main = fileURLToPath(new URL("./case-main.js", import.meta.url));
  const output = execFileSync(process.execPath, [main, String(index), String(records)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(output.trim().split("\n").at(-1) ?? "{}") as Measured; // the last line of the case's process
}

/** Ratio to the plain loop, by case. */
type Baseline = Readonly<Record<string, number>>;

const baselineFile = new URL("../../bench/baseline.json", import.meta.url);
const baseline: Baseline = existsSync(baselineFile) ? (JSON.parse(readFileSync(baselineFile, "utf8")) as Baseline) : {}; // written below
const ratios: Record<string, number> = { ...baseline };
/** A pause counts even if it was in one round only. */
function worstOf(rounds: readonly Measured[]): Readonly<Record<string, number>> {
  const worst: Record<string, number> = {};
  for (const { extra } of rounds) {
    for (const [name, figure] of Object.entries(extra))
      if (name.startsWith("longest")) worst[name] = Math.max(worst[name] ?? 0, Number(figure));
  }
  return worst;
}

const rows: Record<string, unknown>[] = [];
for (const [index, bench] of CASES.entries()) {
  if (!bench.name.includes(flags.only)) continue;
  const records = flags.quick ? Math.ceil(bench.records / 50) : bench.records;
  const rounds = Array.from({ length: flags.quick ? 1 : Number(flags.rounds) }, () => measure(index, records));
  const measured = {
    jobMs: rounds.map((round) => round.jobMs),
    plainMs: rounds.map((round) => round.plainMs),
    peakMb: Math.max(...rounds.map((round) => round.peakMb)),
    extra: { ...rounds.at(-1)?.extra, ...worstOf(rounds) },
  };
  const jobMs = median(measured.jobMs);
  const millions = records / jobMs / 1_000;
  const ratio = median(measured.plainMs) / jobMs;
  const before = baseline[bench.name];
  const row = {
    case: bench.name,
    records,
    "M records/s": Number(millions.toFixed(2)),
    "plain loop": Number((records / median(measured.plainMs) / 1_000).toFixed(2)),
    ratio: Number(ratio.toFixed(2)),
    "x baseline": before === undefined ? "" : Number((ratio / before).toFixed(2)),
    "x Flink": bench.flinkMillions === undefined ? "" : Number((millions / bench.flinkMillions).toFixed(1)),
    "peak MB": measured.peakMb,
    ...measured.extra,
  };
  ratios[bench.name] = Number(ratio.toFixed(3));
  rows.push(row);
  console.log(JSON.stringify(row));
}
console.table(rows);
if (flags.json !== "")
  writeFileSync(flags.json, `${JSON.stringify({ node: process.version, quick: flags.quick, rows }, undefined, 2)}\n`);
if (flags["save-baseline"]) writeFileSync(baselineFile, `${JSON.stringify(ratios, undefined, 2)}\n`);
