/** The built-in triggers, on the windows that they are made for. */
import { describe, expect, test } from "vitest";
import { global, session, sliding, tumbling } from "../../../../core/operators/window/assigners.ts";
import type { WindowAssigner } from "../../../../core/operators/window/assigners.ts";
import { createOperator as createMerging } from "../../../../core/operators/window/merging.ts";
import {
  continuousEventTime,
  continuousProcessingTime,
  count,
  delta,
  eventTime,
  never,
  processingTime,
  processingTimeout,
  purging,
} from "../../../../core/operators/window/triggers.ts";
import type { Trigger } from "../../../../core/operators/window/trigger.ts";
import { createOperator } from "../../../../core/operators/window/window.ts";
import { OperatorHarness } from "../../../harness/operator-harness.ts";
import { heapState } from "./heap-state.ts";

interface Read {
  readonly at: number;
}

/** Collects the numbers of each firing. */
function harnessOf(assigner: WindowAssigner<Read>, trigger: unknown, latenessMs = 0): OperatorHarness {
  const create = assigner.kind === "session" ? createMerging : createOperator;
  return new OperatorHarness({
    keyedState: heapState,
    create: (services) =>
      create<string, Read, unknown, unknown, unknown>(services as never, {
        keyOf: () => "key",
        assigner,
        trigger: trigger as Trigger<Read>, // of any state
        allowedLatenessMs: latenessMs,
        process: {
          process(_ctx, elements: Iterable<Read>, out) {
            out.collect([...elements].map(({ at }) => at).join(" "));
          },
        },
      }),
  });
}

function feed(harness: OperatorHarness, ...times: number[]): void {
  for (const at of times) harness.processRecord({ at }, at);
}

describe("count", () => {
  test("fires with every n-th record of the window, which keeps its contents", () => {
    const harness = harnessOf(tumbling<Read>(100), count<Read>(2));
    feed(harness, 1, 2, 3, 104, 4);
    expect(harness.values).toEqual(["1 2", "1 2 3 4"]);
    harness.processWatermark(99);
    expect(harness.values).toHaveLength(2);
    expect(harness.keyed?.size().cells).toBe(3);
  });

  test("purging forgets the contents with each firing", () => {
    const harness = harnessOf(global<Read>(), purging(count<Read>(2)));
    feed(harness, 1, 2, 3, 4, 5);
    expect(harness.records).toEqual([
      ["1 2", 2],
      ["3 4", 4],
    ]);
  });

  test("counts of sessions that merge add up", () => {
    const harness = harnessOf(session<Read>(10), count<Read>(3));
    feed(harness, 0, 20);
    expect(harness.values).toEqual([]);
    feed(harness, 10);
    expect(harness.values).toEqual(["0 20 10"]);
    harness.processWatermark(100);
    expect(harness.values).toHaveLength(1);
    expect(harness.keyed?.size()).toEqual({ rows: 0, cells: 0 });
  });

  test.each([0, -1, 1.5, Number.NaN])("refuses %s", (n) => {
    expect(() => count(n)).toThrow("MR1213");
  });
});

describe("event time and processing time", () => {
  test("global windows fire with eventTime at the end of the input", () => {
    const harness = harnessOf(global<Read>(), eventTime<Read>());
    feed(harness, 1, 2);
    harness.processWatermark(1_000);
    expect(harness.values).toEqual([]);
    harness.processWatermark(Infinity);
    expect(harness.values).toEqual(["1 2"]);
  });

  test("processingTime fires an event-time window by the clock", () => {
    const harness = harnessOf(tumbling<Read>(100), processingTime<Read>());
    feed(harness, 1);
    harness.advance(99);
    expect(harness.values).toEqual([]);
    harness.advance(1);
    expect(harness.values).toEqual(["1"]);
  });

  test("never never fires", () => {
    const harness = harnessOf(tumbling<Read>(100), never<Read>());
    feed(harness, 1);
    harness.processWatermark(Infinity);
    expect(harness.values).toEqual([]);
    expect(harness.keyed?.size()).toEqual({ rows: 0, cells: 0 });
  });
});

