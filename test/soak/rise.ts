/** How fast something rises that is measured now and then: the median of all slopes between two measurements, which a few strange ones do not move. */
export interface Measured {
  readonly atMs: number;
  readonly value: number;
}

/** Per minute, as a share of the median. In the order of time; several may be of one time. 0 for fewer than two times. */
export function risePerMinute(measured: readonly Measured[]): number {
  const slopes = measured.flatMap((first, index) =>
    measured
      .slice(index + 1)
      .filter(({ atMs }) => atMs > first.atMs)
      .map((second) => (second.value - first.value) / (second.atMs - first.atMs)),
  );
  const level = median(measured.map(({ value }) => value));
  return slopes.length === 0 || level === 0 ? 0 : (median(slopes) * 60_000) / level;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
