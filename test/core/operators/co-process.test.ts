/** The operator of `connect(...).process` without keys: two sides, one watermark. */
// covers: core/operators/two-inputs.ts
import { describe, expect, test } from "vitest";
import type { CoProcessFunction } from "../../../core/operators/contracts/functions.ts";
import { createOperator } from "../../../core/operators/co-process.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";
import type { HarnessOptions } from "../../harness/operator-harness.ts";

const tagged: CoProcessFunction<number, string, unknown> = {
  processElement1: (value, ctx, out) => out.collect([1, value, ctx.currentWatermarkMs]),
  processElement2: (value, ctx, out) => out.collect([2, value, ctx.timestampMs]),
};
const create: HarnessOptions["create"] = (services) =>
  createOperator<number, string, unknown>(services, { process: tagged });

describe("coProcess", () => {
  test("keeps the two sides apart and takes the minimum of their watermarks", () => {
    const harness = new OperatorHarness({ create });
    harness.processWatermark(10, 0);
    harness.processWatermark(4, 1);
    harness.processRecord(1, 11, 0);
    harness.processRecord("a", 5, 1);
    harness.processWatermark(12, 1);
    expect(harness.values).toEqual([
      [1, 1, 4],
      [2, "a", 5],
    ]);
    expect(harness.watermarks).toEqual([4, 10]);
    expect(harness.operator.watermarkMs).toBe(10);
  });

  test("an idle input holds nobody back, and one that ended does not speak for it", () => {
    const harness = new OperatorHarness({ create });
    harness.processWatermark(5, 1);
    harness.processIdle(true, 1);
    harness.processWatermark(7, 0);
    harness.processWatermark(Infinity, 0);
    harness.endInput(0);
    expect(harness.log).toEqual([
      { kind: "watermark", watermarkMs: 7 },
      { kind: "idle", idle: true },
    ]);
    harness.processIdle(false, 1);
    harness.processWatermark(Infinity, 1);
    harness.endInput(1);
    expect(harness.log.slice(2)).toEqual([
      { kind: "idle", idle: false },
      { kind: "watermark", watermarkMs: Infinity },
    ]);
  });

  test("starts from the restored watermark, which it repeats", () => {
    const first = new OperatorHarness({ create });
    first.processWatermark(9, 0);
    first.processWatermark(8, 1);
    const saved = first.trySnapshot(1);
    const second = new OperatorHarness({ create, restored: saved === undefined ? [] : [saved] });
    expect(second.watermarks).toEqual([8]);
    second.processWatermark(20, 0);
    expect(second.watermarks).toEqual([8]);
    second.processWatermark(21, 1);
    expect(second.watermarks).toEqual([8, 20]);
  });
});
