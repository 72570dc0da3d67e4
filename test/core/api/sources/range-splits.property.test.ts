/**
 * Goal:   `fromSequence` and `fromData` emit every element exactly once, across restarts at any parallelism, each split in order.
 * Method: random ranges, run for a random number of records with an output that falls busy now and then, snapshot, go on at another parallelism. The model
 *         is the list of all elements.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { DataSource } from "../../../../core/api/sources/data-source.ts";
import { cutRange } from "../../../../core/api/sources/range-splits.ts";
import type { RangeSplit } from "../../../../core/api/sources/range-splits.ts";
import { SequenceSource } from "../../../../core/api/sources/sequence-source.ts";
import type { Source } from "../../../../core/operators/contracts/source.ts";
import { replay } from "../../../harness/replay.ts";
import { SourceHarness } from "../../../harness/source-harness.ts";
import type { SourceSnapshot } from "../../../harness/source-harness.ts";

type RangeSource<T> = Source<T, RangeSplit, readonly RangeSplit[]>;
type Snapshot = SourceSnapshot<RangeSplit, readonly RangeSplit[]>;

const plan = fc.record({
  /** Records, then a restart at this parallelism. */
  restarts: fc.array(fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 4 })), { maxLength: 4 }),
  recordsMax: fc.integer({ min: 1, max: 9 }),
  busyEvery: fc.integer({ min: 1, max: 7 }),
});
type Plan = typeof plan extends fc.Arbitrary<infer P> ? P : never;

/** All that was emitted; `damage` stands between a snapshot and its restore. */
async function emitted<T>(
  source: RangeSource<T>,
  { restarts, recordsMax, busyEvery }: Plan,
  damage = (split: RangeSplit): RangeSplit => split,
): Promise<T[]> {
  const values: T[] = [];
  let restored: Snapshot | undefined;
  for (const [records, parallelism] of [...restarts, [Infinity, 2] as const]) {
    let count = 0;
    const onRecord = (): boolean => ++count % busyEvery === 0;
    const harness: SourceHarness<T, RangeSplit, readonly RangeSplit[]> = new SourceHarness({
      source,
      parallelism,
      restored,
      onRecord,
    });
    await harness.run({ recordsMax, pump: () => undefined, until: () => count >= records });
    expectOrder(harness);
    values.push(...harness.values);
    const { enumerator, splits } = harness.snapshot();
    restored = { enumerator, splits: splits.map(damage) };
  }
  return values;
}

function expectOrder<T>(harness: SourceHarness<T, RangeSplit, readonly RangeSplit[]>): void {
  const last = new Map<string | undefined, T>();
  for (const { splitId, value } of harness.records) {
    const before = last.get(splitId);
    if (before !== undefined && before !== null) expect(value > before).toBe(true);
    last.set(splitId, value);
  }
}

const sorted = (values: readonly number[]): number[] => [...values].sort((left, right) => left - right);

test("a sequence", async () => {
  const property = fc.asyncProperty(
    fc.integer({ min: -50, max: 50 }),
    fc.integer({ min: -2, max: 60 }),
    plan,
    async (from, length, how) => {
      const expected = Array.from({ length: Math.max(0, length) }, (_, index) => from + index);
      expect(sorted(await emitted(new SequenceSource(from, from + length - 1), how))).toEqual(expected);
    },
  );
  await fc.assert(property, replay);
});

test("given data", async () => {
  const property = fc.asyncProperty(fc.uniqueArray(fc.integer(), { maxLength: 60 }), plan, async (values, how) => {
    const ascending = sorted(values);
    expect(sorted(await emitted(new DataSource(ascending), how))).toEqual(ascending);
  });
  await fc.assert(property, replay);
});

test.each([
  ["forgets a record", (split: RangeSplit): RangeSplit => ({ ...split, next: split.next - 1 })],
  ["skips a record", (split: RangeSplit): RangeSplit => ({ ...split, next: Math.min(split.next + 1, split.end) })],
])("the net catches a snapshot that %s", async (_name, damage) => {
  const property = fc.asyncProperty(fc.integer({ min: 1, max: 60 }), plan, async (length, how) => {
    const expected = Array.from({ length }, (_, index) => index);
    expect(sorted(await emitted(new SequenceSource(0, length - 1), how, damage))).toEqual(expected);
  });
  expect((await fc.check(property, replay)).failed).toBe(true);
});

test("parts differ by one at most, and cover the range", () => {
  const property = fc.property(
    fc.integer({ min: -99, max: 99 }),
    fc.nat(99),
    fc.integer({ min: 1, max: 12 }),
    (from, length, parts) => {
      const splits = cutRange(from, from + length, parts);
      const lengths = splits.map(({ next, end }) => end - next);
      expect(Math.max(0, ...lengths) - (splits.length < parts ? 0 : Math.min(...lengths))).toBeLessThanOrEqual(1);
      expect(splits.flatMap(({ next, end }) => Array.from({ length: end - next }, (_, index) => next + index))).toEqual(
        Array.from({ length }, (_, index) => from + index),
      );
    },
  );
  fc.assert(property, replay);
});

test("each subtask reads its own part, and a part that comes back goes to whoever asks first", async () => {
  const source = new SequenceSource(0, 9);
  const harness = new SourceHarness({ source, parallelism: 2 });
  await harness.run();
  expect(
    harness.records
      .map(({ subtask, value }) => [subtask, value])
      .filter(([subtask, value]) => (subtask === 0) !== (value ?? 0) < 5),
  ).toEqual([]);
  const lost = new SourceHarness({ source, parallelism: 2, restored: { enumerator: [], splits: [] } });
  lost.giveBack([{ splitId: "1", ordinal: 1, next: 7, end: 10 }], 1);
  await lost.run();
  expect(sorted(lost.values)).toEqual([7, 8, 9]);
});
