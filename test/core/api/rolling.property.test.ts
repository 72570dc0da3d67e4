/**
 * Goal:   sum, min, max, minBy and maxBy fold the elements of a key as their names say, the first of equals winning.
 * Method: random elements against a naive computation over each prefix.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ADD, HIGHER, LOWER, comparableOf, foldField, foldSelected, pickBy } from "../../../core/api/rolling.ts";
import { replay } from "../../harness/replay.ts";

interface Element {
  readonly id: number;
  readonly amount: number;
}

const elements = fc
  .array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 12 })
  .map((amounts) => amounts.map((amount, id): Element => ({ id, amount })));

/** What a rolling reduction emits. */
function rolled<T>(values: readonly T[], reduce: (left: T, right: T) => T): T[] {
  const out: T[] = [];
  for (const value of values) out.push(out.length === 0 ? value : reduce(out.at(-1) as T, value)); // not empty
  return out;
}

const prefixes = <T>(values: readonly T[]): T[][] => values.map((_, index) => values.slice(0, index + 1));
const amounts = (prefix: readonly Element[]): number[] => prefix.map(({ amount }) => amount);
const total = (numbers: readonly number[]): number => numbers.reduce((sum, amount) => sum + amount, 0);

test.each([
  ["sum", ADD, total],
  ["min", LOWER, (numbers: readonly number[]) => Math.min(...numbers)],
  ["max", HIGHER, (numbers: readonly number[]) => Math.max(...numbers)],
] as const)("%s keeps the other fields of the first element; by selector it gives the number", (_name, fold, naive) => {
  const property = fc.property(elements, (given) => {
    const expected = prefixes(given).map((prefix) => naive(amounts(prefix)));
    expect(rolled(given, foldField<Element>("amount", fold))).toEqual(expected.map((amount) => ({ id: 0, amount })));
    expect(selected(given, fold)).toEqual(expected);
  });
  fc.assert(property, replay);
});

test.each([
  ["minBy", "lowest", (prefix: readonly Element[]) => Math.min(...amounts(prefix))],
  ["maxBy", "highest", (prefix: readonly Element[]) => Math.max(...amounts(prefix))],
] as const)("%s returns the first of the extreme elements, as a whole", (_name, wanted, extreme) => {
  const property = fc.property(elements, (given) => {
    const expected = prefixes(given).map((prefix) => prefix.find(({ amount }) => amount === extreme(prefix)));
    expect(rolled(given, pickBy(comparableOf<Element>("amount"), wanted))).toEqual(expected);
    expect(
      rolled(
        given,
        pickBy(
          comparableOf<Element>(({ amount }) => new Date(amount)),
          wanted,
        ),
      ),
    ).toEqual(expected);
  });
  fc.assert(property, replay);
});

test("no element is changed in place", () => {
  const first: Element = Object.freeze({ id: 1, amount: 1 });
  const folded = foldField<Element>("amount", ADD)(first, Object.freeze({ id: 2, amount: 2 }));
  expect(folded).toEqual({ id: 1, amount: 3 });
  expect(folded).not.toBe(first);
});

test("NaN neither wins nor spoils the lowest and the highest, unless it came first", () => {
  expect([LOWER(1, NaN), HIGHER(1, NaN), LOWER(2, 1), HIGHER(2, 3)]).toEqual([1, 1, 1, 3]);
});

/** Runs the process function behind `sum(selector)` with a state of one variable. */
function selected(given: readonly Element[], fold: (left: number, right: number) => number): number[] {
  const fn = foldSelected<string, Element>(({ amount }) => amount, fold);
  let folded: number | undefined;
  const out: number[] = [];
  const state = {
    folded: { value: () => folded, update: (next: number) => (folded = next), clear: () => (folded = undefined) },
  };
  for (const element of given) fn.processElement(element, { state } as never, { collect: (value) => out.push(value) });
  return out;
}
