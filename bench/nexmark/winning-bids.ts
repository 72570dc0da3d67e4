/**
 * The winning bid of each auction: the highest within its time, of equal ones the earliest. What queries 4 and 9 have in common.
 *
 * In:    auctions and bids in any order between the two. Out: one pair per auction that had a valid bid, once the watermark has passed its end.
 * State: per auction, while it is open, itself and its best bid; bids that came before their auction, until it comes or the watermark has passed them, since
 *        then it will not come any more. So state holds what is open at the moment and does not grow.
 */
import { list, value } from "millrace";
import type { Collector, DataStream } from "millrace";
import type { Auction, Bid } from "./model.ts";

export type Listing = Pick<Auction, "id" | "dateTime" | "expires">;
export type Offer = Pick<Bid, "auction" | "dateTime" | "price">;

export interface WinningBid<A extends Listing, B extends Offer> {
  readonly auction: A;
  readonly bid: B;
}

/** Early bids whose auction will not come are dropped at whole seconds, so that those of an auction share their timers. */
const TIDY_EVERY_MS = 1_000;

export function winningBids<A extends Listing, B extends Offer>(
  auctions: DataStream<A>,
  bids: DataStream<B>,
): DataStream<WinningBid<A, B>> {
  return auctions
    .keyBy(({ id }) => id)
    .connect(bids.keyBy(({ auction }) => auction))
    .process({
      state: { auction: value<A>(), best: value<B>(), early: list<B>() },
      processElement1(auction, ctx) {
        const best = bestOf(auction, ctx.state.early.get());
        ctx.state.early.clear();
        ctx.state.auction.update(auction);
        if (best !== undefined) ctx.state.best.update(best);
        ctx.timers.registerEventTime(auction.expires);
      },
      processElement2(bid, ctx) {
        const auction = ctx.state.auction.value();
        if (auction === undefined) {
          if (bid.dateTime <= ctx.currentWatermarkMs) return;
          ctx.state.early.add(bid);
          ctx.timers.registerEventTime(Math.ceil(bid.dateTime / TIDY_EVERY_MS) * TIDY_EVERY_MS);
        } else if (isValid(auction, bid)) {
          const best = ctx.state.best.value();
          if (best === undefined || beats(bid, best)) ctx.state.best.update(bid);
        }
      },
      onTimer(timeMs, ctx, out: Collector<WinningBid<A, B>>) {
        const auction = ctx.state.auction.value();
        if (auction === undefined) {
          const stillEarly = ctx.state.early.get().filter(({ dateTime }) => dateTime > timeMs);
          ctx.state.early.update(stillEarly);
        } else if (auction.expires === timeMs) {
          const bid = ctx.state.best.value();
          if (bid !== undefined) out.collect({ auction, bid });
          ctx.state.auction.clear();
          ctx.state.best.clear();
        }
      },
    });
}

function bestOf<B extends Offer>(auction: Listing, bids: readonly B[]): B | undefined {
  let best: B | undefined;
  for (const bid of bids) if (isValid(auction, bid) && (best === undefined || beats(bid, best))) best = bid;
  return best;
}

function isValid(auction: Listing, bid: Offer): boolean {
  return bid.dateTime >= auction.dateTime && bid.dateTime <= auction.expires;
}

function beats(bid: Offer, best: Offer): boolean {
  return bid.price > best.price || (bid.price === best.price && bid.dateTime < best.dateTime);
}
