/** Steps of slow records are short: whoever waits for the task, or for its thread, has a turn in between. */
import { describe, expect, test } from "vitest";
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import { Pace } from "../../../core/runtime/pace.ts";

const LIMIT = 1_024;

/** The bounds of steps whose records take so long each. */
function bounds(msPerRecord: readonly number[], { isCut = true, pace = new Pace() } = {}): number[] {
  return msPerRecord.map((ms) => {
    const bound = pace.bounded(LIMIT);
    pace.took(bound * ms, bound, isCut);
    return bound;
  });
}

describe("the bound of a step", () => {
  test("is the limit while records are fast", () => {
    expect(bounds([0, 0.001, 0.003, 0])).toEqual([LIMIT, LIMIT, LIMIT, LIMIT]);
  });

  test("follows what records take, down to a single one", () => {
    expect(bounds([1, 1, 100, 100])).toEqual([LIMIT, 4, 4, 1]);
  });

  test("grows again with steps that were cut short by it, and not with those that found nothing more to do", () => {
    const pace = new Pace();
    expect(bounds([1, 0.01, 0.01, 0.01], { pace })).toEqual([LIMIT, 4, 8, 16]);
    expect(bounds([0.01, 0.01], { pace, isCut: false })).toEqual([32, 32]);
  });
});

test("a source with a slow function behind it, and a task that reads what it sent, let the event loop have its turns", async () => {
  for (const exchange of [false, true]) {
    const env = StreamExecutionEnvironment.create();
    const numbers = env.fromSequence(1, 400);
    const slow = (exchange ? numbers.rebalance() : numbers).map((n) => {
      const endMs = performance.now() + 1;
      while (performance.now() < endMs);
      return n;
    });
    slow.discard();
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 5);
    await env.execute();
    clearInterval(timer);
    expect(turns).toBeGreaterThan(10);
  }
});
