/** The operator of `map`: functions and objects, and what passes untouched. */
import { expect, test } from "vitest";
import type { MapFunction } from "../../../core/operators/contracts/functions.ts";
import { createOperator } from "../../../core/operators/map.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";

class Times {
  readonly #factor: number;

  constructor(factor: number) {
    this.#factor = factor;
  }

  map(value: number): number {
    return value * this.#factor;
  }
}

test.each<[string, MapFunction<number, number>]>([
  ["a function", (value) => value * 2],
  ["an object", new Times(2)],
])("maps with %s and keeps timestamps, watermarks and idleness", (_, map) => {
  const harness = new OperatorHarness({ create: (services) => createOperator<number, number>(services, { map }) });
  harness.processRecord(1, 10);
  harness.processWatermark(10);
  harness.processIdle(true);
  harness.processRecord(2);
  expect(harness.log).toEqual([
    { kind: "record", value: 2, timestampMs: 10 },
    { kind: "watermark", watermarkMs: 10 },
    { kind: "idle", idle: true },
    { kind: "record", value: 4, timestampMs: -Infinity },
  ]);
});
