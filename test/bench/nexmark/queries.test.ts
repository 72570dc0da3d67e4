/**
 * Goal:   each query puts out what a naive computation over the same events does, at any parallelism.
 * Method: whole jobs in the calling thread over events spread far enough in time that many windows, sessions and auctions close on the way, at
 *         parallelism 1 and 3: records of a key then come over several channels, in another order each.
 */
import { StreamExecutionEnvironment } from "millrace";
import type { DataStream } from "millrace";
import { describe, expect, test, vi } from "vitest";
import { nexmarkGenerator } from "../../../bench/nexmark/generator.ts";
import type { Auction, NexmarkEvent } from "../../../bench/nexmark/model.ts";
import { QUERIES } from "../../../bench/nexmark/queries/index.ts";
import type { CategoryAverage } from "../../../bench/nexmark/queries/q4.ts";
import { nexmarkEvents } from "../../../bench/nexmark/source.ts";
import { collectStreams, sortedTexts } from "../../examples/collect.ts";
import { NAIVE_QUERIES, naive } from "./naive-queries.ts";

/** Each test runs whole jobs, which take their time where the machine is busy. */
vi.setConfig({ testTimeout: 30_000 });

const EVENTS = 4_000;
/** A window of 10 seconds holds 500 events, an auction is open for half a minute. */
const SLOWLY = { eventsPerSecond: 50 };
const OFTEN = { "pipeline.auto-watermark-interval": "1ms" };

const events: readonly NexmarkEvent[] = Array.from({ length: EVENTS }, (_, number) => nexmarkGenerator(SLOWLY)(number));

async function run(
  query: (stream: DataStream<NexmarkEvent>) => DataStream<unknown>,
  parallelism: number,
): Promise<unknown[]> {
  const env = StreamExecutionEnvironment.create({ "parallelism.default": parallelism, ...OFTEN });
  const results = query(nexmarkEvents(env, { events: EVENTS, ...SLOWLY }));
  const { records } = await collectStreams(env, { results });
  return records.results;
}

async function rowsOf(query: string, parallelism: number): Promise<readonly unknown[]> {
  const build = QUERIES[query];
  if (build === undefined) throw new Error(`there is no ${query}`);
  const rows = await run(build, parallelism);
  return query === "q4" ? lastOfCategory(rows as CategoryAverage[]) : rows; // what it puts out
}

/** Averages so far: only the last of each category is the answer. */
function lastOfCategory(averages: readonly CategoryAverage[]): readonly CategoryAverage[] {
  return [...new Map(averages.map((row) => [row.category, row])).values()];
}

test("every query is checked, but for that of processing time", () => {
  expect(Object.keys(QUERIES).toSorted()).toEqual([...NAIVE_QUERIES, "q12"].toSorted());
});

describe.each(NAIVE_QUERIES)("%s", (query) => {
  const expected = sortedTexts(naive(query, events));

  test("has something to find", () => {
    expect(expected.length).toBeGreaterThan(4);
  });

  test.each([1, 3])("as computed naively, at parallelism %i", async (parallelism) => {
    expect(sortedTexts(await rowsOf(query, parallelism))).toEqual(expected);
  });
});

test("an auction that closes a moment too early is noticed", async () => {
  const hasty = (stream: DataStream<NexmarkEvent>): DataStream<unknown> =>
    (QUERIES["q9"] ?? ((same) => same))(stream.map((event) => (event.kind === "auction" ? closedEarly(event) : event)));
  const rows = (await run(hasty, 2)) as Auction[]; // what it puts out
  const asAnnounced = rows.map((row) => ({ ...row, expires: row.expires + EARLY_MS }));
  expect(sortedTexts(asAnnounced)).not.toEqual(sortedTexts(naive("q9", events)));
});

const EARLY_MS = 500;

function closedEarly(auction: Auction): Auction {
  return { ...auction, expires: auction.expires - EARLY_MS };
}
