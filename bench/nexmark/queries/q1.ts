/** Query 1, currency conversion: every bid with its price in euros. */
import type { DataStream } from "millrace";
import { bidsOf } from "../model.ts";
import type { NexmarkEvent } from "../model.ts";
import type { BidRow } from "./q0.ts";

const EUROS_PER_DOLLAR = 0.908;

export function q1(events: DataStream<NexmarkEvent>): DataStream<BidRow> {
  return bidsOf(events).map(({ auction, bidder, price, dateTime, extra }) => ({
    auction,
    bidder,
    price: EUROS_PER_DOLLAR * price,
    dateTime,
    extra,
  }));
}
