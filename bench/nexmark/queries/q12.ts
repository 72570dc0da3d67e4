/** Query 12, processing-time windows: how many bids a user makes within each 10 seconds of the machine's clock. */
import { tumbling } from "millrace";
import type { DataStream } from "millrace";
import { counting } from "../counting.ts";
import { bidsOf } from "../model.ts";
import type { NexmarkEvent } from "../model.ts";
import type { BidderWindow } from "./q11.ts";

export function q12(events: DataStream<NexmarkEvent>): DataStream<BidderWindow> {
  return bidsOf(events)
    .map(({ bidder }) => bidder)
    .keyBy((bidder) => bidder)
    .window(tumbling("10s", { time: "processing" }))
    .aggregate(counting)
    .map(({ key, value, window }) => ({ bidder: key, bids: value, startMs: window.startMs, endMs: window.endMs }));
}
