/**
 * Goal:   a seed decides everything: two runs with it have the same history, byte for byte.
 * Method: scenarios with everything in them, each run twice in one process, with other runs in between and beside them.
 */
import { expect, test } from "vitest";
import { examine, scenarioOf } from "./search.ts";

const SEEDS = [3, 17, 22, 31, 40, 57, 68, 81];

async function historyOf(seed: number): Promise<string> {
  const { run, violation } = await examine(scenarioOf(seed));
  expect(violation).toBeUndefined();
  // What became visible, and in which order, is not among the notes.
  const commits = run?.outside.commits.map((commit) => JSON.stringify(commit)) ?? [];
  return [run?.history.digest, ...(run?.history.lines() ?? []), ...commits].join("\n");
}

test("the same seed gives the same history", async () => {
  const first: string[] = [];
  for (const seed of SEEDS) first.push(await historyOf(seed));
  for (const [at, seed] of SEEDS.entries()) expect(await historyOf(seed)).toBe(first[at]);
});

test("also while others run in the same process", async () => {
  const alone = await historyOf(17);
  const [beside] = await Promise.all([historyOf(17), historyOf(22), historyOf(31)]);
  expect(beside).toBe(alone);
});

test("another seed gives another history", async () => {
  expect(await historyOf(3)).not.toBe(await historyOf(17));
});
