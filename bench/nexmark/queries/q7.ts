/**
 * Query 7, highest bid: all bids with the highest price of their 10 seconds.
 *
 * In two steps, so that the first runs on all subtasks: the highest of each of 64 parts, and of these the highest. Parts go by price, which keeps equal
 * prices together.
 */
import { tumbling } from "millrace";
import type { AggregateFunction, DataStream } from "millrace";
import type { NexmarkEvent } from "../model.ts";
import { q0 } from "./q0.ts";
import type { BidRow } from "./q0.ts";

const PARTS = 64;

export function q7(events: DataStream<NexmarkEvent>): DataStream<BidRow> {
  return q0(events)
    .keyBy(({ price }) => price % PARTS)
    .window(tumbling("10s"))
    .aggregate(highest)
    .keyBy(({ window }) => window.endMs)
    .window(tumbling("10s"))
    .reduce((left, right) => (priceOf(right.value) > priceOf(left.value) ? right : left))
    .flatMap(({ value }) => value.value);
}

function priceOf(bids: readonly BidRow[]): number {
  return bids[0]?.price ?? -1;
}

const highest: AggregateFunction<BidRow, BidRow[], BidRow[]> = {
  createAccumulator: () => [],
  add(bid, best) {
    const price = priceOf(best);
    if (bid.price > price) return [bid];
    if (bid.price === price) best.push(bid);
    return best;
  },
  getResult: (best) => best,
};
