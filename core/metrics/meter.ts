/**
 * Rates, computed when somebody reads: how much a counter grew per second over the last ten seconds.
 *
 * In:    a counter that hot code writes, and a clock. Out: a function to hand to `MetricGroup.gauge`.
 * State: at most eleven samples, taken by reads at least a second apart, so that several readers do not disturb each other. If nobody read for a
 *        long time, the first rate is the mean since the last read.
 */
import type { Counter } from "./registry.ts";

/** The part of a `Clock` that meters need; `core/time` is a sibling and not imported. */
export interface ElapsedClock {
  elapsedMs(): number;
}

const WINDOW_MS = 10_000;
const SAMPLE_GAP_MS = 1_000;

interface Sample {
  readonly atMs: number;
  readonly count: number;
}

/** Growth per second. For a counter of ms, such as busy time, this is Flink's `…MsPerSecond`. */
export function meterOf(counter: Counter, clock: ElapsedClock): () => number {
  const samples: Sample[] = [{ atMs: clock.elapsedMs(), count: counter.count }];
  return () => {
    const now: Sample = { atMs: clock.elapsedMs(), count: counter.count };
    // The oldest sample stays as long as it is the only one at least a window old.
    while (samples[1] !== undefined && now.atMs - samples[1].atMs >= WINDOW_MS) samples.shift();
    const [oldest = now] = samples;
    if (now.atMs - (samples.at(-1) ?? now).atMs >= SAMPLE_GAP_MS) samples.push(now);
    const passedMs = now.atMs - oldest.atMs;
    return passedMs <= 0 ? 0 : ((now.count - oldest.count) * 1_000) / passedMs;
  };
}
