/** The generator keeps to the proportions and sizes of Nexmark, says the same for the same number, and names people and auctions that exist. */
import { expect, test } from "vitest";
import { nexmarkGenerator } from "../../../bench/nexmark/generator.ts";
import type { NexmarkEvent } from "../../../bench/nexmark/model.ts";

const EVENTS = 50_000;
const eventOf = nexmarkGenerator();
const events: readonly NexmarkEvent[] = Array.from({ length: EVENTS }, (_, number) => eventOf(number));
const persons = events.filter((event) => event.kind === "person");
const auctions = events.filter((event) => event.kind === "auction");
const bids = events.filter((event) => event.kind === "bid");

/** Numbers count as eight bytes, as in the benchmark's own estimate. */
function bytesOf(event: object, columns: readonly string[]): number {
  return columns.reduce((bytes, column) => {
    const value: unknown = Reflect.get(event, column);
    return bytes + (typeof value === "string" ? value.length : 8);
  }, 0);
}

function average(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function share<T>(all: readonly T[], isIn: (one: T) => boolean): number {
  return all.filter((one) => isIn(one)).length / all.length;
}

test("one person, three auctions and forty-six bids in fifty events", () => {
  expect([persons.length, auctions.length, bids.length]).toEqual([EVENTS / 50, (EVENTS * 3) / 50, (EVENTS * 46) / 50]);
});

test("events are as large as the benchmark says, on average", () => {
  const sizes = [
    average(
      persons.map((event) => bytesOf(event, ["id", "name", "emailAddress", "creditCard", "city", "state", "extra"])),
    ),
    average(
      auctions.map((event) =>
        bytesOf(event, [
          "id",
          "itemName",
          "description",
          "initialBid",
          "reserve",
          "expires",
          "seller",
          "category",
          "extra",
        ]),
      ),
    ),
    average(bids.map((event) => bytesOf(event, ["auction", "bidder", "price", "dateTime", "extra"]))),
  ];
  expect(sizes[0]).toBeCloseTo(200, -1.3);
  expect(sizes[1]).toBeCloseTo(500, -1.6);
  expect(sizes[2]).toBeCloseTo(100, -1.3);
});

test("the same number makes the same event, time follows the number, ids are dense", () => {
  expect(eventOf(777)).toEqual(nexmarkGenerator()(777));
  expect(
    events.every(({ dateTime }, number) => dateTime === (events[0]?.dateTime ?? 0) + Math.floor(number / 10)),
  ).toBe(true);
  expect(persons.map(({ id }) => id)).toEqual(persons.map((_, index) => 1_000 + index));
  expect(auctions.map(({ id }) => id)).toEqual(auctions.map((_, index) => 1_000 + index));
});

test("half of the bids go to a hot auction, three quarters come from a hot bidder; some name what is yet to come", () => {
  const made = { auctions: 1_000, persons: 1_000 };
  let early = 0;
  let wrong = 0;
  for (const event of events) {
    if (event.kind === "auction") made.auctions += 1;
    else if (event.kind === "person") made.persons += 1;
    else {
      if (event.auction >= made.auctions) early += 1;
      const isRecent = event.auction >= Math.max(made.auctions - 1 - 100, 1_000) - 99;
      if (!isRecent || event.auction >= made.auctions + 10 || event.bidder > made.persons + 10) wrong += 1;
    }
  }
  expect(wrong).toBe(0);
  expect(share(bids, ({ auction }) => auction % 100 === 0)).toBeCloseTo(0.5, 1);
  expect(share(bids, ({ bidder }) => bidder % 100 === 1)).toBeCloseTo(0.75, 1);
  expect(share(auctions, ({ seller }) => seller % 100 === 0)).toBeCloseTo(0.75, 1);
  expect(early / bids.length).toBeGreaterThan(0.01);
  expect(share(bids, ({ channel }) => !channel.startsWith("channel-"))).toBeCloseTo(0.5, 1);
});

test("prices are spread over six orders of magnitude, auctions over some seconds and five categories", () => {
  const logs = bids.map(({ price }) => Math.log10(price));
  expect(Math.min(...logs)).toBeGreaterThanOrEqual(2);
  expect(Math.max(...logs)).toBeLessThanOrEqual(8);
  expect(average(logs)).toBeCloseTo(5, 1);
  expect(new Set(auctions.map(({ category }) => category))).toEqual(new Set([10, 11, 12, 13, 14]));
  expect(auctions.every(({ dateTime, expires }) => expires > dateTime && expires <= dateTime + 334)).toBe(true);
  expect(average(auctions.map(({ dateTime, expires }) => expires - dateTime))).toBeCloseTo(167, -1);
});
