/**
 * Goal:   visits, batches, longest stays and anonymous clicks are those of plain loops over each user's clicks.
 * Method: the example's pipeline at several parallelisms. Batches and longest stays depend on the order of a user's clicks, which its splits keep.
 */
import { StreamExecutionEnvironment } from "millrace";
import { expect, test, vi } from "vitest";
import { clickOf, pipeline } from "../../examples/clicks.ts";
import type { AppBatch, Click, Visit } from "../../examples/clicks.ts";
import { collectStreams, sortedTexts } from "./collect.ts";

/** Each test runs whole jobs, which take their time where the machine is busy. */
vi.setConfig({ testTimeout: 30_000 });

/** Time comes in many small steps, although the job is soon over. */
const OFTEN = { "pipeline.auto-watermark-interval": "1ms" };
const COUNT = 3_000;
const PAUSE_MS = 120_000;
const clicks = Array.from({ length: COUNT }, (_, index) => clickOf(index));
const known = clicks.filter(({ user }) => user !== "");
const users = [...new Set(known.map(({ user }) => user))];

function clicksOf(user: string): Click[] {
  return known.filter((click) => click.user === user);
}

function naiveVisits(user: string): Visit[] {
  const visits: Visit[] = [];
  let last = -Infinity;
  for (const { atMs, stayMs } of clicksOf(user).toSorted((left, right) => left.atMs - right.atMs)) {
    const open = atMs - last <= PAUSE_MS ? visits.pop() : undefined;
    const { fromMs = atMs, clicks: before = 0, stayMs: stayed = 0 } = open ?? {};
    visits.push({ user, fromMs, clicks: before + 1, stayMs: stayed + stayMs });
    last = atMs;
  }
  return visits;
}

function naiveBatches(user: string): AppBatch[] {
  const inApp = clicksOf(user).filter(({ device }) => device === "app");
  return Array.from({ length: Math.floor(inApp.length / 5) }, (_, batch) => {
    const five = inApp.slice(batch * 5, batch * 5 + 5);
    return { user, stayMs: five.reduce((sum, { stayMs }) => sum + stayMs, 0) };
  });
}

/** One per click: the first of the longest so far. */
function naiveLongest(user: string): Click[] {
  return clicksOf(user).map((_, index, all) => {
    const soFar = all.slice(0, index + 1);
    const longestMs = Math.max(...soFar.map(({ stayMs }) => stayMs));
    return soFar.find(({ stayMs }) => stayMs === longestMs) as Click; // the maximum is among them
  });
}

test.each([1, 2, 3, 5])("everything is as in the plain loops at parallelism %i", async (parallelism) => {
  const env = StreamExecutionEnvironment.create({ "parallelism.default": parallelism, ...OFTEN });
  const { records } = await collectStreams(env, { ...pipeline(env, { count: COUNT }) });
  const visits = users.flatMap(naiveVisits);
  expect(visits.length).toBeGreaterThan(users.length * 2);
  expect(sortedTexts(records.visits)).toEqual(sortedTexts(visits));
  expect(sortedTexts(records.appBatches)).toEqual(sortedTexts(users.flatMap(naiveBatches)));
  expect(sortedTexts(records.anonymous)).toEqual(sortedTexts(clicks.filter(({ user }) => user === "")));
  for (const user of users) expect(records.longest.filter((click) => click.user === user)).toEqual(naiveLongest(user));
});
