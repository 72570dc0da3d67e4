/** The sweep of expired cells takes short steps, however little is left. */
// covers: core/state/heap/sweeper.ts
import { expect, test } from "vitest";
import { value } from "../../../../core/state/descriptors.ts";
import { createHeapKeyedState } from "../../../../core/state/heap/backend.ts";
import { Row } from "../../../../core/state/heap/row.ts";
import { RowsByKey } from "../../../../core/state/heap/rows-by-key.ts";
import { ManualClock } from "../../../harness/manual-clock.ts";

test.each<[string, (n: number) => unknown]>([
  ["texts", (n) => `k${n}`],
  ["numbers", (n) => n],
])("keys that are %s: an access looks at a few rows, also after nearly all have expired", (_name, keyOf) => {
  const clock = new ManualClock(0);
  const backend = createHeapKeyedState({
    keyGroups: { first: 0, last: 127 },
    maxParallelism: 128,
    clock,
    operatorName: "sessions",
  });
  const state = backend.value("seen", value<number>({ ttl: 1_000 }));
  const touch = (n: number): void => {
    backend.setCurrentKey(keyOf(n));
    state.update(n);
  };
  for (let n = 0; n < 30_000; n += 1) touch(n);
  clock.advance(10_000);
  for (let n = 0; n < 30_000; n += 1) touch(n % 10);
  expect(backend.size()).toEqual({ rows: 10, cells: 10 });
});

test("a walk pauses where rows have left", () => {
  const rows = new RowsByKey();
  for (let key = 0; key < 10_000; key += 1) {
    const row = new Row(key, 0);
    row.live = key < 5 ? 1 : 0;
    rows.add(key, row);
  }
  rows.removeEmpty();
  const steps = [...rows.values()];
  expect(steps.filter((row) => row !== undefined)).toHaveLength(5);
  expect(steps.length).toBeGreaterThan(10_000 / 100);
});
