/** The operator of `assignTimestampsAndWatermarks`: stamping, periodic watermarks, idleness, restore and rescale. */
// covers: core/operators/saved-generator.ts
import { describe, expect, test } from "vitest";
import { createOperator } from "../../../core/operators/timestamps.ts";
import { WatermarkStrategy } from "../../../core/time/watermark-strategy.ts";
import type { WatermarkGenerator } from "../../../core/time/watermark-strategy.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";
import type { HarnessOptions } from "../../harness/operator-harness.ts";
import type { HarnessSnapshot } from "../../harness/harness-state.ts";

interface Event {
  readonly at: number;
}

const assigned = WatermarkStrategy.forMonotonousTimestamps<Event>().withTimestampAssigner((event) => event.at);

function harnessOf(strategy: WatermarkStrategy<Event>, options: Omit<HarnessOptions, "create"> = {}): OperatorHarness {
  return new OperatorHarness({ create: (services) => createOperator<Event>(services, { strategy }), ...options });
}

function savedBy(harness: OperatorHarness): HarnessSnapshot {
  const saved = harness.trySnapshot(1);
  if (saved === undefined) throw new Error("nothing stands in the way of a barrier");
  return saved;
}

describe("timestamps", () => {
  test("stamps at once, emits watermarks periodically, ignores those of upstream but the last", () => {
    const harness = harnessOf(assigned);
    harness.processRecord({ at: 500 }, 3);
    harness.processWatermark(10_000);
    harness.processIdle(true);
    expect(harness.log).toEqual([{ kind: "record", value: { at: 500 }, timestampMs: 500 }]);
    harness.advance(200);
    harness.advance(200);
    expect(harness.watermarks).toEqual([499]);
    harness.processWatermark(Infinity);
    expect(harness.watermarks).toEqual([499, Infinity]);
  });

  test("never takes a watermark back", () => {
    const eager: WatermarkGenerator<Event> = {
      onEvent: (event, _, out) => out.emitWatermark(event.at),
      onPeriodicEmit: () => undefined,
    };
    const harness = harnessOf(WatermarkStrategy.forGenerator(() => eager));
    for (const at of [5, 3, NaN, 5, 6]) harness.processRecord({ at }, 0);
    expect(harness.watermarks).toEqual([5, 6]);
  });

  test("is idle when quiet, active with the next record, and not idle while back-pressured", () => {
    const harness = harnessOf(assigned.withIdleness(500), { config: { "pipeline.auto-watermark-interval": 100 } });
    harness.processRecord({ at: 1 });
    harness.makeRoom(0);
    harness.advance(5_000);
    expect(harness.log.filter((entry) => entry.kind === "idle")).toEqual([]);
    harness.makeRoom();
    harness.advance(500);
    harness.advance(500);
    expect(harness.log.at(-1)).toEqual({ kind: "idle", idle: true });
    harness.processRecord({ at: 2 });
    expect(harness.log.slice(-2)).toEqual([
      { kind: "idle", idle: false },
      { kind: "record", value: { at: 2 }, timestampMs: 2 },
    ]);
  });

  test("goes on from its own generator, or from the furthest behind after a rescale", () => {
    const [ahead, behind] = [
      harnessOf(assigned, { parallelism: 2 }),
      harnessOf(assigned, { parallelism: 2, subtaskIndex: 1 }),
    ];
    ahead.processRecord({ at: 900 });
    behind.processRecord({ at: 100 });
    for (const harness of [ahead, behind]) harness.advance(200);
    const restored = [savedBy(ahead), savedBy(behind)];
    const same = harnessOf(assigned, { restored, parallelism: 2 });
    expect(same.watermarks).toEqual([899]);
    const third = harnessOf(assigned, { restored, parallelism: 3, subtaskIndex: 2 });
    third.advance(1_000);
    expect(third.watermarks).toEqual([99]);
  });

  test("a restored generator knows more than its last watermark", () => {
    const first = harnessOf(assigned);
    first.processRecord({ at: 100 });
    const second = harnessOf(assigned, { restored: [savedBy(first)] });
    expect(second.watermarks).toEqual([]);
    second.advance(200);
    expect(second.watermarks).toEqual([99]);
  });

  test("the end of the input is not saved: what goes on after a drain does not begin at the end of time", () => {
    const first = harnessOf(assigned);
    first.processRecord({ at: 100 });
    first.advance(200);
    first.processWatermark(Infinity);
    expect(first.watermarks).toEqual([99, Infinity]);
    const second = harnessOf(assigned, { restored: [savedBy(first)] });
    second.processRecord({ at: 110 });
    second.advance(200);
    expect(second.watermarks).toEqual([99, 109]);
  });

  test("does not ask the generator of an idle input: one that follows the clock would wake it with every tick", () => {
    let now = 0;
    const byClock: WatermarkGenerator<Event> = {
      onEvent: () => undefined,
      onPeriodicEmit: (out) => out.emitWatermark(++now),
    };
    const harness = harnessOf(WatermarkStrategy.forGenerator(() => byClock).withIdleness(500));
    harness.processRecord({ at: 1 }, 0);
    harness.advance(2_000);
    expect(harness.log.slice(-1)).toEqual([{ kind: "idle", idle: true }]);
    expect(harness.watermarks).toEqual([1, 2, 3]);
    harness.processRecord({ at: 2 }, 0);
    harness.advance(200);
    expect(harness.log.slice(-3)).toMatchObject([
      { kind: "idle", idle: false },
      { kind: "record" },
      { kind: "watermark", watermarkMs: 4 },
    ]);
  });

  test.each([undefined, null, NaN, Infinity, "soon", "12"])("refuses %s as a timestamp", (at) => {
    expect(() => harnessOf(assigned).processRecord({ at })).toThrow("MR3021");
  });
});
