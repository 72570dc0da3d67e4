/**
 * Checks what the soak's job writes while it writes it, in little memory: each row is the next one of its key, with the right numbers.
 *
 * In:    the directory of the sink, again and again. Out: how many rows were right; an error at the first that is not.
 * State: how many records of each key were in its rows, and the last file of each subtask that was checked.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expectedRow, KEYS, PER_KEY, recordsOf, SPLITS } from "./layout.ts";
import type { Row } from "./layout.ts";

export class Checker {
  readonly #directory: string;
  readonly #records: number[];
  readonly #checked: Map<string, string>;
  #rows: number;

  constructor(directory: string) {
    this.#directory = directory;
    this.#records = new Array<number>(KEYS).fill(0);
    this.#checked = new Map();
    this.#rows = 0;
  }

  get rows(): number {
    return this.#rows;
  }

  check(): void {
    for (const name of this.#visible()) {
      for (const line of readFileSync(join(this.#directory, name), "utf8").split("\n").slice(0, -1))
        this.#checkRow(line, name);
      this.#checked.set(subtaskOf(name), name);
    }
  }

  /** Once all is written: what the rows contain must be the beginning of each split, without a gap. Returns how many records that are. */
  checkEnd(): number {
    this.check();
    for (let split = 0; split < SPLITS; split += 1) this.#checkSplit(split);
    return this.#records.reduce((sum, records) => sum + records, 0);
  }

  #checkSplit(split: number): void {
    const ofSplit = [...this.#records.entries()].filter(([key]) => key % SPLITS === split);
    const total = ofSplit.reduce((sum, [, records]) => sum + records, 0);
    for (const [key, records] of ofSplit) {
      const expected = recordsOf(key, total);
      if (records !== expected) throw new Error(`${records} records of key ${key} were counted, not ${expected}`);
    }
  }

  /** A file may become visible behind the place that a listing has reached, and one that was finished later before it: the second listing has both. */
  #visible(): readonly string[] {
    const last = new Map<string, string>();
    for (const name of this.#unchecked()) last.set(subtaskOf(name), name);
    return this.#unchecked().filter((name) => name <= (last.get(subtaskOf(name)) ?? ""));
  }

  /** Those of a subtask in their order: numbers have one width. */
  #unchecked(): readonly string[] {
    return readdirSync(this.#directory)
      .filter((name) => name.startsWith("part-") && name > (this.#checked.get(subtaskOf(name)) ?? ""))
      .toSorted();
  }

  #checkRow(line: string, file: string): void {
    const { key, count } = JSON.parse(line) as Row; // as the job writes it
    const before = this.#records[key] ?? NaN;
    // Only the last window of a key may be short, and after it nothing fits.
    const expected = JSON.stringify(expectedRow(key, before / PER_KEY, Math.min(count, PER_KEY)));
    if (line !== expected) throw new Error(`${file} says ${line}, where ${expected} must follow`);
    this.#records[key] = before + count;
    this.#rows += 1;
  }
}

function subtaskOf(name: string): string {
  return name.slice(0, name.lastIndexOf("-"));
}
