/** The stop-watch of the benchmark with Kafka: it ends with the last record, and measures nothing where one is missing. */
import { expect, test } from "vitest";
import { StopWatch } from "../../../bench/kafka/stop-watch.ts";

test("ends with the last record", async () => {
  const watch = new StopWatch(2);
  watch.see(1);
  watch.see(1);
  await watch.allSeen;
  const { tookMs, cpuMs } = watch.taken();
  expect(tookMs).toBeGreaterThanOrEqual(0);
  expect(cpuMs).toBeGreaterThanOrEqual(0);
});

test("tells of records that are missing, or that come twice", () => {
  const watch = new StopWatch(2);
  watch.see(1);
  expect(() => watch.taken()).toThrow("1 of 2 records");
  watch.see(1);
  watch.see(1);
  expect(() => watch.taken()).toThrow("3 of 2 records");
});
