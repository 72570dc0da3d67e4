/**
 * Goal:   the watermark of a task is the minimum of its active channels, never falls, and is not held back by idle or finished channels.
 * Method: random watermarks and statuses against a naive recomputation after every step.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { WatermarkStatus } from "../../../core/time/watermark.ts";
import { WatermarkValve } from "../../../core/runtime/watermark-valve.ts";
import { replay } from "../../harness/replay.ts";

interface Step {
  readonly channel: number;
  readonly change: number | WatermarkStatus;
}

const steps: fc.Arbitrary<Step> = fc.record({
  channel: fc.nat(3),
  change: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constantFrom<WatermarkStatus>("active", "idle", "finished")),
});

describe("the watermark valve", () => {
  test("agrees with a naive recomputation", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(steps, { maxLength: 60 }), (count, script) => {
        const valve = new WatermarkValve(
          Array.from({ length: count }, () => ({ watermarkMs: -Infinity, status: "active" as const })),
        );
        const channels = Array.from({ length: count }, () => ({
          watermarkMs: -Infinity,
          status: "active" as WatermarkStatus,
        }));
        let outputMs = -Infinity;
        for (const { channel, change } of script) {
          const state = channels[channel % count];
          if (state === undefined || state.status === "finished") continue;
          const rose =
            typeof change === "number"
              ? valve.advance(channel % count, change)
              : valve.setStatus(channel % count, change);
          if (typeof change === "number") state.watermarkMs = Math.max(state.watermarkMs, change);
          else state.status = change;
          if (state.status === "finished") state.watermarkMs = Infinity;
          const of = (status: WatermarkStatus): number[] =>
            channels.filter((other) => other.status === status).map((other) => other.watermarkMs);
          let combinedMs = Infinity;
          if (of("active").length > 0) combinedMs = Math.min(...of("active"));
          else if (of("idle").length > 0) combinedMs = Math.max(...of("idle"));
          expect(rose).toBe(combinedMs > outputMs);
          outputMs = Math.max(outputMs, combinedMs);
          expect(valve.watermarkMs).toBe(outputMs);
          expect(valve.idle).toBe(of("active").length === 0 && of("idle").length > 0);
        }
        expect(new WatermarkValve(valve.snapshot()).snapshot()).toEqual(valve.snapshot());
      }),
      { numRuns: 500, ...replay },
    );
  });

  test("a channel that wakes up behind does not pull the watermark back", () => {
    const valve = new WatermarkValve([
      { watermarkMs: 10, status: "active" },
      { watermarkMs: 5, status: "idle" },
    ]);
    expect(valve.watermarkMs).toBe(10);
    expect(valve.setStatus(1, "active")).toBe(false);
    expect(valve.watermarkMs).toBe(10);
    expect(valve.advance(0, 20)).toBe(false);
    expect(valve.advance(1, 12)).toBe(true);
    expect(valve.watermarkMs).toBe(12);
    expect(valve.holder).toBe(1);
  });
});
