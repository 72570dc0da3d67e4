/** The operator of `keyBy(...).process`, case by case: timers of both domains, interruption, restore, refusals. */
// covers: core/operators/event-time.ts
import { describe, expect, test } from "vitest";
import { OutputTag } from "../../../core/operators/contracts/functions.ts";
import type { KeyedProcessFunction, KeyedProcessContext } from "../../../core/operators/contracts/functions.ts";
import { createOperator } from "../../../core/operators/keyed-process.ts";
import { operatorList, value } from "../../../core/state/descriptors.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";
import type { HarnessOptions } from "../../harness/operator-harness.ts";

type Visit = readonly [user: string, atMs: number];
type Visits = KeyedProcessFunction<string, Visit, string>;

function harnessOf(process: Visits, options: Omit<HarnessOptions, "create" | "keyed"> = {}): OperatorHarness {
  return new OperatorHarness({
    create: (services) => createOperator<string, Visit, string>(services, { process, keyOf: ([user]) => user }),
    keyed: true,
    ...options,
  });
}

/** Sets a timer for each visit's time, and one 100 ms of processing time later. */
const both: Visits = {
  processElement([, atMs], ctx) {
    ctx.timers.registerEventTime(atMs);
    ctx.timers.registerProcessingTime(ctx.processingTimeMs() + 100);
  },
  onTimer: (timeMs, ctx, out) => out.collect(`${ctx.key} ${ctx.timeDomain} ${timeMs} ${ctx.currentWatermarkMs}`),
};

describe("keyedProcess", () => {
  test("stamps with the time of the record, or of the timer in either domain", () => {
    const harness = harnessOf(both);
    harness.processRecord(["ada", 50], 40);
    harness.processWatermark(60);
    harness.advance(100);
    expect(harness.log).toEqual([
      { kind: "record", value: "ada event 50 60", timestampMs: 50 },
      { kind: "watermark", watermarkMs: 60 },
      { kind: "record", value: "ada processing 100 60", timestampMs: 100 },
    ]);
  });

  test("deletes timers, and keeps one per time", () => {
    const harness = harnessOf({
      ...both,
      processElement([user, atMs], ctx) {
        ctx.timers.registerEventTime(Math.abs(atMs));
        ctx.timers.registerProcessingTime(Math.abs(atMs));
        if (atMs > 0 || user !== "ada") return;
        ctx.timers.deleteEventTime(-atMs);
        ctx.timers.deleteProcessingTime(-atMs);
      },
    });
    for (const visit of [
      ["ada", 5],
      ["ada", 5],
      ["ada", -7],
      ["bob", 7],
    ] as const)
      harness.processRecord(visit);
    harness.processWatermark(10);
    harness.advance(10);
    expect(harness.values).toEqual(["ada event 5 10", "bob event 7 10", "ada processing 5 10", "bob processing 7 10"]);
  });

  test("a full output stops the timers; the watermark and what follows it wait, a barrier does not", () => {
    const harness = harnessOf(both);
    for (const atMs of [1, 2, 3]) harness.processRecord(["ada", atMs], atMs);
    harness.makeRoom(2);
    harness.processWatermark(5);
    harness.processIdle(true);
    expect([harness.values.length, harness.operator.pending, harness.operator.watermarkMs]).toEqual([
      2,
      "interruptible",
      5,
    ]);
    expect(harness.trySnapshot(1)).toBeDefined();
    harness.processWatermark(8);
    harness.makeRoom();
    expect(harness.log.slice(2)).toEqual([
      { kind: "record", value: "ada event 3 8", timestampMs: 3 },
      { kind: "watermark", watermarkMs: 8 },
      { kind: "idle", idle: true },
    ]);
    expect(harness.operator.pending).toBe("none");
  });

  test("a restored operator fires what was due, and repeats its watermark once", () => {
    const first = harnessOf(both);
    for (const atMs of [1, 2]) first.processRecord(["ada", atMs]);
    first.makeRoom(1);
    first.processWatermark(5);
    const saved = first.trySnapshot(1);
    const second = harnessOf(both, { restored: saved === undefined ? [] : [saved] });
    second.processWatermark(5);
    expect(second.log).toEqual([
      { kind: "record", value: "ada event 2 5", timestampMs: 2 },
      { kind: "watermark", watermarkMs: 5 },
    ]);
    second.processWatermark(4);
    expect(second.watermarks).toEqual([5]);
  });

  test("state, side outputs and errors of a function", () => {
    const late = new OutputTag<string>("late");
    const seen = operatorList<string>();
    const counting: KeyedProcessFunction<
      string,
      Visit,
      string,
      { count: ReturnType<typeof value<number>>; seen: typeof seen }
    > = {
      state: { count: value<number>({ default: 0 }), seen },
      processElement([user, atMs], ctx, out) {
        if (atMs <= ctx.currentWatermarkMs) return ctx.output(late, user);
        ctx.state.seen.add(user);
        ctx.state.count.update((ctx.state.count.value() ?? 0) + 1);
        if (ctx.state.count.value() === 3) throw new Error("three is too many");
        out.collect(`${user} ${ctx.state.count.value()} of ${ctx.state.seen.get().length}`);
      },
    };
    const harness = harnessOf(counting);
    harness.processRecord(["ada", 1]);
    harness.processRecord(["bob", 1]);
    harness.processRecord(["ada", 2]);
    harness.processWatermark(5);
    harness.processRecord(["bob", 4]);
    expect([harness.values, harness.side("late")]).toEqual([["ada 1 of 1", "bob 1 of 2", "ada 2 of 3"], ["bob"]]);
    expect(() => harness.processRecord(["ada", 6])).toThrow("three is too many");
  });

  test("refuses timers without a time, and timers that nobody takes", () => {
    const register =
      (timeMs: number) =>
      (_: Visit, ctx: KeyedProcessContext<string>): void =>
        ctx.timers.registerEventTime(timeMs);
    expect(() => harnessOf({ processElement: register(NaN) }).processRecord(["ada", 1])).toThrow("MR3022");
    const harness = harnessOf({ processElement: register(3) });
    harness.processRecord(["ada", 1]);
    expect(() => harness.processWatermark(3)).toThrow("MR3023");
  });

  test("refuses keys that are none", () => {
    expect(() => harnessOf(both).processRecord([undefined as unknown as string, 1])).toThrow("MR4001");
  });
});
