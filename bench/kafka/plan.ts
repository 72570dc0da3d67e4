/** What a round measures, in which order: a decision without effect. */
import { LATENCIES, SPEEDS } from "./part.ts";
import type { LatencyCase, Way, Work } from "./part.ts";

export interface SpeedPart {
  readonly work: Work;
  readonly way: Way;
}

export interface Plan {
  readonly speeds: readonly SpeedPart[];
  readonly latencies: readonly LatencyCase[];
}

/**
 * Parts whose name contains `only`, such as `"writing, exactly once"`, each with the bare loop of its work. Every other round goes backwards, so that what gets slower or faster in the
 * course of a round does so for both.
 */
export function planOf(round: number, only: string): Plan {
  const speeds = SPEEDS.flatMap(({ work, ways }) => {
    const named = ways.filter((way) => `${work}, ${way}`.includes(only));
    const chosen = ways.filter((way) => named.includes(way) || (way === "bare loop" && named.length > 0));
    return chosen.map((way) => ({ work, way }));
  });
  const latencies = LATENCIES.filter((one) => nameOfLatency(one).includes(only));
  return { speeds: round % 2 === 0 ? speeds.toReversed() : speeds, latencies };
}

export function nameOfLatency({ guarantee, intervalMs }: LatencyCase): string {
  return `latency, ${guarantee}, every ${intervalMs} ms`;
}
