/** The tables say what the rounds said: medians, ratios, the longest pause of all rounds, and Nexmark without its generator. */
import { expect, test } from "vitest";
import { netRows, figureRows, speedRow } from "../../bench/table.ts";
import type { Measured } from "../../bench/table.ts";
import type { Part, PartResult } from "../../bench/measure/part.ts";

function measured(name: string, tookMs: Readonly<Partial<Record<Part, readonly number[]>>>): Measured {
  const results = Object.entries(tookMs).flatMap(([part, times]) =>
    times.map((ms, round): PartResult => ({
      index: 0,
      part: part as Part, // as above
      tookMs: ms,
      peakMb: 100 + round,
      figures: { "p50 (ms)": ms, "longest pause (ms)": ms },
    })),
  );
  return { bench: { name, module: "", records: 1_000_000 }, records: 1_000_000, results };
}

test("speeds are those of the middle round, ratios are between them", () => {
  const row = speedRow(measured("chain", { "1": [100, 10, 50], "2": [25, 25, 900], plain: [20, 10, 10] }), {
    chain: 0.1,
  });
  expect(row).toMatchObject({
    "M/s at 1": 20,
    "M/s at 2": 40,
    "2 : 1": 2,
    "of plain loop": 0.2,
    "x baseline": 2,
    "x Flink at 1": 1,
    "x Flink at 2": 1.2,
    "peak MB at 1": 102,
  });
});

test("what was not measured stays empty", () => {
  const row = speedRow(measured("something of our own", { "1": [10] }), {});
  expect(row).toMatchObject({
    "M/s at 1": 100,
    "M/s at 2": "",
    "2 : 1": "",
    "of plain loop": "",
    Flink: "",
    "x Flink at 1": "",
  });
});

test("figures are medians, but the longest of all rounds counts", () => {
  const [row] = figureRows(measured("latency", { "1": [3, 9, 4] }));
  expect(row?.figures).toEqual({ "p50 (ms)": 4, "longest pause (ms)": 9 });
});

test("Nexmark: what a query costs beyond the generator, on both sides", () => {
  const rows = netRows([
    measured("nexmark: generator alone", { "1": [200] }),
    measured("nexmark q4", { "1": [463] }),
    measured("nexmark q12", { "1": [300] }),
  ]);
  // Flink: 1.9 M/s are 526 ns, of which the generator takes 100.
  expect(rows.map((row) => [row.query, row["net ns"], row["Flink's net ns"]])).toEqual([
    ["q4", 263, 426],
    ["geometric mean", 263, 426],
  ]);
  expect(rows[0]?.["x Flink, net"]).toBeCloseTo(1.6);
});
