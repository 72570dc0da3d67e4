/**
 * How to test a process function alone: records and watermarks go in by hand, outputs, timers and state are read, and a snapshot goes on elsewhere.
 *
 * Nothing waits: half an hour of event time passes when the test says so.
 */
import { FunctionHarness } from "millrace/testing";
import type { FunctionHarnessOptions, HarnessSnapshot } from "millrace/testing";
import { expect, test } from "vitest";
import { abandonedBaskets, WITHOUT_BASKET } from "./abandoned-baskets.ts";
import type { BasketEvent } from "./abandoned-baskets.ts";

const MINUTE_MS = 60_000;

function harnessOf(options: FunctionHarnessOptions = {}) {
  return FunctionHarness.keyedProcess(abandonedBaskets, (event: BasketEvent) => event.person, options);
}

test("reminds half an hour after the last item", async () => {
  const harness = await harnessOf();
  harness.processElement({ person: "ada", item: "tea" }, 0);
  harness.processElement({ person: "ada", item: "cup" }, 10 * MINUTE_MS);
  expect(harness.state("items", "ada").get()).toEqual(["tea", "cup"]);
  expect(harness.timerCount.event).toBe(1);

  harness.processWatermark(39 * MINUTE_MS);
  expect(harness.values).toEqual([]);
  harness.processWatermark(40 * MINUTE_MS);
  expect(harness.records).toEqual([[{ person: "ada", items: ["tea", "cup"] }, 40 * MINUTE_MS]]);
});

test("does not remind those who paid", async () => {
  const harness = await harnessOf();
  harness.processElement({ person: "ada", item: "tea" }, 0);
  harness.processElement({ person: "ada" }, MINUTE_MS);
  harness.processElement({ person: "bob" }, MINUTE_MS);
  harness.processWatermark(60 * MINUTE_MS);
  expect(harness.values).toEqual([]);
  expect(harness.side(WITHOUT_BASKET)).toEqual(["bob"]);
});

test("a basket survives a restart with twice as many subtasks", async () => {
  const people = ["ada", "bob", "eve", "joe", "kim", "leo"];
  const before = await harnessOf();
  for (const person of people) before.processElement({ person, item: "tea" }, 0);
  const restored: readonly HarnessSnapshot[] = [await before.snapshot()];

  const after = [
    await harnessOf({ restored, parallelism: 2, subtaskIndex: 0 }),
    await harnessOf({ restored, parallelism: 2, subtaskIndex: 1 }),
  ];
  for (const subtask of after) subtask.processWatermark(30 * MINUTE_MS);
  const reminded = after.flatMap(({ values }) => values.map(({ person }) => person));
  expect(reminded.toSorted()).toEqual(people);
});
