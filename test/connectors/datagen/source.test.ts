/**
 * Goal:   the generator emits every index exactly once, across restarts at any parallelism, and no faster than it may.
 * Method: random counts, splits and parallelisms, stopped after a random number of records and gone on with elsewhere; the model counts.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { dataGenerator } from "../../../connectors/datagen/index.ts";
import type { DataGeneratorSplit } from "../../../connectors/datagen/index.ts";
import { replay } from "../../harness/replay.ts";
import { SourceHarness } from "../../harness/source-harness.ts";
import type { SourceSnapshot } from "../../harness/source-harness.ts";

type Splits = readonly DataGeneratorSplit[];
type Snapshot = SourceSnapshot<DataGeneratorSplit, Splits>;

const plan = fc.record({
  count: fc.nat(60),
  splits: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
  runs: fc.array(
    fc.record({
      parallelism: fc.integer({ min: 1, max: 4 }),
      records: fc.nat(30),
      recordsMax: fc.integer({ min: 1, max: 7 }),
    }),
    { maxLength: 4 },
  ),
  busyEvery: fc.integer({ min: 1, max: 9 }),
});
type Plan = typeof plan extends fc.Arbitrary<infer P> ? P : never;

async function generated(
  { count, splits, runs, busyEvery }: Plan,
  damage: (snapshot: Snapshot) => Snapshot = (snapshot) => snapshot,
): Promise<number[]> {
  const source = dataGenerator({ count, generate: (index) => index, ...(splits === undefined ? {} : { splits }) });
  const values: number[] = [];
  let restored: Snapshot | undefined;
  for (const { parallelism, records, recordsMax } of [...runs, { parallelism: 2, records: Infinity, recordsMax: 10 }]) {
    let seen = 0;
    const onRecord = (): boolean => ++seen % busyEvery === 0;
    const harness: SourceHarness<number, DataGeneratorSplit, Splits> = new SourceHarness({
      source,
      parallelism,
      restored,
      onRecord,
    });
    await harness.run({ recordsMax, until: () => seen >= records });
    restored = damage(JSON.parse(JSON.stringify(harness.snapshot())) as Snapshot);
    values.push(...harness.values);
  }
  return values;
}

const property = (damage?: (snapshot: Snapshot) => Snapshot): fc.IAsyncProperty<[Plan]> =>
  fc.asyncProperty(plan, async (one) => {
    const values = await generated(one, damage);
    expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: one.count }, (_, index) => index));
  });

test("every index once, whatever the parallelism and wherever it stops", () =>
  fc.assert(property(), { numRuns: 150, ...replay }));

test("the net catches a snapshot that loses a split, and one that is a record behind", async () => {
  const lost = property(({ enumerator, splits }) => ({ enumerator, splits: splits.slice(1) }));
  const behind = property(({ enumerator, splits }) => ({
    enumerator,
    splits: splits.map((split) => ({ ...split, next: Math.max(split.ordinal, split.next - split.step) })),
  }));
  for (const broken of [lost, behind]) expect((await fc.check(broken, { numRuns: 150, ...replay })).failed).toBe(true);
});

test("one subtask emits in order; several stay together", async () => {
  expect(
    await generated({
      count: 20,
      splits: undefined,
      runs: [{ parallelism: 1, records: 100, recordsMax: 3 }],
      busyEvery: 9,
    }),
  ).toEqual([...Array(20).keys()]);
  const threeInOne = dataGenerator({ count: 20, splits: 3, generate: (index) => index });
  const harness = new SourceHarness({ source: threeInOne });
  await harness.run({ recordsMax: 4 });
  expect(harness.values).toEqual([...Array(20).keys()]);
});

test("a rate is kept over all subtasks, and a pause is not made up for at once", async () => {
  for (const [ratePerSecond, seconds] of [
    [0.5, 20],
    [30, 10],
    [10_000, 1],
  ] as const) {
    const harness: SourceHarness<number, DataGeneratorSplit, Splits> = new SourceHarness({
      source: dataGenerator({ ratePerSecond, generate: (index) => index }),
      parallelism: 3,
    });
    const run = (ms: number): number => {
      const before = harness.records.length;
      for (let passed = 0; passed < ms; passed += 5) {
        harness.clock.advance(5);
        while (harness.turn());
      }
      return harness.records.length - before;
    };
    while (harness.turn());
    const wanted = ratePerSecond * seconds;
    const got = run(seconds * 1_000);
    expect(Math.abs(got - wanted)).toBeLessThanOrEqual(Math.max(3, wanted * 0.02));
    const before = harness.records.length;
    harness.clock.advance(60_000);
    while (harness.turn());
    expect(harness.records.length - before).toBeLessThanOrEqual(Math.max(3, ratePerSecond * 0.1));
  }
});

test("what generate throws fails the source; options are checked", async () => {
  const generate = (index: number): number => {
    if (index === 3) throw new Error("no third record");
    return index;
  };
  await expect(new SourceHarness({ source: dataGenerator({ count: 5, generate }) }).run()).rejects.toThrow(
    "no third record",
  );
  for (const wrong of [
    { count: -1 },
    { count: 1.5 },
    { ratePerSecond: 0 },
    { ratePerSecond: Infinity },
    { splits: 0 },
  ]) {
    expect(() => dataGenerator({ generate, ...wrong })).toThrow("MR6301");
    expect(() => dataGenerator({ generate: 7 as never })).toThrow("MR6301");
  }
  expect(dataGenerator({ generate }).boundedness).toBe("continuous-unbounded");
  expect(dataGenerator({ generate, count: 1 }).boundedness).toBe("bounded");
});
