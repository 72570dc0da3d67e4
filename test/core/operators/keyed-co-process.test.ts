/** The operator of two keyed inputs: shared state and timers, the watermark of both. */
import { describe, expect, test } from "vitest";
import type { KeyedCoProcessFunction } from "../../../core/operators/contracts/functions.ts";
import { createOperator } from "../../../core/operators/keyed-co-process.ts";
import { list, value } from "../../../core/state/descriptors.ts";
import type { ListDescriptor, ValueDescriptor } from "../../../core/state/descriptors.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";
import type { HarnessOptions } from "../../harness/operator-harness.ts";

interface Order {
  readonly id: string;
  readonly dueMs: number;
}
interface Payment {
  readonly order: string;
  readonly amount: number;
}
type State = { readonly order: ValueDescriptor<Order, Order | undefined>; readonly payments: ListDescriptor<number> };

/** Matches payments with their order; says at the order's due time what was paid. */
const paid: KeyedCoProcessFunction<string, Order, Payment, string, State> = {
  state: { order: value<Order>(), payments: list<number>() },
  processElement1(order, ctx) {
    ctx.state.order.update(order);
    ctx.timers.registerEventTime(order.dueMs);
  },
  processElement2(payment, ctx) {
    ctx.state.payments.add(payment.amount);
    ctx.timers.registerProcessingTime(1_000);
  },
  onTimer(timeMs, ctx, out) {
    const sum = ctx.state.payments.get().reduce((left, right) => left + right, 0);
    out.collect(`${ctx.key} ${ctx.timeDomain} ${timeMs}: ${sum} for ${ctx.state.order.value()?.id}`);
  },
};

function harnessOf(options: Omit<HarnessOptions, "create" | "keyed"> = {}): OperatorHarness {
  return new OperatorHarness({
    create: (services) =>
      createOperator<string, Order, Payment, string>(services, {
        process: paid,
        keyOf1: (order) => order.id,
        keyOf2: (payment) => payment.order,
      }),
    keyed: true,
    ...options,
  });
}

describe("keyedCoProcess", () => {
  test("both inputs see the state of the key; timers follow the slower input", () => {
    const harness = harnessOf();
    harness.processRecord({ id: "a", dueMs: 10 }, 1, 0);
    harness.processRecord({ order: "a", amount: 5 }, 2, 1);
    harness.processRecord({ order: "b", amount: 9 }, 2, 1);
    harness.processRecord({ order: "a", amount: 6 }, 3, 1);
    harness.processWatermark(20, 0);
    expect(harness.log).toEqual([]);
    harness.processWatermark(12, 1);
    expect(harness.log).toEqual([
      { kind: "record", value: "a event 10: 11 for a", timestampMs: 10 },
      { kind: "watermark", watermarkMs: 12 },
    ]);
    harness.advance(1_000);
    expect(harness.values.slice(1).map(String).toSorted()).toEqual([
      "a processing 1000: 11 for a",
      "b processing 1000: 9 for undefined",
    ]);
  });

  test("an input that ended holds nobody back", () => {
    const harness = harnessOf();
    harness.processRecord({ id: "a", dueMs: 10 }, 1, 0);
    harness.endInput(1);
    harness.processIdle(true, 0);
    expect(harness.log).toEqual([{ kind: "idle", idle: true }]);
    harness.processIdle(false, 0);
    harness.processWatermark(10, 0);
    expect(harness.log.slice(1)).toEqual([
      { kind: "idle", idle: false },
      { kind: "record", value: "a event 10: 0 for a", timestampMs: 10 },
      { kind: "watermark", watermarkMs: 10 },
    ]);
  });

  test("interrupted between two timers, it goes on after a restore", () => {
    const first = harnessOf();
    for (const dueMs of [1, 2, 3]) first.processRecord({ id: `order-${dueMs}`, dueMs }, 0, 0);
    first.processWatermark(5, 1);
    first.makeRoom(1);
    first.processWatermark(4, 0);
    expect(first.operator.pending).toBe("interruptible");
    const saved = first.trySnapshot(1);
    const second = harnessOf({ restored: saved === undefined ? [] : [saved] });
    expect([...first.values, ...second.values].map((text) => String(text).slice(0, 7))).toEqual([
      "order-1",
      "order-2",
      "order-3",
    ]);
    expect(second.watermarks).toEqual([4]);
    first.makeRoom();
    expect([first.values.length, first.watermarks]).toEqual([3, [4]]);
  });
});
