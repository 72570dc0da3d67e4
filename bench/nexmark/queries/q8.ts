/**
 * Query 8, monitor new users: who registered and put something up for auction within the same 10 seconds. Each once.
 *
 * State: per person or seller what is known of the 10 seconds at hand, dropped when the watermark has passed them.
 */
import { map } from "millrace";
import type { Collector, DataStream } from "millrace";
import { auctionsOf, personsOf } from "../model.ts";
import type { NexmarkEvent } from "../model.ts";

export interface NewSeller {
  readonly id: number;
  readonly name: string;
  readonly startMs: number;
}

const WINDOW_MS = 10_000;

/** What was seen of a person in one window. */
interface Seen {
  readonly name?: string;
  readonly sells?: true;
}

export function q8(events: DataStream<NexmarkEvent>): DataStream<NewSeller> {
  const people = personsOf(events).map(({ id, name, dateTime }) => ({ id, name, startMs: windowOf(dateTime) }));
  const sellers = auctionsOf(events).map(({ seller, dateTime }) => ({ seller, startMs: windowOf(dateTime) }));
  return people
    .keyBy(({ id }) => id)
    .connect(sellers.keyBy(({ seller }) => seller))
    .process({
      state: { windows: map<number, Seen>() },
      processElement1({ id, name, startMs }, ctx, out: Collector<NewSeller>) {
        const seen = ctx.state.windows.get(startMs);
        if (seen?.name !== undefined) return;
        ctx.state.windows.put(startMs, { ...seen, name });
        if (seen === undefined) ctx.timers.registerEventTime(startMs + WINDOW_MS - 1);
        else out.collect({ id, name, startMs });
      },
      processElement2({ seller, startMs }, ctx, out: Collector<NewSeller>) {
        const seen = ctx.state.windows.get(startMs);
        if (seen?.sells === true) return;
        ctx.state.windows.put(startMs, { ...seen, sells: true });
        if (seen?.name === undefined) ctx.timers.registerEventTime(startMs + WINDOW_MS - 1);
        else out.collect({ id: seller, name: seen.name, startMs });
      },
      onTimer(timeMs, ctx) {
        ctx.state.windows.remove(timeMs - WINDOW_MS + 1);
      },
    });
}

function windowOf(timeMs: number): number {
  return Math.floor(timeMs / WINDOW_MS) * WINDOW_MS;
}
