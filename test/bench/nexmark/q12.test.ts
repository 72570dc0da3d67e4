/**
 * Goal:   query 12 counts bids by when they come, not by when they were made.
 * Method: the window operator of the query's own graph under a clock that the test moves; the naive count looks at the same clock.
 */
import { StreamExecutionEnvironment } from "millrace";
import { expect, test } from "vitest";
import { nexmarkGenerator } from "../../../bench/nexmark/generator.ts";
import { q12 } from "../../../bench/nexmark/queries/q12.ts";
import { nexmarkEvents } from "../../../bench/nexmark/source.ts";
import { createOperator } from "../../../core/operators/window/window.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";
import { sortedTexts } from "../../examples/collect.ts";

type WindowOptions = Parameters<typeof createOperator<number, number, number, number, unknown>>[1];

/** As the graph says that it is to be made. */
function windowOfQuery(): WindowOptions {
  const env = StreamExecutionEnvironment.create();
  q12(nexmarkEvents(env, { events: 1 })).discard();
  const node = env.getStreamGraph().nodes.find(({ spec }) => spec.module === "window/window");
  if (node === undefined) throw new Error("the query has another window than this test knows");
  return { ...node.spec.parameters, ...node.spec.functions } as unknown as WindowOptions; // what that module takes
}

test("bids are counted per bidder and 10 seconds of the clock", () => {
  const harness = new OperatorHarness({ keyed: true, create: (services) => createOperator(services, windowOfQuery()) });
  const eventOf = nexmarkGenerator();
  const expected = new Map<string, number>();
  for (let number = 0; number < 2_000; number += 1) {
    const event = eventOf(number);
    if (event.kind !== "bid") continue;
    harness.processRecord(event.bidder, event.dateTime);
    const startMs = harness.clock.nowMs() - (harness.clock.nowMs() % 10_000);
    const window = JSON.stringify({ bidder: event.bidder, startMs, endMs: startMs + 10_000 });
    expected.set(window, (expected.get(window) ?? 0) + 1);
    harness.advance(29);
  }
  harness.advance(10_000);
  const found = (harness.values as { key: number; window: object; value: number }[]).map(({ key, window, value }) => [
    JSON.stringify({ bidder: key, ...window }),
    value,
  ]); // what the window emits
  expect(expected.size).toBeGreaterThan(50);
  expect(sortedTexts(found)).toEqual(sortedTexts(expected));
});
