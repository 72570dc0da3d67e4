/** The operator of `filter`: functions and objects, and what passes untouched. */
import { expect, test } from "vitest";
import { createOperator } from "../../../core/operators/filter.ts";
import type { FilterFunction } from "../../../core/operators/contracts/functions.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";

test.each<[string, FilterFunction<number>]>([
  ["a function", (value) => value % 2 === 1],
  ["an object", { filter: (value) => value % 2 === 1 }],
])("lets pass with %s what it accepts, and every watermark", (_, filter) => {
  const harness = new OperatorHarness({ create: (services) => createOperator<number>(services, { filter }) });
  for (const value of [1, 2, 3]) harness.processRecord(value, value);
  harness.processWatermark(3);
  harness.processIdle(true);
  expect(harness.log).toEqual([
    { kind: "record", value: 1, timestampMs: 1 },
    { kind: "record", value: 3, timestampMs: 3 },
    { kind: "watermark", watermarkMs: 3 },
    { kind: "idle", idle: true },
  ]);
});
