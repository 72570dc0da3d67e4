/** Batches of records for the property tests of the frame codec: any values, and mixtures of a few shapes whose fields change their kind now and then. */
import fc from "fast-check";

const names = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("id", "name", "at", "price", "tags") },
  fc.constantFrom(
    "__proto__",
    "constructor",
    "toString",
    "0",
    "7",
    "",
    '"];process.exit()//',
    "a\u2028b",
    "\ud800",
    "`${x}",
  ),
);

const numbers = fc.oneof(
  fc.integer({ min: -100, max: 100 }),
  fc.integer(),
  fc.double(),
  fc.constantFrom(-0, 0, NaN, Infinity, 2 ** 31, -(2 ** 31), 2 ** 53),
);
const texts = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("", "\ud800", "\udc00b", "é".repeat(30), "x".repeat(300), "\ud83d\ude00"),
);
const bytes = fc
  .tuple(fc.uint8Array({ maxLength: 12 }), fc.nat(3))
  .map(([array, offset]) => new Uint8Array([0, 0, 0, ...array]).subarray(offset));
const rare = fc.oneof(
  fc.bigInt(),
  fc.constantFrom(2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n)),
  fc.date({ noInvalidDate: false }),
  bytes,
  bytes.map((array) => Buffer.from(array)),
  bytes.map((array) => new Float64Array(array)),
  fc.constant(new Map<unknown, unknown>([["a", { b: 1 }]])),
  fc.constant(new Set([1, "a"])),
  fc.constant(Object.assign(Object.create(null) as object, { a: 1 })),
  fc.constant(Object.assign([], { 1: 1, length: 3 })), // with holes
);
export const leaf: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: numbers },
  { weight: 4, arbitrary: texts },
  { weight: 2, arbitrary: fc.constantFrom(null, undefined) },
  { weight: 2, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: rare },
);

/** Anything at all. */
export const anything: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: "anything" },
    leaf,
    fc.array(tie("value"), { maxLength: 4, depthIdentifier: "anything" }),
    fc.array(fc.tuple(names, tie("value")), { maxLength: 4, depthIdentifier: "anything" }).map(objectOf),
  ),
})).value;

export function objectOf(fields: readonly (readonly [string, unknown])[]): object {
  const made = {};
  for (const [name, value] of fields)
    Object.defineProperty(made, name, { value, writable: true, enumerable: true, configurable: true });
  return made;
}

/** What a field usually holds. */
const fieldKinds: readonly fc.Arbitrary<unknown>[] = [
  fc.integer(),
  fc.integer(),
  numbers,
  texts,
  texts,
  fc.boolean(),
  fc.option(texts),
  fc.option(fc.double()),
  fc.array(numbers, { maxLength: 4 }),
  fc.array(texts, { maxLength: 3 }),
  fc.tuple(texts, numbers),
  fc.record({ x: numbers, y: texts }),
  fc.record({ in: fc.record({ most: fc.option(texts) }) }),
  fc.record({ a: fc.integer(), b: texts }, { requiredKeys: [] }),
  fc.array(fc.record({ k: texts, v: numbers }), { maxLength: 3 }),
  rare,
];

const fields: fc.Arbitrary<unknown> = fc.constantFrom(...fieldKinds).chain((kind) => fc.constant(kind));

/** A template: records of one shape, some of whose fields may be missing. */
const template: fc.Arbitrary<fc.Arbitrary<unknown>> = fc
  .uniqueArray(fc.tuple(names, fields, fc.integer({ min: 0, max: 5 })), { maxLength: 6, selector: ([name]) => name })
  .map((parts) =>
    fc
      .tuple(
        ...parts.map(([, kind, optional]) =>
          fc.tuple(kind as fc.Arbitrary<unknown>, fc.integer({ min: 0, max: 5 }), fc.constant(optional)),
        ),
      )
      .map((values) =>
        objectOf(
          values.flatMap(([value, dice, optional], at): (readonly [string, unknown])[] => {
            const name = parts[at]?.[0];
            return name === undefined || (optional === 0 && dice < 3) ? [] : [[name, value]];
          }),
        ),
      ),
  );

/** Batches in turn, of the same few kinds of records, with something else in between now and then. */
export const batches: fc.Arbitrary<readonly (readonly unknown[])[]> = fc
  .array(fc.oneof({ weight: 3, arbitrary: template }, fc.constantFrom(...fieldKinds)), { minLength: 1, maxLength: 4 })
  .chain((templates) => {
    const usual = fc.oneof(...templates);
    const record = fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: anything });
    return fc.array(fc.oneof(fc.array(usual, { maxLength: 20 }), fc.array(record, { maxLength: 20 })), {
      minLength: 1,
      maxLength: 4,
    });
  });
