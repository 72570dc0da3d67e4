/** Query 9, winning bids: each auction with the bid that won it, all their columns. */
import type { DataStream } from "millrace";
import { auctionsOf } from "../model.ts";
import type { Auction, NexmarkEvent } from "../model.ts";
import { winningBids } from "../winning-bids.ts";
import { q0 } from "./q0.ts";
import type { BidRow } from "./q0.ts";

export interface SoldItem extends Omit<Auction, "kind"> {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly bidDateTime: number;
  readonly bidExtra: string;
}

export function q9(events: DataStream<NexmarkEvent>): DataStream<SoldItem> {
  return winningBids(auctionsOf(events), q0(events)).map(({ auction, bid }) => soldItem(auction, bid));
}

/** Column by column: copying all but one with `...` takes as long as the whole rest of the query. */
function soldItem(auction: Auction, bid: BidRow): SoldItem {
  return {
    dateTime: auction.dateTime,
    id: auction.id,
    itemName: auction.itemName,
    description: auction.description,
    initialBid: auction.initialBid,
    reserve: auction.reserve,
    expires: auction.expires,
    seller: auction.seller,
    category: auction.category,
    extra: auction.extra,
    auction: bid.auction,
    bidder: bid.bidder,
    price: bid.price,
    bidDateTime: bid.dateTime,
    bidExtra: bid.extra,
  };
}
