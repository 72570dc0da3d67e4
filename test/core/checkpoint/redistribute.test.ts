/** Operator lists at another parallelism, case by case; `restore-plan.test.ts` has the laws. */
import { expect, test } from "vitest";
import { redistributeLists } from "../../../core/checkpoint/redistribute.ts";
import type { OperatorListSnapshot } from "../../../core/state/operator-state.ts";

test("a list that only one subtask had is dealt too", () => {
  const lists = [{ name: "late", mode: "split" as const, items: [Uint8Array.of(1), Uint8Array.of(2)] }];
  expect(redistributeLists([[], lists], 1)).toEqual([lists]);
  expect(redistributeLists([[], lists], 2).map((dealt) => dealt[0]?.items.length)).toEqual([0, 2]);
  expect(redistributeLists([], 2)).toEqual([[], []]);
});

test("a list that stays together is dealt whole, in its order", () => {
  const list = (...bytes: number[]): OperatorListSnapshot[] => [
    { name: "commits", mode: "together", items: bytes.map((byte) => Uint8Array.of(byte)) },
  ];
  const saved = [list(1, 2), list(), list(3, 4, 5)];
  const dealt = (parallelism: number): number[][] =>
    redistributeLists(saved, parallelism).map(([only]) => (only?.items ?? []).map(([byte = -1]) => byte));
  expect(dealt(3)).toEqual([[1, 2], [], [3, 4, 5]]);
  expect(dealt(2)).toEqual([[1, 2, 3, 4, 5], []]);
  expect(dealt(4)).toEqual([[1, 2], [], [3, 4, 5], []]);
});
