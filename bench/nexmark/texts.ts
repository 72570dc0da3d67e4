/**
 * The texts of Nexmark's events, made once: an event takes one of a thousand, of the lengths that the benchmark asks for.
 *
 * The benchmark's own generator makes the random text of each event anew, letter by letter. Here events share texts, which nothing in the engine profits
 * from: it neither compares nor counts references, and what crosses a thread is written out each time.
 */
import { below, draw, drawAgain } from "./draws.ts";

/** From which an event draws; a power of two, so that a mask chooses. */
const CHOICE = 1_024;

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** One string in one piece, since pieces would be joined by whoever first reads it. */
function randomText(seed: number, length: number): string {
  const codes: number[] = [];
  for (let drawn = draw(seed, 1_000); codes.length < length; drawn = drawAgain(drawn))
    codes.push(LETTERS.charCodeAt(below(LETTERS.length, drawn)));
  return String.fromCharCode(...codes);
}

function texts(seed: number, range: { readonly shortest: number; readonly longest: number }): readonly string[] {
  const { shortest, longest } = range;
  return Array.from({ length: CHOICE }, (_, index) => {
    const number = seed * CHOICE + index;
    return randomText(number, shortest + below(longest - shortest + 1, draw(number, 999)));
  });
}

/** What fills an event up to the average size that the benchmark names: 100 bytes for a bid, 500 for an auction, 200 for a person. */
const BID_EXTRAS = texts(1, { shortest: 54, longest: 81 });
const AUCTION_EXTRAS = texts(2, { shortest: 312, longest: 467 });
const PERSON_EXTRAS = texts(3, { shortest: 110, longest: 165 });
const ITEM_NAMES = texts(4, { shortest: 3, longest: 19 });
const DESCRIPTIONS = texts(5, { shortest: 3, longest: 99 });
const EMAILS = texts(6, { shortest: 3, longest: 6 }).map((name, index) => `${name}@${randomText(index, 4)}.com`);

function chooser(choice: readonly string[]): (drawn: number) => string {
  return (drawn) => choice[drawn & (CHOICE - 1)] ?? "";
}

const CREDIT_CARDS = Array.from({ length: CHOICE }, (_, index) =>
  [0, 1, 2, 3].map((group) => String(below(10_000, draw(index, group))).padStart(4, "0")).join(" "),
);

export const bidExtra: (drawn: number) => string = chooser(BID_EXTRAS);
export const auctionExtra: (drawn: number) => string = chooser(AUCTION_EXTRAS);
export const personExtra: (drawn: number) => string = chooser(PERSON_EXTRAS);
export const itemName: (drawn: number) => string = chooser(ITEM_NAMES);
export const description: (drawn: number) => string = chooser(DESCRIPTIONS);
export const emailAddress: (drawn: number) => string = chooser(EMAILS);
export const creditCard: (drawn: number) => string = chooser(CREDIT_CARDS);

const FIRST_NAMES = ["Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"];
const LAST_NAMES = ["Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"];
const CITIES = [
  "Phoenix",
  "Los Angeles",
  "San Francisco",
  "Boise",
  "Portland",
  "Bend",
  "Redmond",
  "Seattle",
  "Kent",
  "Cheyenne",
];
const STATES = ["AZ", "CA", "ID", "OR", "WA", "WY"];

function oneOf(choice: readonly string[], drawn: number): string {
  return choice[below(choice.length, drawn)] ?? "";
}

const NAMES = FIRST_NAMES.flatMap((first) => LAST_NAMES.map((last) => `${first} ${last}`));

export function personName(drawn: number): string {
  return oneOf(NAMES, drawn);
}

export function cityOf(drawn: number): string {
  return oneOf(CITIES, drawn);
}

export function stateOf(drawn: number): string {
  return oneOf(STATES, drawn);
}

/** Through which a bid came, and its page there. */
export interface Channel {
  readonly name: string;
  readonly url: string;
}

function page(seed: number): string {
  const path = [0, 1, 2].map((part) => randomText(seed * 3 + part + 500_000, 5)).join("/");
  return `https://www.nexmark.com/${path}/item.htm?query=1`;
}

const HOT_CHANNELS: readonly Channel[] = ["Google", "Facebook", "Baidu", "Apple"].map((name, index) => ({
  name,
  url: page(20_000 + index),
}));

/** Nine in ten say in the page which channel it was. */
const CHANNELS: readonly Channel[] = Array.from({ length: 10_000 }, (_, number) => ({
  name: `channel-${number}`,
  url: below(10, draw(number, 998)) > 0 ? `${page(number)}&channel_id=${draw(number, 997)}` : page(number),
}));

/** Half of the bids come through one of four. */
export function channelOf(drawn: number): Channel {
  const hot = (drawn & 1) === 0;
  const choice = hot ? HOT_CHANNELS : CHANNELS;
  return choice[below(choice.length, drawn)] ?? { name: "", url: "" };
}
