/**
 * Goal:   whatever the row codec takes comes back the same, to the bit; whatever it cannot keep is refused with the path to it.
 * Method: random values of every kind, nested, against `deepEquals`; one offender planted at a random place of a random value; damaged bytes.
 * Replay: a failure prints its seed and its smallest counterexample; `MILLRACE_SEED=<seed> npx vitest run <this file>` runs that again.
 */
// covers: core/types/class-registry.ts
// covers: core/types/value-codec.ts
// covers: core/types/value-reader.ts
// covers: core/types/value-refusal.ts
// covers: core/types/value-shapes.ts
// covers: core/types/value-tags.ts
// covers: core/types/value-writer.ts
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ClassRegistry,
  decodeValue,
  encodeValue,
  refusalOf,
  ValueReader,
  ValueWriter,
} from "../../../core/types/value-codec.ts";
import { isMillraceError } from "../../../core/util/errors.ts";
import { replay } from "../../harness/replay.ts";
import { deepEquals } from "./deep-equals.ts";

const names = fc.oneof(
  fc.constantFrom("id", "name", "__proto__", "constructor", "0", "7", "", "then", "toString"),
  fc.string({ unit: "binary" }),
);
const views = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
];

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.integer({ min: -200, max: 200 }),
  fc.maxSafeInteger(),
  fc.constantFrom(-0, NaN, Infinity, -Infinity, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 53, 127, 128, -1),
  fc.bigInt(),
  fc.constantFrom(2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n, 0n),
  fc.boolean(),
  fc.constantFrom(null, undefined),
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.constantFrom("\ud800", "a\udc00b", "é".repeat(40), "\ud83d\ude00".repeat(20), "x".repeat(300)),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array({ maxLength: 20 }),
  fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
  fc.uint8Array({ maxLength: 8 }).map((bytes) => new Uint8Array(bytes).buffer),
  fc.tuple(fc.constantFrom(...views), fc.nat(5)).map(([View, length]) => new View(length)),
  fc.nat(9).map((offset) => new DataView(new ArrayBuffer(16), offset, 4)),
  fc.nat(9).map((offset) => new Uint8Array(new ArrayBuffer(16).slice(0), offset, 4).fill(offset)),
);

const value: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: "value" },
    leaf,
    fc.array(tie("value"), { maxLength: 5, depthIdentifier: "value" }),
    fc
      .array(fc.tuple(names, tie("value")), { maxLength: 6, depthIdentifier: "value" })
      .map((fields) => objectOf(fields, Object.prototype)),
    fc
      .array(fc.tuple(names, tie("value")), { maxLength: 3, depthIdentifier: "value" })
      .map((fields) => objectOf(fields, null)),
    fc
      .array(fc.tuple(tie("value"), tie("value")), { maxLength: 3, depthIdentifier: "value" })
      .map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 3, depthIdentifier: "value" }).map((items) => new Set(items)),
    fc.array(fc.tuple(fc.nat(30), tie("value")), { maxLength: 4, depthIdentifier: "value" }).map(sparseOf),
  ),
})).value;

function objectOf(fields: readonly (readonly [string, unknown])[], prototype: object | null): object {
  const made = Object.create(prototype) as object;
  for (const [name, item] of fields)
    Object.defineProperty(made, name, { value: item, writable: true, enumerable: true, configurable: true });
  return made;
}

function sparseOf(elements: readonly (readonly [number, unknown])[]): unknown[] {
  const made: unknown[] = [];
  for (const [index, item] of elements) made[index] = item;
  made.length += elements.length; // holes at the end
  return made;
}

/** Puts the offender somewhere into copies of the arrays and objects around it; returns the path it stands at. */
function plant(
  host: unknown,
  offender: unknown,
  path: readonly number[],
): { readonly planted: unknown; readonly where: string } {
  const [step, ...rest] = path;
  if (step === undefined) return { planted: offender, where: "" };
  const inner = plant(host, offender, rest);
  if (step % 2 === 0)
    return { planted: { first: host, ["field"]: inner.planted, last: 1 }, where: `.field${inner.where}` };
  return { planted: [1, inner.planted], where: `[1]${inner.where}` };
}

function roundTrip(given: unknown): unknown {
  return decodeValue(encodeValue(given));
}

