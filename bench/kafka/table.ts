/**
 * What the rounds say, as rows of the tables.
 *
 * In:    results, round by round. Out: a row per part with medians, and with its ratio to the bare loop of the same round: the middle one of the rounds, since a machine that is slow in one
 *        round is slow for both.
 */
import type { Figures } from "../case.ts";
import { LATENCIES, SPEEDS } from "./part.ts";
import type { LatencyResult, SpeedResult, Way, Work } from "./part.ts";

export interface Round {
  readonly speeds: readonly SpeedResult[];
  readonly latencies: readonly LatencyResult[];
}

export interface KafkaRow {
  readonly work: Work;
  readonly how: Way;
  readonly "k records/s": number;
  /** Of the bare loop's speed. 1: as fast. */
  readonly "of bare loop": number;
  /** Lowest and highest of the rounds. */
  readonly "from … to": string;
  readonly "CPU µs per record": number;
  /** The same ratio by processor time, which does not depend on who else works on the machine. */
  readonly "of bare loop, by CPU": number;
}

export function speedRows(rounds: readonly Round[], records: number): readonly KafkaRow[] {
  return SPEEDS.flatMap(({ work, ways }) =>
    ways.flatMap((way): KafkaRow[] => {
      const pairs = rounds.flatMap(({ speeds }) => {
        const [own, bare] = [way, ways[0]].map((wanted) =>
          speeds.find((result) => result.work === work && result.way === wanted),
        );
        return own === undefined || bare === undefined ? [] : [{ own, bare }];
      });
      if (pairs.length === 0) return [];
      const ratios = pairs.map(({ own, bare }) => bare.tookMs / own.tookMs);
      return [
        {
          work,
          how: way,
          "k records/s": rounded(records / median(pairs.map(({ own }) => own.tookMs)), 0),
          "of bare loop": rounded(median(ratios), 2),
          "from … to": `${Math.min(...ratios).toFixed(2)} … ${Math.max(...ratios).toFixed(2)}`,
          "CPU µs per record": rounded((median(pairs.map(({ own }) => own.cpuMs)) / records) * 1_000, 2),
          "of bare loop, by CPU": rounded(median(pairs.map(({ own, bare }) => bare.cpuMs / own.cpuMs)), 2),
        },
      ];
    }),
  );
}

export interface LatencyRow extends Figures {
  readonly "checkpoint every (ms)": number;
}

/** By guarantee and interval. What is the longest of its round is the longest of all. */
export function latencyRows(rounds: readonly Round[]): Readonly<Record<string, LatencyRow>> {
  const rows = LATENCIES.flatMap(({ guarantee, intervalMs }) => {
    const found = rounds.flatMap(({ latencies }) =>
      latencies.filter((result) => result.guarantee === guarantee && result.intervalMs === intervalMs),
    );
    if (found.length === 0) return [];
    const names = Object.keys(found[0]?.figures ?? {});
    const figures = names.map((name) => {
      const values = found.map((result) => result.figures[name] ?? Number.NaN);
      return [name, name.includes("longest") ? Math.max(...values) : median(values)] as const;
    });
    const row: LatencyRow = { "checkpoint every (ms)": intervalMs, ...Object.fromEntries(figures) };
    return [[`${guarantee}, every ${intervalMs} ms`, row] as const];
  });
  return Object.fromEntries(rows);
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
