/** The operator of `process` without a key: outputs, declared state, what the context tells. */
// covers: core/operators/declared-state.ts
import { describe, expect, expectTypeOf, test } from "vitest";
import { OutputTag } from "../../../core/operators/contracts/functions.ts";
import type { ProcessFunction } from "../../../core/operators/contracts/functions.ts";
import { createOperator } from "../../../core/operators/process.ts";
import { operatorList, value } from "../../../core/state/descriptors.ts";
import type { OperatorListDescriptor } from "../../../core/state/descriptors.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";

const refused = new OutputTag<string>("refused");

const lengths: ProcessFunction<string, number, { seen: OperatorListDescriptor<string> }> = {
  state: { seen: operatorList<string>() },
  processElement(text, ctx, out) {
    expectTypeOf(ctx.state.seen.get()).toEqualTypeOf<readonly string[]>();
    if (text === "") return ctx.output(refused, `empty at ${ctx.timestampMs}`);
    ctx.state.seen.add(text);
    out.collect(text.length + ctx.state.seen.get().length * 100);
  },
};

describe("process", () => {
  test("emits on main and side outputs, stamped with the record's time", () => {
    const harness = new OperatorHarness({
      create: (services) => createOperator<string, number>(services, { process: lengths }),
    });
    harness.processRecord("four", 4);
    harness.processRecord("", 5);
    harness.processWatermark(5);
    expect(harness.log).toEqual([
      { kind: "record", value: 104, timestampMs: 4 },
      { kind: "side", tag: "refused", value: "empty at 5", timestampMs: 5 },
      { kind: "watermark", watermarkMs: 5 },
    ]);
    expect(harness.operator.watermarkMs).toBe(5);
  });

  test("drops what nobody reads", () => {
    const harness = new OperatorHarness({
      create: (services) => createOperator<string, number>(services, { process: lengths }),
      sideOutputs: [],
    });
    harness.processRecord("", 5);
    expect(harness.log).toEqual([]);
  });

  test("operator lists and the watermark survive a restore", () => {
    const create: ConstructorParameters<typeof OperatorHarness>[0]["create"] = (services) =>
      createOperator<string, number>(services, { process: lengths });
    const first = new OperatorHarness({ create });
    first.processRecord("one", 1);
    first.processWatermark(1);
    const saved = first.trySnapshot(1);
    const second = new OperatorHarness({ create, restored: saved === undefined ? [] : [saved] });
    expect(second.operator.watermarkMs).toBe(1);
    second.processRecord("two", 2);
    expect(second.values).toEqual([203]);
  });

  test("tells time and task", () => {
    const seen: unknown[] = [];
    const harness = new OperatorHarness({
      create: (services) =>
        createOperator<number, never>(services, {
          process: {
            processElement: (_, ctx) =>
              void seen.push([ctx.processingTimeMs(), ctx.currentWatermarkMs, ctx.timestampMs, ctx.task.name]),
          },
        }),
    });
    harness.advance(50);
    harness.processWatermark(7);
    harness.processRecord(1, 9);
    expect(seen).toEqual([[50, 7, 9, "operator"]]);
  });

  test("refuses keyed state", () => {
    const process: ProcessFunction<number, number> = {
      state: { count: value({ default: 0 }) },
      processElement: () => undefined,
    };
    expect(
      () => new OperatorHarness({ create: (services) => createOperator<number, number>(services, { process }) }),
    ).toThrow(/MR1051.*"count"/);
  });
});
