/** Watermark strategies: the built-in generators, their state, types, refusals. */
import { describe, expect, expectTypeOf, test } from "vitest";
import { WatermarkStrategy } from "../../../core/time/watermark-strategy.ts";
import type { WatermarkGenerator, WatermarkOutput } from "../../../core/time/watermark-strategy.ts";

function recorder(): WatermarkOutput & { readonly watermarks: number[] } {
  const watermarks: number[] = [];
  return {
    watermarks,
    emitWatermark: (watermarkMs) => void watermarks.push(watermarkMs),
    markIdle: () => undefined,
    markActive: () => undefined,
  };
}

function feed<T>(generator: WatermarkGenerator<T>, out: WatermarkOutput, ...timestamps: readonly [T, number][]): void {
  for (const [value, timestampMs] of timestamps) generator.onEvent(value, timestampMs, out);
}

describe("WatermarkStrategy", () => {
  test("trails the highest timestamp by the bound and 1 ms", () => {
    const out = recorder();
    const generator = WatermarkStrategy.forBoundedOutOfOrderness<string>("10s").createGenerator(undefined);
    feed(generator, out, ["a", 20_000], ["b", 50_000], ["c", 45_000]);
    expect(out.watermarks).toEqual([]);
    generator.onPeriodicEmit(out);
    expect(out.watermarks).toEqual([39_999]);
  });

  test("monotonous timestamps trail by 1 ms", () => {
    const out = recorder();
    const generator = WatermarkStrategy.forMonotonousTimestamps<string>().createGenerator(undefined);
    generator.onPeriodicEmit(out);
    feed(generator, out, ["a", 7]);
    generator.onPeriodicEmit(out);
    expect(out.watermarks).toEqual([-Infinity, 6]);
  });

  test("a generator goes on from what was saved", () => {
    const strategy = WatermarkStrategy.forMonotonousTimestamps<string>();
    const [first, out] = [strategy.createGenerator(undefined), recorder()];
    feed(first, out, ["a", 100]);
    strategy.createGenerator(first.snapshot?.()).onPeriodicEmit(out);
    expect(out.watermarks).toEqual([99]);
  });

  test("noWatermarks emits nothing", () => {
    const out = recorder();
    const generator = WatermarkStrategy.noWatermarks<string>().createGenerator(undefined);
    feed(generator, out, ["a", 100]);
    generator.onPeriodicEmit(out);
    expect(out.watermarks).toEqual([]);
  });

  test("the annotated parameter of the assigner sets the type", () => {
    interface Click {
      readonly atMs: number;
    }
    const strategy = WatermarkStrategy.forBoundedOutOfOrderness("5s")
      .withTimestampAssigner((click: Click) => click.atMs)
      .withIdleness("1min");
    expectTypeOf(strategy).toEqualTypeOf<WatermarkStrategy<Click>>();
    expect(strategy.timestampAssigner?.({ atMs: 3 }, -Infinity)).toBe(3);
    expect(strategy.idlenessMs).toBe(60_000);
  });

  test("each choice leaves the others as they are", () => {
    const assigner = (click: string): number => click.length;
    const choices: readonly ((strategy: WatermarkStrategy<string>) => WatermarkStrategy<string>)[] = [
      (strategy) => strategy.withTimestampAssigner(assigner),
      (strategy) => strategy.withIdleness("1min"),
      (strategy) => strategy.withWatermarkAlignment("clicks", "30s", "2s"),
    ];
    const alignment = { group: "clicks", maxDriftMs: 30_000, updateIntervalMs: 2_000 };
    for (const order of [choices, choices.toReversed()]) {
      const start = WatermarkStrategy.forMonotonousTimestamps<string>();
      const {
        timestampAssigner,
        idlenessMs,
        alignment: chosen,
      } = order.reduce((strategy, choose) => choose(strategy), start);
      expect([timestampAssigner, idlenessMs, chosen]).toEqual([assigner, 60_000, alignment]);
      expect(start.alignment).toBeUndefined();
    }
  });

  test("aligns every second, unless it is told otherwise, and refuses what is no alignment", () => {
    const start = WatermarkStrategy.forMonotonousTimestamps<string>();
    expect(start.withWatermarkAlignment("g", 0).alignment).toEqual({
      group: "g",
      maxDriftMs: 0,
      updateIntervalMs: 1_000,
    });
    expect(() => start.withWatermarkAlignment(" ", 1)).toThrow("MR1053");
    expect(() => start.withWatermarkAlignment("g", -1)).toThrow("MR1003");
    expect(() => start.withWatermarkAlignment("g", "soon" as never)).toThrow("MR1001");
    expect(() => start.withWatermarkAlignment("g", 1, 0)).toThrow("MR1002");
  });

  test("refuses what is no bound and no timeout", () => {
    expect(() => WatermarkStrategy.forBoundedOutOfOrderness(-1)).toThrow("MR1003");
    expect(() => WatermarkStrategy.forMonotonousTimestamps().withIdleness(0)).toThrow("MR1002");
  });

  test("refuses what is no function", () => {
    expect(() => WatermarkStrategy.forMonotonousTimestamps().withTimestampAssigner("at" as never)).toThrow("MR1064");
    expect(() => WatermarkStrategy.forGenerator({} as never)).toThrow("MR1064");
  });
});
