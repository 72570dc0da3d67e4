/**
 * What the rounds of the cases say, as rows of the tables.
 *
 * In:    the results of all rounds, by case and part. Out: a row of speeds per case; a row of figures where a case has some; Nexmark without its generator.
 */
import type { BenchCase, Figures } from "./case.ts";
import { FLINK, FLINK_FIGURES } from "./flink.ts";
import { GENERATOR_ALONE } from "./jobs/nexmark.ts";
import type { Part, PartResult } from "./measure/part.ts";

/** Of one case. */
export interface Measured {
  readonly bench: BenchCase;
  readonly records: number;
  /** One result per round and part that could be measured. */
  readonly results: readonly PartResult[];
}

/** Ratio to the plain loop at parallelism 1, by case. */
export type Baseline = Readonly<Record<string, number>>;

export interface SpeedRow {
  readonly case: string;
  readonly "M/s at 1": number | "";
  readonly "M/s at 2": number | "";
  readonly "2 : 1": number | "";
  readonly "of plain loop": number | "";
  readonly "x baseline": number | "";
  readonly Flink: string;
  readonly "x Flink at 1": number | "";
  readonly "x Flink at 2": number | "";
  readonly "peak MB at 1": number | "";
  readonly "peak MB at 2": number | "";
}

export function speedRow(measured: Measured, baseline: Baseline): SpeedRow {
  const { name } = measured.bench;
  const [one, two, plain] = [speed(measured, "1"), speed(measured, "2"), speed(measured, "plain")];
  const flink = FLINK[name];
  const ofPlain = ratioToPlain(measured);
  return {
    case: name,
    "M/s at 1": rounded(one, 2),
    "M/s at 2": rounded(two, 2),
    "2 : 1": rounded(over(two, one), 2),
    "of plain loop": rounded(plain === undefined ? undefined : ofPlain, 2),
    "x baseline": rounded(over(ofPlain, baseline[name]), 2),
    Flink: flink === undefined ? "" : `${flink.one ?? "?"} → ${flink.two ?? "?"}`,
    "x Flink at 1": rounded(over(one, flink?.one), 1),
    "x Flink at 2": rounded(over(two, flink?.two), 1),
    "peak MB at 1": peakMb(measured, "1"),
    "peak MB at 2": peakMb(measured, "2"),
  };
}

/** What the baseline keeps of a case. */
export function ratioToPlain(measured: Measured): number | undefined {
  return over(speed(measured, "1"), speed(measured, "plain"));
}

export interface FigureRow {
  readonly case: string;
  readonly parallelism: Part;
  readonly figures: Figures;
  readonly flink: string;
}

/** The middle of each figure; of what is the longest of its run, the longest of all, since a pause counts even if it was in one round only. */
export function figureRows({ bench, results }: Measured): readonly FigureRow[] {
  return (["1", "2"] as const).flatMap((parallelism) => {
    const rounds = results.filter(({ part }) => part === parallelism).map(({ figures }) => figures);
    const names = Object.keys(rounds[0] ?? {});
    if (names.length === 0) return [];
    const summary = names.map((name) => {
      const values = rounds.map((figures) => figures[name] ?? Number.NaN);
      return [name, name.includes("longest") ? Math.max(...values) : median(values)] as const;
    });
    const flink = FLINK_FIGURES[bench.name] ?? "";
    return [{ case: bench.name, parallelism, figures: Object.fromEntries(summary), flink }];
  });
}

export interface NetRow {
  readonly query: string;
  readonly parallelism: Part;
  /** Nanoseconds per event beyond those of the generator. */
  readonly "net ns": number;
  readonly "Flink's net ns": number;
  readonly "x Flink, net": number;
}

/** Below that, what is left of a query after its generator is noise. */
const NOISE_NS = 5;

/** What the queries cost without their generator, on both sides; where Flink's figure is known. The last row of a parallelism is the geometric mean. */
export function netRows(cases: readonly Measured[]): readonly NetRow[] {
  const generator = cases.find(({ bench }) => bench.name === GENERATOR_ALONE);
  if (generator === undefined) return [];
  return (["1", "2"] as const).flatMap((part) => {
    const flinkSpeed = (name: string): number | undefined => FLINK[name]?.[part === "1" ? "one" : "two"];
    const rows = cases.flatMap((measured): NetRow[] => {
      const { name } = measured.bench;
      const ours = netNs(speed(measured, part), speed(generator, part));
      const flinks = netNs(flinkSpeed(name), flinkSpeed(GENERATOR_ALONE));
      if (!name.startsWith("nexmark q") || ours === undefined || flinks === undefined) return [];
      return [netRow({ query: name.slice("nexmark ".length), parallelism: part, ours, flinks })];
    });
    if (rows.length === 0) return [];
    const mean = (pick: (row: NetRow) => number): number =>
      Math.exp(rows.reduce((sum, row) => sum + Math.log(pick(row)), 0) / rows.length);
    const ours = mean((row) => row["net ns"]);
    const flinks = mean((row) => row["Flink's net ns"]);
    return [...rows, netRow({ query: "geometric mean", parallelism: part, ours, flinks })];
  });
}

function netRow(row: {
  readonly query: string;
  readonly parallelism: Part;
  readonly ours: number;
  readonly flinks: number;
}): NetRow {
  const { query, parallelism, ours, flinks } = row;
  return {
    query,
    parallelism,
    "net ns": Math.round(ours),
    "Flink's net ns": Math.round(flinks),
    "x Flink, net": Math.round((flinks / ours) * 10) / 10,
  };
}

function netNs(speedOfQuery: number | undefined, speedOfGenerator: number | undefined): number | undefined {
  if (speedOfQuery === undefined || speedOfGenerator === undefined) return undefined;
  return Math.max(1_000 / speedOfQuery - 1_000 / speedOfGenerator, NOISE_NS);
}

/** Millions of records per second in the middle round; undefined where the speed is set from outside, or was not measured. */
function speed({ bench, records, results }: Measured, wanted: Part): number | undefined {
  const times = results.filter(({ part }) => part === wanted).map(({ tookMs }) => tookMs);
  return times.length === 0 || bench.isPaced === true ? undefined : records / median(times) / 1_000;
}

function peakMb({ results }: Measured, wanted: Part): number | "" {
  const peaks = results.filter(({ part }) => part === wanted).map((result) => result.peakMb);
  return peaks.length === 0 ? "" : Math.max(...peaks);
}

function over(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? undefined : left / right;
}

function rounded(value: number | undefined, digits: number): number | "" {
  return value === undefined ? "" : Number(value.toFixed(digits));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
