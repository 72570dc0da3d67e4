/**
 * What the rounds say, as rows of the tables.
 *
 * In:    results, round by round. Out: a row per part with medians, and with its ratio to the bare loop of the same round: the middle one of the rounds, since a machine that is slow in one
 *        round is slow for both.
 */
import { LATENCIES, SPEEDS } from "./part.ts";
import type { LatencyCase, LatencyFigures, LatencyResult, SpeedResult, Way, Work } from "./part.ts";

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

export interface LatencyRow {
  readonly guarantee: LatencyCase["guarantee"];
  readonly "checkpoint every (ms)": number;
  readonly "p50 (ms)": number;
  readonly "p99 (ms)": number;
  /** Of all rounds. */
  readonly "longest (ms)": number;
  /** Part of the latency, and kafkajs's. */
  readonly "producer p50 (ms)": number;
  readonly "producer p99 (ms)": number;
}

export function latencyRows(rounds: readonly Round[]): readonly LatencyRow[] {
  return LATENCIES.flatMap(({ guarantee, intervalMs }): LatencyRow[] => {
    const found = rounds.flatMap(({ latencies }) =>
      latencies.filter((result) => result.guarantee === guarantee && result.intervalMs === intervalMs),
    );
    if (found.length === 0) return [];
    const all = (name: keyof LatencyFigures): number[] => found.map(({ figures }) => figures[name]);
    return [
      {
        guarantee,
        "checkpoint every (ms)": intervalMs,
        "p50 (ms)": rounded(median(all("p50Ms")), 1),
        "p99 (ms)": rounded(median(all("p99Ms")), 1),
        "longest (ms)": rounded(Math.max(...all("longestMs")), 1),
        "producer p50 (ms)": rounded(median(all("producerP50Ms")), 1),
        "producer p99 (ms)": rounded(median(all("producerP99Ms")), 1),
      },
    ];
  });
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
