/** How far time has come at each operator, by its metrics: along a chain, through operators that keep time back, on each of several inputs. */
import { describe, expect, test } from "vitest";
import type { MetricValue } from "../../../core/index.ts";
import { value, WatermarkStrategy } from "../../../core/index.ts";
import type { Collector, KeyedProcessFunction } from "../../../core/index.ts";
import type { LocalJob } from "../../../core/cluster/local-job.ts";
import { createOperator } from "../../../core/operators/keyed-process.ts";
import { Gate } from "../../sim/gate.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";
import { Scene } from "../cluster/scene.ts";

/** `in`, `out`, and those of several inputs, of one operator. */
function watermarksOf(job: LocalJob, operator: string): Record<string, MetricValue> {
  return Object.fromEntries(
    job
      .metrics()
      .filter(({ name, scope }) => name.endsWith("Watermark") && (scope.operator ?? scope.task) === operator)
      .map(({ name, value: ms }) => [name.replace(/^current(?<side>.*)Watermark$/, "$<side>"), ms]),
  );
}

describe("the watermarks of operators", () => {
  test("are passed on along a chain and to the next task", async () => {
    const scene = new Scene();
    const env = scene.env();
    const kept = scene
      .numbers(env, 100)
      .map((n) => n)
      .name("before")
      .keyBy((n) => n % 7)
      .process({
        state: { seen: value({ default: 0 }) },
        processElement: (n, _ctx, out: Collector<number>) => out.collect(n),
      })
      .name("keyed")
      .uid("keyed")
      .map((n) => n)
      .name("after");
    scene.commit(kept);
    await scene.play(async () => {
      const job = scene.start(env);
      scene.gate.closeAt(50);
      await scene.gate.reached(50);
      await scene.pause(100);
      expect(watermarksOf(job, "Source: numbers")).toEqual({ Output: 48 });
      for (const name of ["before", "keyed", "after"])
        expect(watermarksOf(job, name)).toEqual({ Input: 48, Output: 48 });
      expect(watermarksOf(job, "keyed -> after -> Sink: out")).toEqual({ Input: 48 });
      expect(watermarksOf(job, "Sink: out")).toEqual({ Input: 48 });
      scene.gate.open();
      await job.result();
      expect(watermarksOf(job, "after")).toEqual({ Input: Infinity, Output: Infinity });
    });
  });

  test("are made anew by an assigner", async () => {
    const scene = new Scene();
    const env = scene.env();
    scene.commit(
      scene
        .numbers(env, 100, { strategy: WatermarkStrategy.noWatermarks<number>() })
        .map((n) => n)
        .name("before")
        .assignTimestampsAndWatermarks(
          WatermarkStrategy.forMonotonousTimestamps<number>().withTimestampAssigner((n) => n * 10),
        )
        .name("assigner")
        .map((n) => n)
        .name("after"),
    );
    await scene.play(async () => {
      const job = scene.start(env);
      scene.gate.closeAt(50);
      await scene.gate.reached(50);
      await scene.pause(100);
      expect(watermarksOf(job, "before")).toEqual({ Input: -Infinity, Output: -Infinity });
      expect(watermarksOf(job, "assigner")).toEqual({ Input: -Infinity, Output: 489 });
      expect(watermarksOf(job, "after")).toEqual({ Input: 489, Output: 489 });
      scene.gate.open();
      await job.result();
    });
  });

  test("are told for each of two inputs, and together", async () => {
    const scene = new Scene();
    const env = scene.env();
    const [left, right] = [new Gate(), new Gate()];
    left.closeAt(30);
    right.closeAt(60);
    scene.commit(
      scene
        .numbers(env, 100, { name: "left", gate: left, splits: 2 })
        .connect(scene.numbers(env, 100, { name: "right", gate: right }))
        .process({
          processElement1: (n, _ctx, out: Collector<number>) => out.collect(n),
          processElement2: (n, _ctx, out: Collector<number>) => out.collect(n),
        })
        .name("both")
        .uid("both"),
    );
    await scene.play(async () => {
      const job = scene.start(env);
      await Promise.all([left.reached(30), right.reached(60)]);
      await scene.pause(100);
      const told = watermarksOf(job, "both");
      const source = watermarksOf(job, "Source: left")["Output"];
      expect(told).toEqual({ Input: source, Input1: source, Input2: 58, Output: source });
      expect(Number(source)).toBeLessThan(58);
      left.open();
      right.open();
      await job.result();
    });
  });

  test("come out once the timers up to there have fired", () => {
    const process: KeyedProcessFunction<number, number, number> = {
      processElement: (n, ctx) => ctx.timers.registerEventTime(n),
      onTimer: (timeMs, _ctx, out) => out.collect(timeMs),
    };
    const harness = new OperatorHarness({
      create: (services) => createOperator<number, number, number>(services, { process, keyOf: () => 0 }),
      keyed: true,
    });
    const out = (): unknown => harness.metrics.read("currentOutputWatermark");
    for (const n of [10, 20, 30]) harness.processRecord(n, n);
    harness.processWatermark(5);
    expect(out()).toBe(5);
    harness.makeRoom(2);
    harness.processWatermark(35);
    expect([harness.values, out()]).toEqual([[10, 20], 5]);
    harness.makeRoom();
    expect([harness.values, out()]).toEqual([[10, 20, 30], 35]);
  });
});