describe("continuous triggers", () => {
  test("event time: at each multiple of the interval, at the end, and for late records", () => {
    const harness = harnessOf(tumbling<Read>(100), continuousEventTime<Read>(30), 50);
    feed(harness, 5, 20);
    harness.processWatermark(30);
    expect(harness.values).toEqual(["5 20"]);
    feed(harness, 40);
    harness.processWatermark(70);
    harness.processWatermark(98);
    expect(harness.values).toEqual(["5 20", "5 20 40", "5 20 40"]);
    harness.processWatermark(99);
    expect(harness.values).toHaveLength(4);
    feed(harness, 50);
    expect(harness.values.at(-1)).toBe("5 20 40 50");
    harness.processWatermark(200);
    expect(harness.values).toHaveLength(5);
    expect(harness.keyed?.size()).toEqual({ rows: 0, cells: 0 });
  });

  test("event time on a global window ends with the input", () => {
    const harness = harnessOf(global<Read>(), continuousEventTime<Read>(30));
    feed(harness, 5);
    harness.processWatermark(100);
    harness.processWatermark(Infinity);
    expect(harness.values).toEqual(["5", "5", "5"]);
  });

  test("event time on sessions goes on with the merged window", () => {
    const harness = harnessOf(session<Read>(50), continuousEventTime<Read>(20));
    feed(harness, 0, 70);
    harness.processWatermark(20);
    feed(harness, 40);
    harness.processWatermark(40);
    harness.processWatermark(119);
    expect(harness.values).toEqual(["0", "0 70 40", "0 70 40", "0 70 40"]);
    expect(harness.keyed?.size()).toEqual({ rows: 0, cells: 0 });
  });

  test("processing time: at each multiple of the interval and at the end of the window", () => {
    const harness = harnessOf(tumbling<Read>(100, { time: "processing" }), continuousProcessingTime<Read>(40));
    feed(harness, 5);
    harness.advance(40);
    feed(harness, 6);
    harness.advance(40);
    feed(harness, 7);
    harness.advance(20);
    expect(harness.values).toEqual(["5", "5 6", "5 6 7"]);
    harness.advance(200);
    expect(harness.values).toHaveLength(3);
    expect(harness.keyed?.size()).toEqual({ rows: 0, cells: 0 });
  });

  test("processing time on an event-time window goes on until the window is forgotten", () => {
    const harness = harnessOf(tumbling<Read>(100), continuousProcessingTime<Read>(1_000));
    feed(harness, 5);
    harness.advance(2_500);
    expect(harness.values).toHaveLength(3);
    harness.processWatermark(99);
    harness.advance(5_000);
    expect(harness.values).toHaveLength(3);
    expect(harness.keyed?.size()).toEqual({ rows: 0, cells: 0 });
  });
});

describe("delta", () => {
  test("fires when a record is far from the one that fired last", () => {
    const harness = harnessOf(global<Read>(), purging(delta<Read>(10, (from, to) => to.at - from.at)));
    feed(harness, 1, 5, 11, 12, 20, 23);
    expect(harness.values).toEqual(["1 5 11 12", "20 23"]);
  });
});

describe("processingTimeout", () => {
  test("fires with the nested trigger, or at the latest after the timeout", () => {
    const harness = harnessOf(
      global<Read>(),
      purging(processingTimeout(count<Read>(3) as unknown as Trigger<Read>, 50)),
    );
    feed(harness, 1, 2);
    harness.advance(49);
    expect(harness.values).toEqual([]);
    harness.advance(1);
    expect(harness.values).toEqual(["1 2"]);
    feed(harness, 3, 4, 5);
    expect(harness.values).toEqual(["1 2", "3 4 5"]);
  });

  test("can be started anew by each record", () => {
    const trigger = processingTimeout(never<Read>(), 50, { resetOnRecord: true });
    const harness = harnessOf(global<Read>(), trigger);
    feed(harness, 1);
    harness.advance(40);
    feed(harness, 2);
    harness.advance(40);
    expect(harness.values).toEqual([]);
    harness.advance(10);
    expect(harness.values).toEqual(["1 2"]);
    expect(() => processingTimeout(trigger, 10)).toThrow("MR1213");
  });

  test("merges with sessions", () => {
    const harness = harnessOf(session<Read>(50), processingTimeout(eventTime<Read>(), 30));
    feed(harness, 0);
    harness.advance(10);
    feed(harness, 20);
    harness.advance(20);
    expect(harness.values).toEqual(["0 20"]);
    harness.processWatermark(69);
    expect(harness.values).toEqual(["0 20", "0 20"]);
    expect(harness.keyed?.size()).toEqual({ rows: 0, cells: 0 });
  });
});

test("a trigger of one's own: state per key and window, timers, and no way to delete the end of the window", () => {
  const trigger: Trigger<Read> = {
    onElement(_value, timestampMs, window, ctx) {
      ctx.deleteEventTime(window.endMs - 1);
      ctx.registerEventTime(timestampMs + 10);
      return "continue";
    },
    onEventTime: (timeMs, window) => (timeMs < window.endMs - 1 ? "fire" : "continue"),
    onProcessingTime: () => "continue",
  };
  const harness = harnessOf(sliding<Read>(100, 50), trigger);
  feed(harness, 60);
  harness.processWatermark(70);
  expect(harness.values).toEqual(["60", "60"]);
  harness.processWatermark(1_000);
  expect(harness.keyed?.size()).toEqual({ rows: 0, cells: 0 });
});
