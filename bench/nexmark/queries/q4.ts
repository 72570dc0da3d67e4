/**
 * Query 4, average price for a category: the average of the winning bids of all auctions of a category, so far.
 *
 * The SQL query corrects its averages with every bid that takes the lead. Here an auction counts when it is over: the last average of a category is the
 * same, and state does not grow. Averages are whole numbers, as those of SQL's BIGINT.
 */
import { value } from "millrace";
import type { Collector, DataStream } from "millrace";
import { auctionsOf, bidsOf } from "../model.ts";
import type { NexmarkEvent } from "../model.ts";
import { winningBids } from "../winning-bids.ts";

export interface CategoryAverage {
  readonly category: number;
  readonly average: number;
}

export function q4(events: DataStream<NexmarkEvent>): DataStream<CategoryAverage> {
  const auctions = auctionsOf(events).map(({ id, category, dateTime, expires }) => ({
    id,
    category,
    dateTime,
    expires,
  }));
  const bids = bidsOf(events).map(({ auction, price, dateTime }) => ({ auction, price, dateTime }));
  return winningBids(auctions, bids)
    .map(({ auction, bid }) => ({ category: auction.category, price: bid.price }))
    .keyBy(({ category }) => category)
    .process({
      state: { sum: value({ default: 0 }), auctions: value({ default: 0 }) },
      processElement({ category, price }, ctx, out: Collector<CategoryAverage>) {
        const sum = ctx.state.sum.value() + price;
        const count = ctx.state.auctions.value() + 1;
        ctx.state.sum.update(sum);
        ctx.state.auctions.update(count);
        out.collect({ category, average: Math.trunc(sum / count) });
      },
    });
}
