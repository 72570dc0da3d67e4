/** Scenarios that some checker was not content with, by what was wrong: kept as data, since a seed means another scenario when the generators change. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { examine } from "./search.ts";
import type { Scenario } from "./search.ts";

test.each([
  [
    "storage-away-while-stopping",
    "a storage that was away for a moment while a savepoint was finished ended the job for good",
  ],
  ["one-timer-hands-out-many", "a checker took what one timer emits at once for a queue without a bound"],
])("%s: %s", async (name) => {
  const text = readFileSync(new URL(`found/${name}.json`, import.meta.url), "utf8");
  const { run, violation } = await examine(JSON.parse(text) as Scenario); // as `scenarioOf` made it
  expect(violation).toBeUndefined();
  expect(run?.completed).toBeGreaterThan(0);
});
