/**
 * The three kinds of events of Nexmark, an online auction: people register, put things up for auction, and bid.
 *
 * The names are those of the benchmark's tables; `dateTime` and `expires` are ms since the epoch.
 */
import type { DataStream } from "millrace";

export interface Person {
  readonly kind: "person";
  readonly dateTime: number;
  readonly id: number;
  readonly name: string;
  readonly emailAddress: string;
  readonly creditCard: string;
  readonly city: string;
  readonly state: string;
  readonly extra: string;
}

export interface Auction {
  readonly kind: "auction";
  readonly dateTime: number;
  readonly id: number;
  readonly itemName: string;
  readonly description: string;
  readonly initialBid: number;
  readonly reserve: number;
  readonly expires: number;
  readonly seller: number;
  readonly category: number;
  readonly extra: string;
}

export interface Bid {
  readonly kind: "bid";
  readonly dateTime: number;
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly channel: string;
  readonly url: string;
  readonly extra: string;
}

export type NexmarkEvent = Person | Auction | Bid;

export function personsOf(events: DataStream<NexmarkEvent>): DataStream<Person> {
  return events.filter((event) => event.kind === "person") as DataStream<NexmarkEvent> as DataStream<Person>; // nothing else passes
}

export function auctionsOf(events: DataStream<NexmarkEvent>): DataStream<Auction> {
  return events.filter((event) => event.kind === "auction") as DataStream<NexmarkEvent> as DataStream<Auction>; // nothing else passes
}

export function bidsOf(events: DataStream<NexmarkEvent>): DataStream<Bid> {
  return events.filter((event) => event.kind === "bid") as DataStream<NexmarkEvent> as DataStream<Bid>; // nothing else passes
}
