/**
 * The events of Nexmark, each a function of its number, in the proportions of the benchmark's own generator: of fifty events, one person, three
 * auctions, forty-six bids.
 *
 * Half of the bids go to the hot auction of the moment, three quarters of them come from its hot bidder, three quarters of the auctions from its hot
 * seller; hot is the first (of bidders: the second) in the last hundred. All others are spread over the last hundred auctions and thousand people, and ten
 * each that do not exist yet, so that a join has to wait for some. Time is event time only, and follows the event's number.
 *
 * Source: NexmarkGenerator of github.com/nexmark/nexmark, with its standard configuration; the random numbers are others.
 */
import { below, draw, drawAgain, priceOf } from "./draws.ts";
import type { Auction, Bid, NexmarkEvent, Person } from "./model.ts";
import {
  auctionExtra,
  bidExtra,
  channelOf,
  cityOf,
  creditCard,
  description,
  emailAddress,
  itemName,
  personExtra,
  personName,
  stateOf,
} from "./texts.ts";

const EVENTS_PER_EPOCH = 50;
const AUCTIONS_PER_EPOCH = 3;
/** Within an epoch: the person, then the auctions, then the bids. */
const FIRST_BID = 1 + AUCTIONS_PER_EPOCH;

const FIRST_ID = 1_000;
const FIRST_CATEGORY = 10;
const CATEGORIES = 5;
/** Of how many consecutive people or auctions one is hot. */
const HOT_BATCH = 100;
const AUCTIONS_IN_FLIGHT = 100;
const ACTIVE_PEOPLE = 1_000;
/** Ids that may be named although their event is yet to come. */
const LEAD = 10;
/** Events until as many auctions as are in flight were made; an auction is open for twice as long at most. */
const EVENTS_IN_FLIGHT = Math.trunc((AUCTIONS_IN_FLIGHT * EVENTS_PER_EPOCH) / AUCTIONS_PER_EPOCH);

/** Of the first event. */
const START_MS = Date.UTC(2015, 6, 15);

export interface GeneratorOptions {
  /** Of event time. Default: 10,000, as in the benchmark's generator. */
  readonly eventsPerSecond?: number;
}

/** Returns the function that makes the event of a number, from 0 on. */
export function nexmarkGenerator(options: GeneratorOptions = {}): (eventNumber: number) => NexmarkEvent {
  const msPerEvent = 1_000 / (options.eventsPerSecond ?? 10_000);
  return (eventNumber) => {
    const epoch = (eventNumber / EVENTS_PER_EPOCH) | 0;
    const offset = eventNumber - epoch * EVENTS_PER_EPOCH;
    const dateTime = START_MS + ((eventNumber * msPerEvent) | 0);
    if (offset >= FIRST_BID) return bidOf(eventNumber, epoch, dateTime);
    if (offset === 0) return personOf(eventNumber, epoch, dateTime);
    const id = FIRST_ID + epoch * AUCTIONS_PER_EPOCH + offset - 1;
    return auctionOf({ eventNumber, epoch, id, dateTime, horizonMs: EVENTS_IN_FLIGHT * msPerEvent });
  };
}

/** Hot: the benchmark `nexmark: generator alone`. */
function bidOf(eventNumber: number, epoch: number, dateTime: number): Bid {
  const forAuction = draw(eventNumber, 0);
  const forBidder = drawAgain(forAuction);
  const forTexts = drawAgain(forBidder);
  const channel = channelOf(forTexts);
  return {
    kind: "bid",
    dateTime,
    auction: FIRST_ID + auctionToBidFor(epoch, forAuction),
    bidder: FIRST_ID + ((forBidder & 3) > 0 ? hotOf(epoch) + 1 : activePerson(epoch, forBidder)),
    price: priceOf(drawAgain(forTexts)),
    channel: channel.name,
    url: channel.url,
    extra: bidExtra(forTexts >>> 2),
  };
}

function auctionToBidFor(epoch: number, drawn: number): number {
  const last = epoch * AUCTIONS_PER_EPOCH + AUCTIONS_PER_EPOCH - 1;
  if ((drawn & 1) === 0) return hotOf(last);
  const first = Math.max(last - AUCTIONS_IN_FLIGHT, 0);
  return first + below(last - first + 1 + LEAD, drawn);
}

function hotOf(last: number): number {
  return ((last / HOT_BATCH) | 0) * HOT_BATCH;
}

/** There is one person per epoch. */
function activePerson(epoch: number, drawn: number): number {
  const people = epoch + 1;
  const active = Math.min(people, ACTIVE_PEOPLE);
  return people - active + below(active + LEAD, drawn);
}

function personOf(eventNumber: number, epoch: number, dateTime: number): Person {
  const forName = draw(eventNumber, 0);
  const forPlace = draw(eventNumber, 1);
  return {
    kind: "person",
    dateTime,
    id: FIRST_ID + epoch,
    name: personName(draw(eventNumber, 2)),
    emailAddress: emailAddress(forName),
    creditCard: creditCard(draw(eventNumber, 3)),
    city: cityOf(forPlace),
    state: stateOf(draw(eventNumber, 5)),
    extra: personExtra(forPlace),
  };
}

interface AuctionFrame {
  readonly eventNumber: number;
  readonly epoch: number;
  readonly id: number;
  readonly dateTime: number;
  readonly horizonMs: number;
}

function auctionOf({ eventNumber, epoch, id, dateTime, horizonMs }: AuctionFrame): Auction {
  const forSeller = draw(eventNumber, 0);
  const forTexts = draw(eventNumber, 1);
  const initialBid = priceOf(draw(eventNumber, 2));
  return {
    kind: "auction",
    dateTime,
    id,
    itemName: itemName(forTexts),
    description: description(forTexts >>> 10),
    initialBid,
    reserve: initialBid + priceOf(draw(eventNumber, 3)),
    expires: dateTime + 1 + below(Math.max(horizonMs * 2, 1), draw(eventNumber, 4)),
    seller: FIRST_ID + ((forSeller & 3) > 0 ? hotOf(epoch) : activePerson(epoch, forSeller)),
    category: FIRST_CATEGORY + below(CATEGORIES, draw(eventNumber, 5)),
    extra: auctionExtra(forTexts >>> 20),
  };
}
