/**
 * Goal:   a rate is the growth of the last minute, whoever looks and when, and costs no timer.
 * Method: examples; random growth, looked at like a task does, against the whole history.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Meter } from "../../../core/metrics/meter.ts";
import { replay } from "../../harness/replay.ts";

const MINUTE_MS = 60_000;

class HandClock {
  nowMs = 5_000;

  elapsedMs(): number {
    return this.nowMs;
  }
}

interface Scene {
  readonly clock: HandClock;
  readonly total: { count: number };
  readonly meter: Meter;
}

function scene(): Scene {
  const clock = new HandClock();
  const total = { count: 100 };
  return { clock, total, meter: new Meter(() => total.count, clock) };
}

function pass({ clock, total, meter }: Scene, seconds: number, perSecond: number): void {
  for (let second = 0; second < seconds; second += 1) {
    clock.nowMs += 1_000;
    total.count += perSecond;
    meter.sample(clock.nowMs);
  }
}

describe("a meter", () => {
  test("is 0 while no time has passed", () => {
    const { total, meter } = scene();
    total.count += 10;
    expect(meter.perSecond()).toBe(0);
  });

  test("is the mean since the start while that is not long ago", () => {
    const { clock, total, meter } = scene();
    total.count += 50;
    clock.nowMs += 500;
    expect(meter.perSecond()).toBe(100);
  });

  test("does not depend on how often it is read", () => {
    const often = scene();
    for (let step = 0; step < 2_000; step += 1) {
      often.clock.nowMs += 100;
      often.total.count += 7;
      expect(often.meter.perSecond()).toBeCloseTo(70);
    }
  });

  test("forgets what lies a minute back", () => {
    const all = scene();
    all.total.count += 1_000_000;
    pass(all, 66, 0);
    expect(all.meter.perSecond()).toBe(0);
  });

  test("is that of the last minute, though nobody has read it for an hour", () => {
    const all = scene();
    pass(all, 3_600, 1);
    pass(all, 30, 9);
    expect(all.meter.perSecond()).toBeCloseTo(5);
    pass(all, 30, 9);
    expect(all.meter.perSecond()).toBeCloseTo(9);
  });

  test("takes growth to be even where nobody looked", () => {
    const { clock, total, meter } = scene();
    clock.nowMs += 3_600_000;
    total.count += 3_600;
    expect(meter.perSecond()).toBeCloseTo(1);
  });

  test("keeps one sample per five seconds of the minute at most", () => {
    const all = scene();
    let reads = 0;
    const meter = new Meter(() => (reads += 1), all.clock);
    for (let step = 0; step < 60_000; step += 1) meter.sample((all.clock.nowMs += 10));
    expect(reads).toBe(1 + 120);
  });

  test("agrees with the whole history", () => {
    // Mostly bursts: what is missed or counted twice then shows.
    const by = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(1_000_000) });
    const passMs = fc.integer({ min: 1, max: 4_000 });
    const growth = fc.array(fc.record({ passMs, by }), { minLength: 1, maxLength: 200, size: "max" });
    fc.assert(
      fc.property(growth, (steps) => {
        const { clock, total, meter } = scene();
        const history = [{ atMs: clock.nowMs, count: total.count }];
        for (const { passMs, by } of steps) {
          clock.nowMs += passMs;
          total.count += by;
          history.push({ atMs: clock.nowMs, count: total.count });
          meter.sample(clock.nowMs);
        }
        const startMs = Math.max(clock.nowMs - MINUTE_MS, 5_000);
        const before = history.findLast(({ atMs }) => atMs <= startMs);
        // What it does not know is how the growth lay within the samples around the start: less than nine seconds of it.
        const unknown = history.filter(({ atMs }) => Math.abs(atMs - startMs) <= 9_000).map(({ count }) => count);
        const slack = (Math.max(...unknown) - Math.min(...unknown)) / ((clock.nowMs - startMs) / 1_000);
        const exact = (total.count - (before?.count ?? 0)) / ((clock.nowMs - startMs) / 1_000);
        expect(Math.abs(meter.perSecond() - exact)).toBeLessThanOrEqual(slack + 1e-9);
      }),
      replay,
    );
  });
});
