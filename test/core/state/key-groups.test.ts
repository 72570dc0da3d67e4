/**
 * Goal:   for any parallelism, the ranges of the subtasks partition the key groups, and `subtaskOfKeyGroup` says whose range a group is in.
 * Method: walk over all groups and subtasks; the owner is looked for in plain code.
 * Replay: `MILLRACE_SEED=<seed>` repeats a failure.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  MAX_PARALLELISM_LIMIT,
  defaultMaxParallelism,
  intersect,
  isEmptyRange,
  keyGroupRange,
  subtaskOfKeyGroup,
} from "../../../core/state/key-groups.ts";
import type { KeyGroupRange } from "../../../core/state/key-groups.ts";

const replay = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

const sizes = fc
  .integer({ min: 1, max: 600 })
  .chain((max) => fc.record({ max: fc.constant(max), parallelism: fc.integer({ min: 1, max }) }));

type RangeOf = (max: number, parallelism: number, index: number) => KeyGroupRange;

function partitions(rangeOf: RangeOf): fc.IProperty<[{ max: number; parallelism: number }]> {
  return fc.property(sizes, ({ max, parallelism }) => {
    let next = 0;
    for (let index = 0; index < parallelism; index += 1) {
      const range = rangeOf(max, parallelism, index);
      expect(range.first).toBe(next);
      expect(isEmptyRange(range)).toBe(false);
      for (let group = range.first; group <= range.last; group += 1)
        expect(subtaskOfKeyGroup(max, parallelism, group)).toBe(index);
      next = range.last + 1;
    }
    expect(next).toBe(max);
  });
}

describe("ranges of key groups", () => {
  test("partition the groups and agree with the owner of each", () => {
    expect(() => fc.assert(partitions(keyGroupRange), replay)).not.toThrow();
  });

  test("the check catches ranges that are rounded the wrong way", () => {
    const floored: RangeOf = (max, parallelism, index) => ({
      first: Math.floor((index * max) / parallelism),
      last: Math.floor(((index + 1) * max) / parallelism) - 1,
    });
    expect(fc.check(partitions(floored), replay).failed).toBe(true);
  });

  test("sizes differ by one at most", () =>
    fc.assert(
      fc.property(sizes, ({ max, parallelism }) => {
        const counts = Array.from({ length: parallelism }, (_, index) => {
          const { first, last } = keyGroupRange(max, parallelism, index);
          return last - first + 1;
        });
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
      replay,
    ));

  test("are Flink's in known cases", () => {
    expect([0, 1, 2].map((index) => keyGroupRange(128, 3, index))).toEqual([
      { first: 0, last: 42 },
      { first: 43, last: 85 },
      { first: 86, last: 127 },
    ]);
    expect(keyGroupRange(MAX_PARALLELISM_LIMIT, MAX_PARALLELISM_LIMIT, MAX_PARALLELISM_LIMIT - 1)).toEqual({
      first: 32_767,
      last: 32_767,
    });
    expect(subtaskOfKeyGroup(MAX_PARALLELISM_LIMIT, MAX_PARALLELISM_LIMIT, 32_767)).toBe(32_767);
  });

  test("a subtask without any group is our mistake", () => {
    expect(() => keyGroupRange(4, 5, 0)).toThrow("MR3000");
    expect(() => keyGroupRange(4, 2, 2)).toThrow("MR3000");
  });
});

describe("intersections", () => {
  const ranges = fc.tuple(fc.nat(30), fc.nat(30)).map(([first, last]): KeyGroupRange => ({ first, last }));
  const holds = ({ first, last }: KeyGroupRange, group: number): boolean => first <= group && group <= last;

  test("hold what both ranges hold, and are empty otherwise", () =>
    fc.assert(
      fc.property(ranges, ranges, (left, right) => {
        const both = intersect(left, right);
        const groups = Array.from({ length: 32 }, (_, group) => group).filter(
          (group) => holds(left, group) && holds(right, group),
        );
        expect(groups.every((group) => holds(both, group))).toBe(true);
        expect(isEmptyRange(both)).toBe(groups.length === 0);
      }),
      replay,
    ));
});

test.each([
  [1, 128],
  [85, 128],
  [86, 256],
  [128, 256],
  [171, 256],
  [10_000, 16_384],
  [30_000, 32_768],
])("parallelism %i gets %i key groups by default", (parallelism, groups) => {
  expect(defaultMaxParallelism(parallelism)).toBe(groups);
});
