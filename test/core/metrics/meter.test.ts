/** Rates are computed on reading, over the last ten seconds, and do not depend on who else reads. */
import { describe, expect, test } from "vitest";
import { meterOf } from "../../../core/metrics/meter.ts";
import type { Counter } from "../../../core/metrics/registry.ts";

class HandClock {
  nowMs = 5_000;

  elapsedMs(): number {
    return this.nowMs;
  }
}

function meter(): { clock: HandClock; counter: Counter; read: () => number } {
  const clock = new HandClock();
  const counter: Counter = { count: 100 };
  return { clock, counter, read: meterOf(counter, clock) };
}

describe("meterOf", () => {
  test("is 0 while no time has passed", () => {
    const { counter, read } = meter();
    counter.count += 10;
    expect(read()).toBe(0);
  });

  test("is the mean since the start while that is not long ago", () => {
    const { clock, counter, read } = meter();
    counter.count += 50;
    clock.nowMs += 500;
    expect(read()).toBe(100);
  });

  test("does not depend on how often it is read", () => {
    const often = meter();
    for (let step = 0; step < 200; step += 1) {
      often.clock.nowMs += 100;
      often.counter.count += 7;
      expect(often.read()).toBeCloseTo(70);
    }
  });

  test("forgets what lies ten seconds back", () => {
    const { clock, counter, read } = meter();
    counter.count += 1_000_000;
    for (let second = 0; second < 12; second += 1) {
      clock.nowMs += 1_000;
      read();
    }
    expect(read()).toBe(0);
  });

  test("covers the whole pause if nobody read meanwhile", () => {
    const { clock, counter, read } = meter();
    clock.nowMs += 60_000;
    counter.count += 60;
    expect(read()).toBe(1);
  });
});
