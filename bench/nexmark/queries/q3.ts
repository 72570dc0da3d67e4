/**
 * Query 3, local item suggestion: who sells something of category 10 in Oregon, Idaho or California, and which auction that is.
 *
 * A join without a window: a person is kept for ever, an auction until its seller is known.
 */
import { list, value } from "millrace";
import type { Collector, DataStream } from "millrace";
import { auctionsOf, personsOf } from "../model.ts";
import type { NexmarkEvent, Person } from "../model.ts";

export interface LocalItem extends Pick<Person, "name" | "city" | "state"> {
  readonly id: number;
}

const CATEGORY = 10;
const STATES: ReadonlySet<string> = new Set(["OR", "ID", "CA"]);

export function q3(events: DataStream<NexmarkEvent>): DataStream<LocalItem> {
  const sellers = personsOf(events)
    .filter(({ state }) => STATES.has(state))
    .map(({ id, name, city, state }) => ({ id, name, city, state }));
  const items = auctionsOf(events)
    .filter(({ category }) => category === CATEGORY)
    .map(({ id, seller }) => ({ id, seller }));
  return sellers
    .keyBy(({ id }) => id)
    .connect(items.keyBy(({ seller }) => seller))
    .process({
      state: { seller: value<Omit<LocalItem, "id">>(), waiting: list<number>() },
      processElement1({ name, city, state }, ctx, out: Collector<LocalItem>) {
        const seller = { name, city, state };
        for (const id of ctx.state.waiting.get()) out.collect({ ...seller, id });
        ctx.state.waiting.clear();
        ctx.state.seller.update(seller);
      },
      processElement2({ id }, ctx, out: Collector<LocalItem>) {
        const seller = ctx.state.seller.value();
        if (seller === undefined) ctx.state.waiting.add(id);
        else out.collect({ name: seller.name, city: seller.city, state: seller.state, id });
      },
    });
}
