/**
 * A keyed process function that is tested alone, in abandoned-baskets.test.ts: it reminds people of what they left in their basket.
 *
 * In:    what people put into their baskets, and what they pay. Out: a reminder half an hour of event time after the last change of a basket that was not paid.
 *        On the side, payments without a basket.
 * State: per person the items in the basket, and the time at which the reminder is due.
 */
import { list, OutputTag, value } from "millrace";
import type { Collector, KeyedProcessFunction, ListDescriptor, ValueDescriptor } from "millrace";

export interface BasketEvent {
  readonly person: string;
  /** Left out: the person paid. */
  readonly item?: string;
}

export interface Reminder {
  readonly person: string;
  readonly items: readonly string[];
}

const WAIT_MS = 30 * 60_000;

export const WITHOUT_BASKET: OutputTag<string> = new OutputTag("without basket");

/** A type and not an interface, so that the names in it are known. */
type BasketState = {
  readonly items: ListDescriptor<string>;
  readonly dueMs: ValueDescriptor<number, number | undefined>;
};

export const abandonedBaskets: KeyedProcessFunction<string, BasketEvent, Reminder, BasketState> = {
  state: { items: list(), dueMs: value() },
  processElement({ person, item }, ctx) {
    const { items, dueMs } = ctx.state;
    const beforeMs = dueMs.value();
    if (beforeMs !== undefined) ctx.timers.deleteEventTime(beforeMs);
    if (item === undefined) {
      if (items.isEmpty()) ctx.output(WITHOUT_BASKET, person);
      items.clear();
      dueMs.clear();
      return;
    }
    items.add(item);
    dueMs.update(ctx.timestampMs + WAIT_MS);
    ctx.timers.registerEventTime(ctx.timestampMs + WAIT_MS);
  },
  onTimer(_, ctx, out: Collector<Reminder>) {
    out.collect({ person: ctx.key, items: ctx.state.items.get() });
    ctx.state.dueMs.clear();
  },
};