describe("row codec", () => {
  test("brings every value back", () => {
    fc.assert(
      fc.property(value, (given) => deepEquals(roundTrip(given), given)),
      { numRuns: 1_500, ...replay },
    );
  });

  test("brings a stream of values back, over chunks taken at any time, thorough or not", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(value, fc.boolean()), { maxLength: 20 }), fc.boolean(), (given, thorough) => {
        const writer = new ValueWriter({ thorough, bytesInitial: 0 });
        const chunks: Uint8Array[] = [];
        for (const [item, take] of given) {
          writer.writeValue(item);
          writer.writeUint(12_345_678_901_234);
          if (take) chunks.push(writer.take());
        }
        chunks.push(writer.take());
        const reader = new ValueReader(Buffer.concat(chunks));
        for (const [item] of given) {
          expect(deepEquals(reader.readValue(), item)).toBe(true);
          expect(reader.readUint()).toBe(12_345_678_901_234);
        }
        expect(reader.atEnd).toBe(true);
      }),
      { numRuns: 200, ...replay },
    );
  });

  test("names both ends of the path to what is nested too deep, and not all of it", () => {
    let list: unknown = undefined;
    for (let length = 0; length < 600; length += 1) list = { next: list };
    const { message } = refusalOf(list) ?? { message: "" };
    expect(message).toMatch(/at `(\.next)+\.?\w* … \w*(\.next)+` .* nested more than 500 levels deep/);
    expect(message.length).toBeLessThan(500);
  });

  test("refuses what cannot be kept, with its path", () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    class Money {}
    class Rows extends Array<number> {}
    const offenders: (readonly [unknown, string])[] = [
      [(): number => 1, ""],
      [Symbol("s"), ""],
      [new Money(), ""],
      [new Rows(), ""],
      [new WeakMap(), ""],
      [Promise.resolve(), ""],
      [/x/, ""],
      [new SharedArrayBuffer(1), ""],
      [cycle, ".self"],
      [{ [Symbol("s")]: 1 }, "[Symbol(s)]"],
      [Object.defineProperty({}, "x", { get: () => 1, enumerable: true }), ".x"],
      [Object.defineProperty({}, "x", { value: 1, enumerable: false }), ".x"],
      [Object.assign([1], { extra: 1 }), ""],
      [new Map([["k", (): void => {}]]), '.get("k")'],
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...offenders),
        value,
        fc.array(fc.nat(1), { maxLength: 4 }),
        ([offender, below], host, path) => {
          const { planted, where } = plant(host, offender, path);
          const full = `${where}${below}`;
          expect(() => encodeValue(planted)).toThrow(/MR4101/);
          expect(() => encodeValue(planted)).toThrow(full === "" ? "the value cannot" : `at \`${full}\``);
          expect(refusalOf(planted)?.message).toContain(full);
        },
      ),
      { numRuns: 300, ...replay },
    );
  });

  test("takes exactly what `refusalOf` has nothing against", () => {
    fc.assert(
      fc.property(value, (given) => refusalOf(given) === undefined),
      { numRuns: 300, ...replay },
    );
  });

  test("refuses damaged bytes instead of crashing", () => {
    fc.assert(
      fc.property(value, fc.nat(), fc.nat(255), (given, place, byte) => {
        const bytes = encodeValue(given);
        bytes[place % bytes.length] = byte;
        try {
          decodeValue(bytes.subarray(0, place % 7 === 0 ? bytes.length - 1 : bytes.length));
        } catch (error) {
          expect(isMillraceError(error)).toBe(true);
        }
      }),
      { numRuns: 1_500, ...replay },
    );
  });
});

describe("registered classes", () => {
  class Money {
    readonly cents: number;
    constructor(cents: number) {
      this.cents = cents;
    }
  }
  const classes = new ClassRegistry().register<Money>({
    name: "money",
    prototype: Money.prototype,
    toPlain: (money) => money.cents,
    fromPlain: (plain) => new Money(Number(plain)),
  });

  test("come back as instances", () => {
    const bytes = encodeValue({ price: new Money(5), list: [new Money(6)] }, classes);
    expect(decodeValue(bytes, classes)).toEqual({ price: new Money(5), list: [new Money(6)] });
  });

  test("must be registered to be read, and only once", () => {
    expect(() => decodeValue(encodeValue(new Money(5), classes))).toThrow(/MR4104.*money/);
    expect(() => classes.register({ name: "money", prototype: {}, toPlain: () => 1, fromPlain: () => ({}) })).toThrow(
      /MR4103/,
    );
  });
});

test("many shapes and wide objects", () => {
  const writer = new ValueWriter();
  const given: unknown[] = [];
  for (let index = 0; index < 6_000; index += 1) given.push({ [`field${index}`]: index, common: 1 });
  given.push(Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`key${index}`, index])));
  for (const item of given) writer.writeValue(item);
  const reader = new ValueReader(writer.take());
  for (const item of given) expect(reader.readValue()).toEqual(item);
});

test("equal references become copies", () => {
  const shared = { n: 1 };
  const copy = roundTrip({ a: shared, b: shared }) as { a: object; b: object };
  expect(copy).toEqual({ a: { n: 1 }, b: { n: 1 } });
  expect(copy.a).not.toBe(copy.b);
});
