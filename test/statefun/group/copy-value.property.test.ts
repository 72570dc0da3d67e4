/**
 * Goal:   a copied message is equal to what was sent and shares nothing that can be changed; a frozen copy cannot be changed, by any way that the language offers for its kind.
 * Method: random values of every kind that the codec takes, compared through the codec, with every object of the original vandalised after copying.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed> npx vitest run test/statefun/group/copy-value.property.test.ts` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeValue, encodeValue } from "../../../core/types/value-codec.ts";
import { copyMessage, copyValue } from "../../../statefun/group/copy-value.ts";
import { frozenCopy, handedOut } from "../../../statefun/group/frozen-value.ts";
import { replay } from "../../harness/replay.ts";

const { value: anything } = fc.letrec<{ value: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.oneof(
    fc.integer(),
    fc.double(),
    fc.string(),
    fc.boolean(),
    fc.bigInt(),
    fc.constantFrom(null, undefined, -0),
    fc.date(),
    fc.uint8Array({ maxLength: 4 }),
    fc.float32Array({ maxLength: 3 }),
    fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
    fc.uint8Array({ maxLength: 4 }).map((bytes) => bytes.buffer),
  ),
  value: fc.oneof(
    { maxDepth: 3 },
    tie("leaf"),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.constant([1, , 3]), // oxlint-disable-line no-sparse-arrays -- holes are what is copied here
    fc.dictionary(fc.string({ maxLength: 3 }), tie("value"), { maxKeys: 4 }),
    fc
      .constantFrom('{"__proto__":{"by":"a stranger"},"n":[1]}', '{"__proto__":null}')
      .map((text) => JSON.parse(text) as unknown),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => new Set(items)),
  ),
}));

const same = (left: unknown, right: unknown): boolean => Buffer.compare(encodeValue(left), encodeValue(right)) === 0;

/** Changes every object in a value, where it can be changed; returns how often it could. */
function vandalise(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  if (value instanceof Map)
    return [...value].flat().reduce<number>((sum, part) => sum + vandalise(part), 0) + tried(() => value.set("x", 1));
  if (value instanceof Set)
    return [...value].reduce<number>((sum, part) => sum + vandalise(part), 0) + tried(() => value.add("x"));
  if (value instanceof Date) return tried(() => value.setTime(12_345));
  if (value instanceof ArrayBuffer) return vandalise(new Uint8Array(value));
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    bytes.forEach((byte, index) => (bytes[index] = byte ^ 255));
    return 0; // nobody can prevent it
  }
  const inside = Object.values(value).reduce<number>((sum, part) => sum + vandalise(part), 0);
  return inside + tried(() => Object.assign(value, { x: "vandal", 0: "vandal" }));
}

function tried(change: () => unknown): number {
  try {
    change();
    return 1;
  } catch {
    return 0;
  }
}

describe("copies of values", () => {
  test("are equal and share nothing", () => {
    fc.assert(
      fc.property(anything, (generated) => {
        const before = encodeValue(generated);
        const value = decodeValue(before); // a fresh one: shrinking uses the others again
        const copy = copyValue(value);
        vandalise(value);
        expect(Buffer.compare(encodeValue(copy), before)).toBe(0);
      }),
      { numRuns: 300, ...replay },
    );
  });

  test("are equal and share nothing, and cannot be changed, if they are to be frozen", () => {
    fc.assert(
      fc.property(anything, (generated) => {
        const before = encodeValue(generated);
        const value = decodeValue(before); // a fresh one: shrinking uses the others again
        const copy = frozenCopy(value);
        const again = frozenCopy(copy);
        const given = handedOut(copy);
        vandalise(value);
        if (Object.isFrozen(copy)) expect(vandalise(given)).toBe(0);
        else vandalise(given); // has bytes in it: what is handed out is a copy
        expect(Buffer.compare(encodeValue(copy), before)).toBe(0);
        expect(same(copy, again)).toBe(true);
      }),
      { numRuns: 300, ...replay },
    );
  });

  test("are frozen as a whole exactly if no bytes are in them", () => {
    expect(Object.isFrozen(frozenCopy({ a: [new Map([["b", new Date(0)]])] }))).toBe(true);
    expect(Object.isFrozen(frozenCopy({ a: [new Map([["b", new Uint8Array(1)]])] }))).toBe(false);
  });

  test("what a restore brought back is frozen when it is first read", () => {
    const restored = { list: [{ n: 1 }], at: new Date(0) };
    expect(handedOut(restored)).toBe(restored);
    expect(vandalise(restored)).toBe(0);
  });

  const refused: [name: string, value: unknown][] = [
    ["a function", { f: () => 1 }],
    ["a symbol", [Symbol("x")]],
    ["an instance", { at: new URL("http://x") }],
    ["a promise", Promise.resolve(1)],
    ["a function at the top", () => 1],
  ];
  test.each(refused)("%s is refused", (_name, value) => {
    expect(() => copyValue(value)).toThrow("MR4101");
    expect(() => frozenCopy(value)).toThrow("MR4101");
  });

  test("what is in state can be sent, and what is sent can be saved with all that comes around it", () => {
    const nested = (levels: number): unknown => {
      let value: unknown = 1;
      for (let level = 0; level < levels; level += 1) value = [value];
      return value;
    };
    const wrapped = (value: unknown): unknown => [{ messages: [{ value: { key: { value } } }] }];
    expect(() => encodeValue(wrapped(copyMessage(nested(488))))).not.toThrow();
    expect(() => copyMessage(nested(489))).toThrow(/^MR4101: .* more than 488 levels deep/);
    expect(() => copyMessage({ state: new Map([["key", frozenCopy(nested(484))]]) })).not.toThrow();
    expect(() => frozenCopy(nested(485))).toThrow(/^MR4101: .* more than 484 levels deep/);
    expect(() => handedOut([nested(495), new Uint8Array(1)])).not.toThrow();
  });

  test("cycles are refused", () => {
    const ring: unknown[] = [];
    ring.push({ ring });
    expect(() => copyValue(ring)).toThrow("MR4101");
    expect(() => frozenCopy(ring)).toThrow("MR4101");
  });
});
