/**
 * Goal:   rows are found by key as in a map, whatever numbers come in whatever order, and a walk that is under way misses no row that was there when it
 *         began and stays.
 * Method: random keys, near and far, are added, asked for and removed, against a plain map; a walk goes on between the commands.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Row } from "../../../../core/state/heap/row.ts";
import { RowsByKey } from "../../../../core/state/heap/rows-by-key.ts";
import { replay } from "../../../harness/replay.ts";

const keys = fc.oneof(
  fc.nat(3_000),
  fc.nat(40_000),
  fc.constantFrom<unknown>(-1, 0.5, 2 ** 32, 2 ** 31, 1e12, "7", 7n, true),
);
const commands = fc.array(
  fc.record({ kind: fc.constantFrom("use", "use", "use", "empty", "forget", "walk"), key: keys }),
  { minLength: 200, maxLength: 3_000, size: "max" },
);

test("rows by key are a map, and a walk meets them all", () => {
  const property = fc.property(commands, (steps) => {
    const rows = new RowsByKey();
    const plain = new Map<unknown, Row>();
    let walk: Iterator<Row | undefined, void> | undefined;
    let unseen = new Set<Row>();
    for (const { kind, key } of steps) {
      const known = plain.get(key);
      expect(find(rows, key)).toBe(known);
      if (kind === "use" && known === undefined) {
        const row = new Row(key, 0);
        row.live = 1;
        rows.add(key, row);
        plain.set(key, row);
      } else if (kind === "empty" && known !== undefined) {
        known.live = 0;
      } else if (kind === "forget") {
        rows.removeEmpty();
        for (const [gone, row] of plain) if (row.live === 0) plain.delete(gone);
        for (const row of unseen) if (row.live === 0) unseen.delete(row);
      } else if (kind === "walk" && walk === undefined) {
        walk = rows.values();
        unseen = new Set(plain.values());
      }
      const next = walk?.next();
      if (next?.value !== undefined) unseen.delete(next.value);
      if (next?.done === true) {
        expect(unseen.size).toBe(0);
        walk = undefined;
      }
      expect(rows.size).toBe(plain.size);
    }
    const all = [...rows.values()].filter((row) => row !== undefined);
    expect(new Set(all)).toEqual(new Set(plain.values()));
    expect(all).toHaveLength(plain.size);
  });
  // Shrinking thousands of commands would take minutes.
  fc.assert(property, { numRuns: Number(process.env["MILLRACE_RUNS"] ?? 30), endOnFailure: true, ...replay });
});

/** As the backend does. */
function find(rows: RowsByKey, key: unknown): Row | undefined {
  const counted = typeof key === "number" && key >>> 0 === key ? rows.counted[key] : undefined;
  return counted ?? rows.get(key);
}
