/** Where keys live: hashes that never change, canonical texts, and which keys are refused. */
// covers: core/types/key.ts
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalKey } from "../../../core/types/key.ts";
import { keyGroupOf, keyHash } from "../../../core/types/key-hash.ts";
import { replay } from "../../harness/replay.ts";

describe("key hash", () => {
  // Saved state lives where these say: they never change.
  test.each([
    [0, 2460297100],
    [1, 3465418537],
    [-1, 2204191264],
    [1.5, 2917698152],
    [2 ** 40, 1857210904],
    [-(2 ** 40), 1427366453],
    [Infinity, 2923292107],
    ["", 2872998923],
    ["1", 3302554796],
    ["user-17", 2212121231],
    [1n, 3249737169],
    [true, 2654435761],
    [false, 2135587861],
    [["a", 1], 3050482728],
    [{ a: 2, b: 1 }, 3960847334],
  ])("of %s is %i", (key, hash) => {
    expect(keyHash(key)).toBe(hash);
    expect(keyGroupOf(key, 128)).toBe(hash % 128);
  });

  test("-0 is 0, and the order of fields does not matter", () => {
    expect(keyHash(-0)).toBe(keyHash(0));
    expect(canonicalKey([-0])).toBe(canonicalKey([0]));
    expect(keyHash({ b: [1, { d: 1n, c: "x" }], a: 2 })).toBe(keyHash({ a: 2, b: [1, { c: "x", d: 1n }] }));
  });

  test("spreads keys evenly", () => {
    for (const keyOf of [
      (index: number): unknown => index,
      (index: number): unknown => `user-${index}`,
      (index: number): unknown => index * 1_024,
    ]) {
      const groups = new Array<number>(128).fill(0);
      for (let index = 0; index < 64_000; index += 1) {
        const group = keyGroupOf(keyOf(index), 128);
        groups[group] = (groups[group] ?? 0) + 1;
      }
      expect(Math.min(...groups)).toBeGreaterThan(380);
      expect(Math.max(...groups)).toBeLessThan(630);
    }
  });

  test("different keys have different canonical texts", () => {
    const primitive = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.double({ noNaN: true }),
      fc.bigInt(),
      fc.boolean(),
      fc.constantFrom("s1:a", "[", "n1;"),
    );
    const key = fc.letrec<{ key: unknown }>((tie) => ({
      key: fc.oneof(
        { maxDepth: 3 },
        primitive,
        fc.array(tie("key"), { maxLength: 3 }),
        fc.dictionary(fc.string({ maxLength: 3 }), tie("key"), { maxKeys: 3 }),
      ),
    })).key;
    fc.assert(
      fc.property(
        key,
        key,
        (left, right) => (canonicalKey(left) === canonicalKey(right)) === (show(left) === show(right)),
      ),
      { numRuns: 2_000, ...replay },
    );
  });
});

describe("keys that are refused", () => {
  test.each([
    ["null", null],
    ["undefined", undefined],
    ["NaN", NaN],
    ["a function", (): void => {}],
    ["a symbol", Symbol("s")],
    ["a Date", new Date(0)],
    ["a Map", new Map()],
    ["an instance", new (class Money {})()],
    ["null in a tuple", ["a", null]],
    ["a hole", Array.from({ length: 1 })],
    ["undefined in an object", { a: undefined }],
    ["a Date in an object", { a: [new Date(0)] }],
    ["a symbol as name", { [Symbol("s")]: 1 }],
  ])("%s", (_name, key) => {
    expect(() => keyHash(key)).toThrow(/MR4001.*: (use|filter)/);
  });

  test("cycles", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => keyHash(cycle)).toThrow(/MR4001/);
  });
});

/** A plain twin of the canonical text: tagged JSON. */
function show(key: unknown): unknown {
  return JSON.stringify(tagged(key));
}

function tagged(key: unknown): unknown {
  if (Array.isArray(key)) return ["tuple", ...key.map(tagged)];
  if (typeof key !== "object" || key === null) return [typeof key, String(key)];
  const fields = Object.entries(key).sort(([left], [right]) => (left < right ? -1 : 1));
  return ["object", ...fields.map(([name, part]) => [name, tagged(part)])];
}
