/** Query 5, hot items: every 2 seconds, the auctions with the most bids in the last 10 seconds. */
import { sliding, tumbling } from "millrace";
import type { AggregateFunction, DataStream } from "millrace";
import { counting } from "../counting.ts";
import { bidsOf } from "../model.ts";
import type { NexmarkEvent } from "../model.ts";

export interface HotItem {
  readonly auction: number;
  readonly bids: number;
  readonly windowEndMs: number;
}

const SLIDE_MS = 2_000;

export function q5(events: DataStream<NexmarkEvent>): DataStream<HotItem> {
  return bidsOf(events)
    .map(({ auction }) => auction)
    .keyBy((auction) => auction)
    .window(sliding("10s", SLIDE_MS))
    .aggregate(counting)
    .map(({ key, window, value }): HotItem => ({ auction: key, bids: value, windowEndMs: window.endMs }))
    .keyBy(({ windowEndMs }) => windowEndMs)
    .window(tumbling(SLIDE_MS)) // each holds the results of one sliding window: they are stamped with its last ms
    .aggregate(hottest)
    .flatMap(({ value }) => value);
}

/** All that share the first place. */
const hottest: AggregateFunction<HotItem, HotItem[], HotItem[]> = {
  createAccumulator: () => [],
  add(item, best) {
    const most = best[0]?.bids ?? 0;
    if (item.bids > most) return [item];
    if (item.bids === most) best.push(item);
    return best;
  },
  getResult: (best) => best,
};
