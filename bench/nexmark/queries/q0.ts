/** Query 0, pass through: every bid with the columns of the result. What remains is the cost of the pipeline itself. */
import type { DataStream } from "millrace";
import { bidsOf } from "../model.ts";
import type { Bid, NexmarkEvent } from "../model.ts";

export type BidRow = Pick<Bid, "auction" | "bidder" | "price" | "dateTime" | "extra">;

export function q0(events: DataStream<NexmarkEvent>): DataStream<BidRow> {
  return bidsOf(events).map(({ auction, bidder, price, dateTime, extra }) => ({
    auction,
    bidder,
    price,
    dateTime,
    extra,
  }));
}
