/**
 * Goal:   quantiles are right to about three per cent, and count, mean and extremes exactly.
 * Method: random values against a sorted list.
 * Replay: `MILLRACE_SEED=<seed> npx vitest run test/core/metrics/log-histogram.test.ts`.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LogHistogram } from "../../../core/metrics/log-histogram.ts";
import { replay } from "../../harness/replay.ts";

const inRange = fc.oneof(
  fc.double({ min: 2 ** -10, max: 2 ** 53, noNaN: true }),
  fc.double({ min: 0.001, max: 1_000, noNaN: true }),
  fc.integer({ min: 1, max: 100 }),
  fc.integer({ min: -10, max: 53 }).map((exponent) => 2 ** exponent),
);

function filled(values: readonly number[]): LogHistogram {
  const histogram = new LogHistogram();
  for (const value of values) histogram.update(value);
  return histogram;
}

describe("LogHistogram", () => {
  test("agrees with a sorted list", () => {
    fc.assert(
      fc.property(
        fc.array(inRange, { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const histogram = filled(values);
          const sorted = values.toSorted((left, right) => left - right);
          const exact = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] ?? Number.NaN;
          expect(Math.abs(histogram.quantile(q) - exact)).toBeLessThanOrEqual(exact * 0.0315);
          expect(histogram.count).toBe(values.length);
          expect(histogram.min).toBe(sorted[0]);
          expect(histogram.max).toBe(sorted.at(-1));
          expect(histogram.mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 5);
        },
      ),
      replay,
    );
  });

  test("has nothing to say while empty", () => {
    const { count, mean, min, max } = new LogHistogram();
    expect({ count, mean, min, max, median: new LogHistogram().quantile(0.5) }).toEqual({
      count: 0,
      mean: 0,
      min: 0,
      max: 0,
      median: 0,
    });
  });

  test.each([0, -5, 1e-9, 1e300, Infinity])("takes %d, though it lies beyond its buckets", (value) => {
    const histogram = filled([value]);
    expect(histogram.count).toBe(1);
    expect(histogram.quantile(0.5)).toBe(value);
  });

  test("does not count NaN", () => {
    expect(filled([Number.NaN]).count).toBe(0);
  });

  test.each([
    [-1, 1],
    [2, 3],
  ])("takes the nearest share for %d", (q, expected) => {
    expect(Math.round(filled([1, 2, 3]).quantile(q))).toBe(expected);
  });
});
