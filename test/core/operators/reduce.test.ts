/** The operator of `reduce`: rolling, per key, restored. */
import { expect, test } from "vitest";
import { createOperator } from "../../../core/operators/reduce.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";
import type { HarnessOptions } from "../../harness/operator-harness.ts";

interface Sale {
  readonly shop: string;
  readonly sum: number;
}

const create: HarnessOptions["create"] = (services) =>
  createOperator<string, Sale>(services, {
    reduce: (left, right) => ({ shop: left.shop, sum: left.sum + right.sum }),
    keyOf: (sale) => sale.shop,
  });

test("emits the reduction so far for each record, per key, and goes on after a restore", () => {
  const first = new OperatorHarness({ create, keyed: true });
  for (const [shop, sum] of [
    ["a", 1],
    ["b", 10],
    ["a", 2],
  ] as const)
    first.processRecord({ shop, sum }, sum);
  first.processWatermark(10);
  expect(first.log).toEqual([
    { kind: "record", value: { shop: "a", sum: 1 }, timestampMs: 1 },
    { kind: "record", value: { shop: "b", sum: 10 }, timestampMs: 10 },
    { kind: "record", value: { shop: "a", sum: 3 }, timestampMs: 2 },
    { kind: "watermark", watermarkMs: 10 },
  ]);
  const saved = first.trySnapshot(1);
  const second = new OperatorHarness({ create, keyed: true, restored: saved === undefined ? [] : [saved] });
  second.processRecord({ shop: "a", sum: 4 });
  second.processIdle(true);
  expect(second.log).toEqual([
    { kind: "record", value: { shop: "a", sum: 7 }, timestampMs: -Infinity },
    { kind: "idle", idle: true },
  ]);
});

test("takes an object with a method", () => {
  const highest = { reduce: (left: number, right: number): number => Math.max(left, right) };
  const harness = new OperatorHarness({
    create: (services) => createOperator<string, number>(services, { reduce: highest, keyOf: () => "all" }),
    keyed: true,
  });
  for (const sum of [3, 1, 5]) harness.processRecord(sum);
  expect(harness.values).toEqual([3, 3, 5]);
});
