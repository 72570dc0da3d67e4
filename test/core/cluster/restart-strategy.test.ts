/** Every restart strategy with a clock moved by hand: how often, how late, and when no more. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRestartStrategy } from "../../../core/cluster/restart-strategy.ts";
import type { RestartDecision, RestartStrategy } from "../../../core/cluster/restart-strategy.ts";
import { Config } from "../../../core/util/config.ts";
import type { ConfigValues } from "../../../core/util/config.ts";
import { MillraceError } from "../../../core/util/errors.ts";
import { ManualClock } from "../../harness/manual-clock.ts";
import { replay } from "../../harness/replay.ts";

interface Setup {
  readonly clock: ManualClock;
  readonly strategy: RestartStrategy;
}

function setUp(
  values: ConfigValues,
  options: { readonly random?: number; readonly checkpointingEnabled?: boolean } = {},
): Setup {
  const clock = new ManualClock();
  const strategy = createRestartStrategy(new Config(values), {
    clock,
    random: { next: () => options.random ?? 0.5 },
    checkpointingEnabled: options.checkpointingEnabled ?? true,
  });
  return { clock, strategy };
}

function delayOf(decision: RestartDecision): number | "refused" {
  return decision.restart ? decision.delayMs : "refused";
}

const failure = new Error("a record was wrong");

describe("which strategy", () => {
  test("unset means exponential delay with checkpoints", () => {
    const { strategy } = setUp({});
    expect(strategy.onFailure(failure)).toEqual({ restart: true, delayMs: 1_000 });
  });

  test("unset means none without checkpoints, and the reason says so", () => {
    const { strategy } = setUp({}, { checkpointingEnabled: false });
    expect(strategy.onFailure(failure)).toMatchObject({
      restart: false,
      reason: expect.stringContaining("without checkpoints") as unknown,
    });
  });

  test("none never restarts", () => {
    expect(delayOf(setUp({ "restart-strategy.type": "none" }).strategy.onFailure(failure))).toBe("refused");
  });

  test.each(["fixed-delay", "failure-rate", "exponential-delay"])(
    "%s never restarts after an error that a restart cannot cure",
    (type) => {
      const { strategy } = setUp({ "restart-strategy.type": type });
      const fatal = new MillraceError("MR5007", "state without an operator", { retryable: false });
      expect(strategy.onFailure(fatal)).toMatchObject({
        restart: false,
        reason: expect.stringContaining("MR5007") as unknown,
      });
      expect(
        delayOf(strategy.onFailure(new Error("task failed", { cause: new Error("in map", { cause: fatal }) }))),
      ).toBe("refused");
      expect(delayOf(strategy.onFailure(new MillraceError("MR5011", "storage is down")))).not.toBe("refused");
    },
  );

  test("a circle of causes ends", () => {
    const circular = new Error("a");
    circular.cause = circular;
    expect(delayOf(setUp({}).strategy.onFailure(circular))).toBe(1_000);
  });
});

describe("fixed delay", () => {
  test("restarts once by default, after a second", () => {
    const { strategy } = setUp({ "restart-strategy.type": "fixed-delay" });
    expect([1, 2, 3].map(() => delayOf(strategy.onFailure(failure)))).toEqual([1_000, "refused", "refused"]);
  });

  test("counts over the whole life of the job", () => {
    const { strategy, clock } = setUp({
      "restart-strategy.type": "fixed-delay",
      "restart-strategy.fixed-delay.attempts": 3,
      "restart-strategy.fixed-delay.delay": "10s",
    });
    const decisions = [1, 2, 3, 4].map(() => {
      clock.advance(86_400_000);
      return delayOf(strategy.onFailure(failure));
    });
    expect(decisions).toEqual([10_000, 10_000, 10_000, "refused"]);
  });
});

describe("failure rate", () => {
  test("allows one failure per minute by default", () => {
    const { strategy, clock } = setUp({ "restart-strategy.type": "failure-rate" });
    expect(delayOf(strategy.onFailure(failure))).toBe(1_000);
    clock.advance(60_001);
    expect(delayOf(strategy.onFailure(failure))).toBe(1_000);
    clock.advance(60_000);
    expect(delayOf(strategy.onFailure(failure))).toBe("refused");
  });

  test("refuses exactly when more failures than allowed lie within the interval, counted naively", () => {
    const runs = fc.record({
      max: fc.integer({ min: 1, max: 4 }),
      gapsMs: fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 30 }),
    });
    fc.assert(
      fc.property(runs, ({ max, gapsMs }) => {
        const { strategy, clock } = setUp({
          "restart-strategy.type": "failure-rate",
          "restart-strategy.failure-rate.max-failures-per-interval": max,
          "restart-strategy.failure-rate.failure-rate-interval": 50,
        });
        const times: number[] = [];
        for (const gapMs of gapsMs) {
          clock.advance(gapMs);
          times.push(clock.elapsedMs());
          const within = times.filter((timeMs) => clock.elapsedMs() - timeMs <= 50).length;
          expect(delayOf(strategy.onFailure(failure))).toBe(within > max ? "refused" : 1_000);
        }
      }),
      { numRuns: 200, ...replay },
    );
  });
});

describe("exponential delay", () => {
  /** Fails again as soon as the restart has begun. */
  function delays({ strategy, clock }: Setup, count: number): (number | "refused")[] {
    return Array.from({ length: count }, () => {
      const delay = delayOf(strategy.onFailure(failure));
      if (delay !== "refused") clock.advance(delay);
      return delay;
    });
  }

  test("waits half as long again each time, up to a minute", () => {
    expect(delays(setUp({}), 13)).toEqual([
      1_000, 1_500, 2_250, 3_375, 5_063, 7_594, 11_391, 17_086, 25_629, 38_443, 57_665, 60_000, 60_000,
    ]);
  });

  test("jitter takes a tenth off or on, but stays between the first and the longest pause", () => {
    expect(delays(setUp({}, { random: 0 }), 3)).toEqual([1_000, 1_350, 2_025]);
    expect(delays(setUp({}, { random: 0.999_999_9 }), 12).at(-1)).toBe(60_000);
    expect(delays(setUp({}, { random: 0.999_999_9 }), 2)).toEqual([1_100, 1_650]);
  });

  test("failures while a restart is pending belong to it", () => {
    const { strategy, clock } = setUp({});
    expect(delayOf(strategy.onFailure(failure))).toBe(1_000);
    clock.advance(400);
    expect(delayOf(strategy.onFailure(failure))).toBe(600);
    clock.advance(600);
    expect(delayOf(strategy.onFailure(failure))).toBe(1_500);
  });

  test("an hour without failure starts over", () => {
    const setup = setUp({});
    expect(delays(setup, 3)).toEqual([1_000, 1_500, 2_250]);
    setup.clock.advance(3_599_999);
    expect(delays(setup, 1)).toEqual([3_375]);
    setup.clock.advance(3_600_000);
    expect(delays(setup, 2)).toEqual([1_000, 1_500]);
  });

  test("gives up after the allowed number of restarts in a row, and an hour forgives", () => {
    const setup = setUp({ "restart-strategy.exponential-delay.attempts-before-reset-backoff": 2 });
    expect(delays(setup, 3)).toEqual([1_000, 1_500, "refused"]);
    const forgiven = setUp({ "restart-strategy.exponential-delay.attempts-before-reset-backoff": 2 });
    expect(delays(forgiven, 2)).toEqual([1_000, 1_500]);
    forgiven.clock.advance(3_600_000);
    expect(delays(forgiven, 3)).toEqual([1_000, 1_500, "refused"]);
  });

  test("no delay at all, as tests want it", () => {
    const setup = setUp({
      "restart-strategy.exponential-delay.initial-backoff": 0,
      "restart-strategy.exponential-delay.max-backoff": 0,
    });
    expect(delays(setup, 4)).toEqual([0, 0, 0, 0]);
  });
});
