/** Which parts of the benchmark with Kafka a round measures, in which order. */
import { expect, test } from "vitest";
import { planOf } from "../../../bench/kafka/plan.ts";

const names = (round: number, only: string): string[] =>
  planOf(round, only).speeds.map(({ work, way }) => `${work}, ${way}`);

test("a part never comes without the bare loop of its work", () => {
  expect(names(1, "exactly")).toEqual([
    "writing, bare loop",
    "writing, exactly once",
    "through, bare loop",
    "through, exactly once",
  ]);
  expect(names(1, "reading")).toEqual(["reading, bare loop", "reading, job"]);
  expect(planOf(1, "reading").latencies).toEqual([]);
  expect(planOf(1, "every 100 ms").latencies).toEqual([{ guarantee: "exactly once", intervalMs: 100 }]);
});

test("every other round goes backwards", () => {
  expect(names(2, "")).toEqual(names(1, "").toReversed());
  expect(names(1, "")).toHaveLength(8);
});
