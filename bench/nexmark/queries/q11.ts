/** Query 11, user sessions: how many bids a user made while no more than 10 seconds passed from one to the next. */
import { session } from "millrace";
import type { DataStream } from "millrace";
import { counting } from "../counting.ts";
import { bidsOf } from "../model.ts";
import type { NexmarkEvent } from "../model.ts";

export interface BidderWindow {
  readonly bidder: number;
  readonly bids: number;
  readonly startMs: number;
  readonly endMs: number;
}

export function q11(events: DataStream<NexmarkEvent>): DataStream<BidderWindow> {
  return bidsOf(events)
    .map(({ bidder }) => bidder)
    .keyBy((bidder) => bidder)
    .window(session("10s"))
    .aggregate(counting)
    .map(({ key, value, window }) => ({ bidder: key, bids: value, startMs: window.startMs, endMs: window.endMs }));
}
