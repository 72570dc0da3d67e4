/** What crosses threads arrives as it was: at the next operator, and at the client. What cannot cross fails the job with the place where it comes from. */
import { afterEach, expect, test } from "vitest";
import { kinds, LISTENER } from "./jobs/passing.ts";
import type { Listen } from "./jobs/passing.ts";
import { jobModule, onStage, rejection } from "./stage.ts";

const here = globalThis as { [LISTENER]?: Listen }; // where the job looks for it

afterEach(() => {
  delete here[LISTENER];
});

/** What the client of the job collects, on as many threads as subtasks. */
function collected(what: string, parallelism: number): Promise<readonly unknown[]> {
  return onStage({ taskManagers: parallelism }, async ({ cluster, warnings }) => {
    let results: AsyncIterable<unknown> | undefined;
    here[LISTENER] = (stream) => (results = stream);
    const job = await cluster.submit(jobModule("passing"), {
      args: [what],
      config: { "parallelism.default": parallelism },
    });
    const values: unknown[] = [];
    if (results !== undefined) for await (const value of results) values.push(value);
    await job.result();
    expect(warnings()).toEqual([]);
    return values;
  });
}

const SUBTASKS = [2, 3];

test.each(SUBTASKS)("a side output, with %i subtasks", async (parallelism) => {
  const texts = await collected("a side output", parallelism);
  const expected = Array.from({ length: 50 }, (_, index) => `${2 * index + 1} is odd, they say`);
  expect(texts.map(String).toSorted()).toEqual(expected.toSorted());
});

test.each(SUBTASKS)("a broadcast, to each of %i subtasks", async (parallelism) => {
  const numbers = await collected("a broadcast", parallelism);
  const expected = Array.from({ length: 20 * parallelism }, (_, index) => (Math.floor(index / parallelism) + 1) * 10);
  expect((numbers as number[]).toSorted((left, right) => left - right)).toEqual(expected); // the job collects numbers
});

test("every kind of value", async () => {
  const values = await collected("every kind of value", 2);
  expect(values).toHaveLength(kinds().length);
  for (const kind of kinds()) expect(values).toContainEqual(kind);
  expect(values.some((value) => Object.is(value, -0))).toBe(true);
});

test("an Observable, which is read in one thread, in its order", async () => {
  const numbers = await collected("an Observable", 2);
  const expected = Array.from({ length: 50 }, (_, index) => index + 1);
  expect((numbers as number[]).toSorted((left, right) => left - right)).toEqual(expected); // the job collects numbers
});

test("but not a function: the job fails with its path, and where it comes from", async () => {
  const { message } = await rejection(collected("a function", 2));
  expect(message).toMatch(/^MR4101: /);
  expect(message).toContain("nested.run");
  expect(message).toContain("packs functions");
});
