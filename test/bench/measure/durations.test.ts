/**
 * Goal:   quantiles of the histogram are those of the sorted list, to the width of a bucket, also put together from several files.
 * Method: random durations against sorting them.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Durations } from "../../../bench/measure/durations.ts";

const replay = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

const lists = fc.array(fc.double({ min: 0.001, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 60 });

test("quantiles are those of the sorted durations, within two percent", () => {
  fc.assert(
    fc.property(lists, fc.double({ min: 0.01, max: 1, noNaN: true }), (list, share) => {
      const durations = new Durations();
      for (const ms of list) durations.record(ms);
      const sorted = list.toSorted((left, right) => left - right);
      const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
      const found = durations.quantile(share);
      expect(found).toBeGreaterThanOrEqual(exact * 0.999_99);
      expect(found).toBeLessThanOrEqual(exact * 1.020_01);
      expect(durations.longestMs).toBe(sorted.at(-1));
    }),
    { numRuns: 300, ...replay },
  );
});

test("files of several subtasks are one histogram", () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-durations-"));
  try {
    for (const ms of [1, 2, 3]) {
      const durations = new Durations();
      durations.record(ms);
      durations.save(directory, "latencies");
    }
    const all = Durations.load(directory, "latencies");
    expect(all.longestMs).toBe(3);
    expect(all.quantile(0.5)).toBeCloseTo(2, 1);
    expect(Durations.load(directory, "others").quantile(0.5)).toBe(0);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
