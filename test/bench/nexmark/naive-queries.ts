/**
 * The queries of Nexmark over all events at once, in plain code: loops over arrays, no streams, no time but what the events say.
 *
 * In:    all events in the order of their numbers. Out: the rows of a query, in any order; of query 4 the last average of each category.
 */
import type { Auction, Bid, NexmarkEvent, Person } from "../../../bench/nexmark/model.ts";

interface Tables {
  readonly persons: readonly Person[];
  readonly auctions: readonly Auction[];
  readonly bids: readonly Bid[];
}

function tablesOf(events: readonly NexmarkEvent[]): Tables {
  return {
    persons: events.filter((event) => event.kind === "person"),
    auctions: events.filter((event) => event.kind === "auction"),
    bids: events.filter((event) => event.kind === "bid"),
  };
}

/** The start of the grid cell of that width in which a time lies. */
function cell(timeMs: number, widthMs: number): number {
  return timeMs - (timeMs % widthMs);
}

function grouped<T, K>(rows: readonly T[], keyOf: (row: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}

function columns({ auction, bidder, price, dateTime, extra }: Bid): unknown {
  return { auction, bidder, price, dateTime, extra };
}

/** Each auction with its valid bids, the best first; without those that have none. */
function contested({ auctions, bids }: Tables): { readonly auction: Auction; readonly best: Bid }[] {
  const bidsOf = grouped(bids, (bid) => bid.auction);
  return auctions.flatMap((auction) => {
    const valid = (bidsOf.get(auction.id) ?? []).filter(
      ({ dateTime }) => dateTime >= auction.dateTime && dateTime <= auction.expires,
    );
    const [best] = valid.toSorted((left, right) => right.price - left.price || left.dateTime - right.dateTime);
    return best === undefined ? [] : [{ auction, best }];
  });
}

function q3({ persons, auctions }: Tables): unknown[] {
  return auctions
    .filter(({ category }) => category === 10)
    .flatMap(({ id, seller }) =>
      persons
        .filter((person) => person.id === seller && ["OR", "ID", "CA"].includes(person.state))
        .map(({ name, city, state }) => ({ name, city, state, id })),
    );
}

function q4(tables: Tables): unknown[] {
  const categories = grouped(contested(tables), ({ auction }) => auction.category);
  return [...categories].map(([category, sold]) => {
    const sum = sold.reduce((soFar, { best }) => soFar + best.price, 0);
    return { category, average: Math.trunc(sum / sold.length) };
  });
}

function q5({ bids }: Tables): unknown[] {
  const inWindows = bids.flatMap(({ auction, dateTime }) =>
    [2, 4, 6, 8, 10].map((seconds) => ({ auction, windowEndMs: cell(dateTime, 2_000) + seconds * 1_000 })),
  );
  return [...grouped(inWindows, ({ windowEndMs }) => windowEndMs)].flatMap(([windowEndMs, window]) => {
    const counts = [...grouped(window, ({ auction }) => auction)].map(([auction, { length }]) => ({
      auction,
      bids: length,
    }));
    const most = Math.max(...counts.map((count) => count.bids));
    return counts.filter((count) => count.bids === most).map((count) => ({ ...count, windowEndMs }));
  });
}

function q7({ bids }: Tables): unknown[] {
  return [...grouped(bids, ({ dateTime }) => cell(dateTime, 10_000)).values()].flatMap((window) => {
    const highest = Math.max(...window.map(({ price }) => price));
    return window.filter(({ price }) => price === highest).map(columns);
  });
}

function q8({ persons, auctions }: Tables): unknown[] {
  return persons.flatMap(({ id, name, dateTime }) => {
    const startMs = cell(dateTime, 10_000);
    const sells = auctions.some((auction) => auction.seller === id && cell(auction.dateTime, 10_000) === startMs);
    return sells ? [{ id, name, startMs }] : [];
  });
}

function q9(tables: Tables): unknown[] {
  return contested(tables).map(({ auction, best }) => ({
    ...Object.fromEntries(Object.entries(auction).filter(([column]) => column !== "kind")),
    auction: best.auction,
    bidder: best.bidder,
    price: best.price,
    bidDateTime: best.dateTime,
    bidExtra: best.extra,
  }));
}

function q11({ bids }: Tables): unknown[] {
  return [...grouped(bids, ({ bidder }) => bidder)].flatMap(([bidder, own]) => {
    const found: { bidder: number; bids: number; startMs: number; endMs: number }[] = [];
    for (const { dateTime } of own) {
      const last = found.at(-1);
      if (last !== undefined && dateTime <= last.endMs) {
        last.bids += 1;
        last.endMs = dateTime + 10_000;
      } else found.push({ bidder, bids: 1, startMs: dateTime, endMs: dateTime + 10_000 });
    }
    return found;
  });
}

const NAIVE: Readonly<Record<string, (tables: Tables) => unknown[]>> = {
  q0: ({ bids }) => bids.map(columns),
  q1: ({ bids }) => bids.map((bid) => columns({ ...bid, price: 0.908 * bid.price })),
  q2: ({ bids }) => bids.filter(({ auction }) => auction % 123 === 0).map(({ auction, price }) => ({ auction, price })),
  q3,
  q4,
  q5,
  q7,
  q8,
  q9,
  q11,
};

export const NAIVE_QUERIES: readonly string[] = Object.keys(NAIVE);

export function naive(query: string, events: readonly NexmarkEvent[]): unknown[] {
  const compute = NAIVE[query];
  if (compute === undefined) throw new Error(`there is no naive ${query}`);
  return compute(tablesOf(events));
}
