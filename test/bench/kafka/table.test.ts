/** The tables with Kafka say what the rounds said: medians, and ratios that are made within a round. */
import { expect, test } from "vitest";
import type { SpeedResult, Way } from "../../../bench/kafka/part.ts";
import { latencyRows, speedRows } from "../../../bench/kafka/table.ts";
import type { Round } from "../../../bench/kafka/table.ts";

function round(tookMs: Readonly<Partial<Record<Way, number>>>): Round {
  const speeds = Object.entries(tookMs).map(
    ([way, ms]): SpeedResult => ({ work: "writing", way: way as Way, tookMs: ms, cpuMs: ms / 2 }), // as above
  );
  return { speeds, latencies: [] };
}

test("ratios are those of the middle round, each with the bare loop beside it", () => {
  const rounds = [
    round({ "bare loop": 1_000, "at least once": 500 }),
    // A slow spell, which both have met.
    round({ "bare loop": 9_000, "at least once": 3_000 }),
    round({ "bare loop": 1_000, "at least once": 1_000 }),
  ];
  const [bare, ours] = speedRows(rounds, 100_000);
  expect(bare).toMatchObject({ work: "writing", how: "bare loop", "k records/s": 100, "of bare loop": 1 });
  expect(ours).toMatchObject({
    how: "at least once",
    "k records/s": 100,
    "of bare loop": 2,
    "from … to": "1.00 … 3.00",
    "CPU µs per record": 5,
    "of bare loop, by CPU": 2,
  });
});

test("parts that were left out have no row", () => {
  expect(speedRows([round({ "bare loop": 10 })], 1).map(({ how }) => how)).toEqual(["bare loop"]);
  expect(speedRows([round({ "at least once": 10 })], 1)).toEqual([]);
  expect(latencyRows([round({ "bare loop": 10 })])).toEqual([]);
});

test("latencies are medians, but the longest of all rounds counts", () => {
  const rounds = [3, 90, 4].map((ms): Round => {
    const figures = { p50Ms: ms, p99Ms: ms * 2, longestMs: ms * 3, producerP50Ms: 1, producerP99Ms: ms };
    return { speeds: [], latencies: [{ guarantee: "exactly once", intervalMs: 100, figures }] };
  });
  expect(latencyRows(rounds)).toEqual([
    {
      guarantee: "exactly once",
      "checkpoint every (ms)": 100,
      "p50 (ms)": 4,
      "p99 (ms)": 8,
      "longest (ms)": 270,
      "producer p50 (ms)": 1,
      "producer p99 (ms)": 4,
    },
  ]);
});
