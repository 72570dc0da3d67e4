/**
 * Goal:   the winner of an auction does not depend on the order in which bids and auctions come, and nothing is kept for ever.
 * Method: the operator of query 9's own graph, fed with events in a random order within what the watermark allows, against the naive query. In a whole job
 *         bids rarely overtake their auctions; here they often do.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed> npx vitest run test/bench/nexmark` runs it again.
 */
import fc from "fast-check";
import { StreamExecutionEnvironment } from "millrace";
import { expect, test } from "vitest";
import { nexmarkGenerator } from "../../../bench/nexmark/generator.ts";
import type { Auction, NexmarkEvent } from "../../../bench/nexmark/model.ts";
import { q9 } from "../../../bench/nexmark/queries/q9.ts";
import { nexmarkEvents } from "../../../bench/nexmark/source.ts";
import type { WinningBid } from "../../../bench/nexmark/winning-bids.ts";
import { createOperator } from "../../../core/operators/keyed-co-process.ts";
import { sortedTexts } from "../../examples/collect.ts";
import { OperatorHarness } from "../../harness/operator-harness.ts";
import { naive } from "./naive-queries.ts";

const replay = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

const OUT_OF_ORDER_MS = 4_000;
const events: readonly NexmarkEvent[] = Array.from({ length: 600 }, (_, number) =>
  nexmarkGenerator({ eventsPerSecond: 50 })(number),
).filter(({ kind }) => kind !== "person");

type JoinOptions = Parameters<typeof createOperator>[1];

/** As the graph says that it is to be made. */
function joinOfQuery(): JoinOptions {
  const env = StreamExecutionEnvironment.create();
  q9(nexmarkEvents(env, { events: 1 })).discard();
  const node = env.getStreamGraph().nodes.find(({ spec }) => spec.module === "keyed-co-process");
  if (node === undefined) throw new Error("the query joins in another way than this test knows");
  return { ...node.spec.parameters, ...node.spec.functions } as unknown as JoinOptions; // what that module takes
}

/** Each event comes up to four seconds after its time. */
function winners(delays: readonly number[]): OperatorHarness {
  const harness = new OperatorHarness({ keyed: true, create: (services) => createOperator(services, joinOfQuery()) });
  const late = events.map((event, index) => ({ event, atMs: event.dateTime + (delays[index % delays.length] ?? 0) }));
  for (const { event, atMs } of late.toSorted((left, right) => left.atMs - right.atMs)) {
    harness.processRecord(event, event.dateTime, event.kind === "auction" ? 0 : 1);
    for (const input of [0, 1]) harness.processWatermark(atMs - OUT_OF_ORDER_MS - 1, input);
  }
  for (const input of [0, 1]) harness.processWatermark(Infinity, input);
  return harness;
}

/** The rows of the naive query, without the columns that only its last step adds. */
function pricesOf(rows: readonly unknown[]): unknown[] {
  return (rows as { id: number; price: number; bidDateTime: number }[]).map(({ id, price, bidDateTime }) => ({
    id,
    price,
    bidDateTime,
  })); // what query 9 puts out
}

const expected = sortedTexts(pricesOf(naive("q9", events)));

test("winners are those of the naive query, in whatever order the events come", () => {
  const delays = fc.array(fc.integer({ min: 0, max: OUT_OF_ORDER_MS - 1 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(delays, (delaysMs) => {
      const harness = winners(delaysMs);
      const found = (harness.values as WinningBid<Auction, { price: number; dateTime: number; auction: number }>[]).map(
        ({ auction, bid }) => ({ id: auction.id, price: bid.price, bidDateTime: bid.dateTime }),
      ); // what the join emits
      expect(sortedTexts(found)).toEqual(expected);
      expect(harness.timerCount).toEqual({ event: 0, processing: 0 });
    }),
    { numRuns: 40, ...replay },
  );
});
