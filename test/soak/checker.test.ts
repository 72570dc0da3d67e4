/** The soak's checker is content with what its job must write, and sees each way in which that can be wrong; and what counts as a rise. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Checker } from "./checker.ts";
import { expectedRow, KEYS, readingOf, SPLITS, timeOf, WINDOW_MS } from "./layout.ts";
import type { Row } from "./layout.ts";
import { risePerMinute } from "./rise.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-soak-test-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** What the job makes of the first records of each split, by plain code; by window, then key. */
function rowsOf(recordsPerSplit: readonly number[]): Row[] {
  const rows = new Map<string, Row>();
  for (const [split, records] of recordsPerSplit.entries()) {
    for (let turn = 0; turn < records; turn += 1) {
      const reading = readingOf(turn * SPLITS + split);
      const window = Math.floor(timeOf(reading) / WINDOW_MS);
      const { count, sum } = rows.get(`${window}/${reading.key}`) ?? { count: 0, sum: 0 };
      rows.set(`${window}/${reading.key}`, { key: reading.key, window, count: count + 1, sum: sum + reading.index });
    }
  }
  return [...rows.values()].toSorted((left, right) => left.window - right.window || left.key - right.key);
}

/** One file of a subtask, which has the keys of its remainder. */
function write(rows: readonly Row[], number: number): void {
  for (const subtask of [0, 1]) {
    const lines = rows.filter(({ key }) => key % 2 === subtask).map((row) => `${JSON.stringify(row)}\n`);
    writeFileSync(join(directory, `part-${subtask}-${String(number).padStart(6, "0")}.ndjson`), lines.join(""));
  }
}

const RECORDS = [1_700, 1_500, 1_633, 1_500];
const ROWS = rowsOf(RECORDS);

describe("the checker", () => {
  test("is content with the rows of an undisturbed run, as they come", () => {
    const checker = new Checker(directory);
    writeFileSync(join(directory, ".part-0-000001.inprogress.x"), "not yet");
    for (let number = 0; number < 3; number += 1) {
      write(ROWS.slice((number * ROWS.length) / 3, ((number + 1) * ROWS.length) / 3), number);
      checker.check();
    }
    expect(checker.checkEnd()).toBe(RECORDS.reduce((sum, records) => sum + records, 0));
    expect(checker.rows).toBe(ROWS.length);
  });

  const at = Math.floor(ROWS.length / 2);
  const row = ROWS[at] ?? expectedRow(0, 0);
  test.each([
    ["a row that is missing", ROWS.toSpliced(at, 1)],
    ["a row that is there twice", ROWS.toSpliced(at, 0, row)],
    [
      "a row of a key that comes too early",
      [...ROWS.slice(0, KEYS * 2), ...ROWS.slice(KEYS), ...ROWS.slice(KEYS, KEYS * 2)],
    ],
    ["a record that is missing", ROWS.with(at, { ...row, count: row.count - 1 })],
    ["a record that was counted twice", ROWS.with(at, { ...row, count: row.count + 1, sum: row.sum + 1 })],
    ["another record", ROWS.with(at, { ...row, sum: row.sum + 1 })],
    ["the last rows of one key", ROWS.filter(({ key, window }) => key !== 7 || window < 2)],
  ])("sees %s", (_, rows) => {
    const checker = new Checker(directory);
    write(rows, 0);
    expect(() => checker.checkEnd()).toThrow(/must follow|were counted/);
  });
});

describe("a rise", () => {
  const minutes = (values: readonly number[]): number =>
    risePerMinute(values.map((value, minute) => ({ atMs: minute * 60_000, value })));

  test("is per minute, as a share of the level", () => {
    expect(minutes([99, 100, 101])).toBeCloseTo(0.01);
    expect(minutes([200, 200, 200, 200])).toBe(0);
    expect(minutes([101, 100, 99])).toBeCloseTo(-0.01);
  });

  test("is not made by one measurement that is far off", () => {
    expect(minutes([100, 100, 100, 500, 100, 100, 100])).toBe(0);
  });

  test("is none while there are too few, or all of one time", () => {
    expect(minutes([])).toBe(0);
    expect(minutes([7])).toBe(0);
    expect(risePerMinute([1, 2, 3].map((value) => ({ atMs: 5, value })))).toBe(0);
  });
});
