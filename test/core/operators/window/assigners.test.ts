/** Which windows a record belongs to, and what is refused while the graph is built. */
import { describe, expect, test } from "vitest";
import { GLOBAL_WINDOW, global, session, sliding, tumbling } from "../../../../core/operators/window/assigners.ts";
import type { TimeWindow, WindowAssigner } from "../../../../core/operators/window/assigners.ts";
import type { Duration } from "../../../../core/util/duration.ts";

const HOUR = 3_600_000;

function windowsAt(assigner: WindowAssigner<unknown>, timeMs: number): (readonly [number, number])[] {
  const windows: TimeWindow[] = [];
  assigner.assign(undefined, timeMs, windows);
  return windows.map(({ startMs, endMs }) => [startMs, endMs]);
}

describe("tumbling", () => {
  test("windows include their start and not their end, also before 1970", () => {
    const assigner = tumbling("10s");
    expect(windowsAt(assigner, 0)).toEqual([[0, 10_000]]);
    expect(windowsAt(assigner, 9_999)).toEqual([[0, 10_000]]);
    expect(windowsAt(assigner, 10_000)).toEqual([[10_000, 20_000]]);
    expect(windowsAt(assigner, -1)).toEqual([[-10_000, 0]]);
    expect(windowsAt(assigner, -10_000)).toEqual([[-10_000, 0]]);
  });

  test("an offset moves them: days of UTC+8", () => {
    const noon = Date.UTC(2001, 0, 1, 12);
    expect(windowsAt(tumbling("1d", { offset: "-8h" }), noon)).toEqual([[noon - 20 * HOUR, noon + 4 * HOUR]]);
  });

  test("event time is the default", () => {
    expect(tumbling(1).time).toBe("event");
    expect(tumbling(1, { time: "processing" }).time).toBe("processing");
  });

  test.each([0, -5, 1.5, "0s"] as Duration[])("refuses a size of %s", (size) => {
    expect(() => tumbling(size)).toThrow("MR1201");
  });

  test.each([10, -10, 11, 0.5])("refuses an offset of %s for a size of 10", (offset) => {
    expect(() => tumbling(10, { offset })).toThrow("MR1202");
  });
});

describe("sliding", () => {
  test("a record belongs to size / slide windows, earliest first", () => {
    expect(windowsAt(sliding(10, 5), 12)).toEqual([
      [5, 15],
      [10, 20],
    ]);
    expect(windowsAt(sliding(10, 3), 12)).toEqual([
      [3, 13],
      [6, 16],
      [9, 19],
      [12, 22],
    ]);
    expect(windowsAt(sliding(10, 3), 14)).toEqual([
      [6, 16],
      [9, 19],
      [12, 22],
    ]);
    expect(windowsAt(sliding(10, 5, { offset: 2 }), 12)).toEqual([
      [7, 17],
      [12, 22],
    ]);
  });

  test("a slide beyond the size leaves gaps", () => {
    expect(windowsAt(sliding(5, 10), 4)).toEqual([[0, 5]]);
    expect(windowsAt(sliding(5, 10), 5)).toEqual([]);
    expect(windowsAt(sliding(5, 10), 10)).toEqual([[10, 15]]);
  });

  test("refuses what is no grid", () => {
    expect(() => sliding(10, 0)).toThrow("MR1201");
    expect(() => sliding(0, 10)).toThrow("MR1201");
    expect(() => sliding(10, 5, { offset: 5 })).toThrow("MR1202");
  });
});

test("session windows begin at their record and last for the gap", () => {
  expect(windowsAt(session("10s"), 5)).toEqual([[5, 10_005]]);
  const dynamic = session<{ readonly gapMs: number }>(({ gapMs }) => gapMs);
  const windows: TimeWindow[] = [];
  dynamic.assign({ gapMs: 7 }, 5, windows);
  expect(windows).toEqual([{ startMs: 5, endMs: 12 }]);
  expect(() => session(0)).toThrow("MR1201");
});

test("a global window has no end", () => {
  expect(windowsAt(global(), 5)).toEqual([[-Infinity, Infinity]]);
  expect(GLOBAL_WINDOW.endMs - 1).toBe(Infinity);
});
