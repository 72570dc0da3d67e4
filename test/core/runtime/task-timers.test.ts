/** Alarms of a task: a timer fires once it is due, however the clock jumps or cuts the wait short. */
import { describe, expect, test } from "vitest";
import { TaskTimers } from "../../../core/runtime/task-timers.ts";
import type { Clock } from "../../../core/time/clock.ts";
import type { InternalTimers } from "../../../core/state/timers.ts";
import { ManualClock } from "../../harness/manual-clock.ts";

/** One timer. */
function timerAt(dueMs: number, fired: number[]): InternalTimers {
  let earliestMs = dueMs;
  return {
    onEarlierProcessing: () => undefined,
    earliestProcessingMs: () => earliestMs,
    fireProcessing: (nowMs: number) => {
      if (earliestMs <= nowMs) {
        fired.push(earliestMs);
        earliestMs = Infinity;
      }
      return true;
    },
  } as unknown as InternalTimers; // the task asks for no more
}

function start(clock: Clock, dueMs: number): number[] {
  const fired: number[] = [];
  const timers: TaskTimers = new TaskTimers({ clock, onDue: () => void timers.fire({ busy: false }) });
  timers.add(timerAt(dueMs, fired));
  return fired;
}

describe("a processing-time timer", () => {
  test("fires although the wall clock was set back while it waited", () => {
    const clock = new ManualClock(1_000);
    let skewMs = 0;
    const skewed: Clock = {
      nowMs: () => clock.nowMs() - skewMs,
      elapsedMs: () => clock.elapsedMs(),
      schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
      yield: (callback) => clock.yield(callback),
    };
    const fired = start(skewed, 1_100);
    skewMs = 1;
    clock.advance(100);
    expect(fired).toEqual([]);
    clock.advance(1);
    expect(fired).toEqual([1_100]);
  });

  test("fires although the clock waits less than 30 days in one go", () => {
    const day = 86_400_000;
    const clock = new ManualClock(0);
    const cutting: Clock = {
      nowMs: () => clock.nowMs(),
      elapsedMs: () => clock.elapsedMs(),
      schedule: (delayMs, callback) => clock.schedule(Math.min(delayMs, 2 ** 31 - 1), callback),
      yield: (callback) => clock.yield(callback),
    };
    const fired = start(cutting, 30 * day);
    clock.advance(60 * day);
    expect(fired).toEqual([30 * day]);
  });
});
