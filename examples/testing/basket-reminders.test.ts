/**
 * How to test a whole job under crashes and other parallelisms: it runs on a simulated cluster, its files are replaced by records and by what a test reads.
 *
 * Nothing is random: each run is decided by a seed, and a failure prints the line that brings it again.
 */
import { isDeepStrictEqual } from "node:util";
import { checkExactlyOnce, simulate } from "millrace/testing";
import { expect, test } from "vitest";
import type { Reminder } from "./abandoned-baskets.ts";
import job from "./basket-reminders.ts";
import type { TimedBasketEvent } from "./basket-reminders.ts";

const MINUTE_MS = 60_000;

const payers = ["bob", "joe"];
const people = ["ada", "bob", "eve", "joe"];

/** Each takes two things; every second one pays. */
const events: readonly TimedBasketEvent[] = [
  ...people.map((person, index) => ({ person, item: "tea", atMs: index * MINUTE_MS })),
  ...people.map((person, index) => ({ person, item: "cup", atMs: (10 + index) * MINUTE_MS })),
  ...payers.map((person, index) => ({ person, atMs: (20 + index) * MINUTE_MS })),
];

test("reminds exactly once, whatever crashes", async () => {
  await checkExactlyOnce(job, { events }, { runs: 20, order: (reminder: Reminder) => reminder.person });
});

test("reminds those who did not pay, at another parallelism after the restart too", async () => {
  const run = await simulate(job, {
    inputs: { events },
    seed: 7,
    faults: "some",
    parallelism: 2,
    rescale: [4, 1],
    invariants: {
      "nobody is reminded who paid": (ended) =>
        expect(ended.output<Reminder>("reminders").filter(({ person }) => payers.includes(person))).toEqual([]),
    },
  });
  expect(run.output<Reminder>("reminders").toSorted((a, b) => a.person.localeCompare(b.person))).toEqual([
    { person: "ada", items: ["tea", "cup"] },
    { person: "eve", items: ["tea", "cup"] },
  ]);
});

test("reminds nobody twice", async () => {
  await simulate(job, {
    inputs: { events },
    faults: "many",
    whenCommitted: (record, { soFar }) =>
      soFar.some((earlier) => isDeepStrictEqual(earlier, record)) ? "somebody was reminded twice" : undefined,
  });
});
