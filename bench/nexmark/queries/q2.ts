/** Query 2, selection: auction and price of the bids for every 123rd auction. */
import type { DataStream } from "millrace";
import { bidsOf } from "../model.ts";
import type { Bid, NexmarkEvent } from "../model.ts";

export type PriceRow = Pick<Bid, "auction" | "price">;

export function q2(events: DataStream<NexmarkEvent>): DataStream<PriceRow> {
  return bidsOf(events)
    .filter(({ auction }) => auction % 123 === 0)
    .map(({ auction, price }) => ({ auction, price }));
}
