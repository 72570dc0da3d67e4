/** One key with many timers, and one time at which timers come and go. */
import { expect, test } from "vitest";
import { RestoredTimers } from "../../../../core/state/heap/restored-timers.ts";
import { Row } from "../../../../core/state/heap/row.ts";
import type { Rows } from "../../../../core/state/heap/rows.ts";
import { TimerBucket } from "../../../../core/state/heap/timer-bucket.ts";
import type { TimerHome } from "../../../../core/state/heap/timer-bucket.ts";

const home = { state: {}, event: true } as unknown as TimerHome; // nobody looks into the state

test("a key with 200,000 timers is restored, in seconds", () => {
  const rows = { gained: () => undefined, lost: () => undefined } as unknown as Rows; // all that is asked of rows
  const restored = new RestoredTimers(rows);
  const row = new Row("k", 1);
  for (let n = 0; n < 200_000; n += 1) restored.put(row, { home, timeMs: n, namespace: 0 }, n);
  expect(restored.inOrder().length).toBe(200_000);
}, 5_000);

test("timers that come and go first in, first out leave nothing behind", () => {
  const row = new Row("k", 1);
  const bucket = new TimerBucket(home, 100, { row, namespace: 0, number: 1 });
  for (let number = 2; number < 100_000; number += 1) {
    bucket.add(row, 0, number);
    bucket.remove(bucket.next());
    bucket.forgetDead();
  }
  expect(bucket.live).toBe(1);
  expect(bucket.end).toBeLessThan(100);
});

test("a row counts its timers as one thing, from the first that a file puts to the last that another deletes", () => {
  let inUse = 0;
  const rows = { gained: () => (inUse += 1), lost: () => (inUse -= 1) } as unknown as Rows; // all that is asked of rows
  const restored = new RestoredTimers(rows);
  const row = new Row("k", 1);
  for (let n = 0; n < 20; n += 1) restored.put(row, { home, timeMs: n, namespace: 0 }, n);
  expect(inUse).toBe(1);
  for (let n = 0; n < 20; n += 1) restored.delete(row, { home, timeMs: n, namespace: 0 });
  restored.delete(row, { home, timeMs: 3, namespace: 0 });
  expect(inUse).toBe(0);
  restored.put(row, { home, timeMs: 3, namespace: 0 }, 21);
  expect(inUse).toBe(1);
  expect(restored.inOrder().map(({ number }) => number)).toEqual([21]);
});
