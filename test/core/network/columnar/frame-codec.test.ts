/** The frame codec case by case: which column a batch becomes, what it does when records are of too many shapes, and what code it generates. */
import { describe, expect, test } from "vitest";
import { builderCode } from "../../../../core/network/columnar/builder-code.ts";
import { extractorCode } from "../../../../core/network/columnar/extractor-code.ts";
import * as format from "../../../../core/network/columnar/frame-format.ts";
import { FrameDecoder } from "../../../../core/network/columnar/frame-decoder.ts";
import { FrameEncoder } from "../../../../core/network/columnar/frame-encoder.ts";
import type { FrameEncoderOptions } from "../../../../core/network/columnar/frame-encoder.ts";
import { GeneratedCodecs } from "../../../../core/network/columnar/generated-codecs.ts";
import { mergeNames } from "../../../../core/network/columnar/merge-names.ts";
import { ClassRegistry } from "../../../../core/types/value-codec.ts";

function encode(encoder: FrameEncoder, batch: readonly unknown[]): Uint8Array {
  return encoder.encode(batch, new Float64Array(batch.length), 0, batch.length);
}

function decode(frame: Uint8Array, options: FrameEncoderOptions = {}): unknown[] {
  const into = { values: [], timestampsMs: new Float64Array(0) };
  new FrameDecoder(options).decode(frame, into);
  return into.values;
}

/** The kinds of the columns, without names and counts, for columns that hold no objects. */
function header(frame: Uint8Array): number[] {
  const length = new DataView(frame.buffer).getUint32(8, true);
  return [...frame.subarray(format.PREFIX_BYTES, format.PREFIX_BYTES + length)];
}

describe("columns", () => {
  test.each([
    ["integers", [1, -5, 2 ** 31 - 1], [format.KIND_INT32]],
    ["integers that turn into fractions", [1, 2, 0.5], [format.KIND_FLOAT64]],
    ["integers with -0", [1, -0], [format.KIND_FLOAT64]],
    ["latin1 text", ["a", "é", ""], [format.KIND_LATIN1]],
    ["other text", ["a", "\u0100", "\ud800"], [format.KIND_UTF16]],
    ["text that is always the same", new Array<string>(20).fill("é\u0100"), [format.KIND_SAME_TEXT]],
    ["tuples", [["a", 1]], [format.KIND_TUPLE, 2, format.KIND_LATIN1, format.KIND_INT32]],
    ["lists", [[1], [1, 2], []], [format.KIND_LIST, format.KIND_INT32]],
    ["bigint", [1n, -1n], [format.KIND_BIGINT64]],
    ["dates", [new Date(0), new Date(NaN)], [format.KIND_DATE]],
    ["bytes", [new Uint8Array(3), new Uint8Array(0)], [format.KIND_BYTES]],
    ["numbers and null", [1, null], [format.KIND_MIXED, 2, format.KIND_NULL, format.KIND_INT32]],
    ["what has no column", [new Map([[1, 2]])], [format.KIND_ROWS]],
    ["nothing", [], [format.KIND_NULL]],
  ])("of %s", (_name, batch, kinds) => {
    const frame = encode(new FrameEncoder(), batch);
    expect(header(frame)).toEqual(kinds);
    expect(decode(frame)).toEqual(batch);
  });

  test("that were fractions in one frame are integers in the next", () => {
    const encoder = new FrameEncoder();
    encode(encoder, [{ price: 0.5 }]);
    expect(header(encode(encoder, [{ price: 5 }])).at(-1)).toBe(format.KIND_INT32);
  });

  test("of text that is the same in all records, or in all but one", () => {
    const encoder = new FrameEncoder();
    const bids = Array.from({ length: 40 }, (_, id) => ({ kind: "bid", id }));
    expect(header(encode(encoder, bids))).toContain(format.KIND_SAME_TEXT);
    expect(decode(encode(encoder, bids))).toEqual(bids);
    for (const place of [0, 1, 20, 39])
      for (const kind of ["ask", "", null]) {
        const batch = bids.with(place, { kind, id: 0 } as never); // whatever the others are
        expect(decode(encode(encoder, batch))).toEqual(batch);
      }
  });

  test("of wide and long values", () => {
    const wide = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`field${index}`, index]));
    const given = [
      { text: "x".repeat(300_000) },
      { text: "\u1234".repeat(300_000) },
      wide,
      { list: Array.from({ length: 5_000 }, () => null) },
    ];
    const encoder = new FrameEncoder();
    for (const batch of [given, given.slice(0, 1), [1], given]) expect(decode(encode(encoder, batch))).toEqual(batch);
  });

  test("of bytes that are longer than all before", () => {
    for (const length of [10_000, 100_000]) {
      const given = [new Uint8Array(length).fill(7), new Map([[1, new Uint8Array(length)]])];
      expect(decode(encode(new FrameEncoder(), given))).toEqual(given);
    }
  });

  test("below many objects", () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 30; depth += 1) deep = depth % 2 === 0 ? { deep } : [deep, depth];
    expect(decode(encode(new FrameEncoder(), [deep, deep]))).toEqual([deep, deep]);
  });
});

describe("shapes", () => {
  const optional = (index: number): object => ({
    id: index,
    ...(index % 2 === 0 ? { name: undefined } : {}),
    ...(index % 3 === 0 ? { toString: "t" } : {}),
    ...(index % 5 === 0 ? { city: "c" } : {}),
    ...(index % 7 === 0 ? { tag: null } : {}),
    at: index,
  });

  test("with five optional fields are one", () => {
    const batch = Array.from({ length: 300 }, (_, index) => optional(index));
    const encoder = new FrameEncoder();
    for (let frame = 0; frame < 3; frame += 1) {
      const back = decode(encode(encoder, batch));
      expect(back).toStrictEqual(batch);
      expect(back.map((value) => JSON.stringify(value))).toEqual(batch.map((value) => JSON.stringify(value)));
    }
    expect(encoder.plainFrames).toBe(0);
    expect(header(encode(encoder, batch))[0]).toBe(format.KIND_OBJECT);
  });

  test("with optional fields are of plain objects only", () => {
    class Person {
      readonly id: number = 1;
      readonly at: number = 2;
    }
    const encoder = new FrameEncoder();
    const batch = Array.from({ length: 300 }, (_, index) => optional(index));
    encode(encoder, batch);
    expect(() => encode(encoder, [...batch, new Person()])).toThrow(
      "MR4101: the value cannot be kept or sent: it is an instance of Person",
    );
    const bare = Object.assign(Object.create(null) as object, { id: 1, at: 2 });
    expect(decode(encode(encoder, [...batch, bare]))).toStrictEqual([...batch, bare]);
  });

  test("up to 16 are columns, and more are rows until they are forgotten", () => {
    const encoder = new FrameEncoder();
    const unlike = (count: number): object[] => Array.from({ length: count }, (_, index) => ({ [`f${index}`]: index }));
    expect(decode(encode(encoder, unlike(16)))).toEqual(unlike(16));
    expect(encoder.plainFrames).toBe(0);
    expect(decode(encode(encoder, unlike(17)))).toEqual(unlike(17));
    expect(encoder.plainFrames).toBe(1);
    encode(encoder, unlike(2));
    expect(encoder.plainFrames).toBe(2);
    for (let frame = 0; frame < 1_100; frame += 1) encode(encoder, unlike(2));
    const before = encoder.plainFrames;
    encode(encoder, unlike(2));
    expect(encoder.plainFrames).toBe(before);
  });

  test("that never end are learnt within bounds", () => {
    const encoder = new FrameEncoder();
    for (let frame = 0; frame < 200; frame += 1) {
      const batch = Array.from({ length: 8 }, (_, index) => ({
        kind: "k",
        attributes: { [`k${frame * 8 + index}`]: { [`d${index}`]: { [`e${frame}`]: 1 } } },
      }));
      expect(decode(encode(encoder, batch))).toEqual(batch);
    }
    expect(encoder.plainFrames).toBe(0); // only the attributes are rows
  });

  test("merge where they have half of their fields in common, in one order", () => {
    const names = (...list: string[]): { names: string[]; isOptional: boolean[] } => ({
      names: list,
      isOptional: list.map(() => false),
    });
    expect(mergeNames(names("a", "b", "d"), names("a", "c", "d"))).toEqual({
      names: ["a", "b", "c", "d"],
      isOptional: [false, true, true, false],
    });
    expect(mergeNames(names("a", "b"), names("b", "a"))).toBe(undefined);
    expect(mergeNames(names("a", "b", "c"), names("a", "d", "e"))).toBe(undefined);
  });
});

describe("refusals", () => {
  const symbol = Symbol("s");
  test.each([
    ["a function", { list: [{ call: (): number => 1 }] }, "at `.list[0].call`"],
    ["a symbol as name", { id: 1, [symbol]: 1 }, "[Symbol(s)]"],
    ["an accessor", Object.defineProperty({ id: 1 }, "x", { get: () => 1, enumerable: true }), "at `.x`"],
    ["a hidden field", Object.defineProperty({ id: 1 }, "x", { value: 1, enumerable: false }), "at `.x`"],
    ["an array with a name", Object.assign([1], { id: 1 }), "id"],
  ])("name the path: %s", (_name, value, path) => {
    const encoder = new FrameEncoder();
    expect(() => encode(encoder, [value])).toThrow(path);
    expect(() => encode(encoder, [value, value])).toThrow("MR4101");
    expect(decode(encode(encoder, [{ id: 1 }]))).toEqual([{ id: 1 }]); // it goes on
  });

  test("of a cycle", () => {
    const cycle: { id: number; self?: unknown } = { id: 1 };
    cycle.self = cycle;
    expect(() => encode(new FrameEncoder(), [{ id: 1 }, cycle])).toThrow(
      "the value at `.self` cannot be kept or sent: it is a reference back",
    );
  });

  // The price of looking at every object would be several times that of encoding it.
  test("of what only shows when looked for, in the first object of each shape", () => {
    const encoder = new FrameEncoder();
    const hidden = { id: 1, [symbol]: 1 };
    expect(() => encode(encoder, [hidden, { id: 2 }])).toThrow("MR4101");
    expect(decode(encode(encoder, [{ id: 2 }, hidden]))).toEqual([{ id: 2 }, { id: 1 }]);
  });
});

test("registered classes come back as instances, among plain objects with the same fields too", () => {
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
  const encoder = new FrameEncoder({ classes });
  for (const batch of [[{ cents: 1 }, new Money(2)], [{ price: new Money(3) }], [new Money(4)]])
    expect(decode(encode(encoder, batch), { classes })).toStrictEqual(batch);
});

describe("generated code", () => {
  test("has names as JSON only", () => {
    const hostile = ['"];process.exit()//', "\u2028", "*/", "${1}", "\\"];
    const source = extractorCode({ isTuple: false, names: hostile, forms: hostile.map(() => "any") });
    for (const name of hostile) expect(source).toContain(`v[${JSON.stringify(name)}]`);
    const given = [Object.fromEntries(hostile.map((name, index) => [name, index]))];
    expect(decode(encode(new FrameEncoder(), given))).toEqual(given);
  });

  test("reads like written by hand", () => {
    expect(extractorCode({ isTuple: false, names: ["id", "name"], forms: ["number", "text"] })).toMatchInlineSnapshot(`
      "return function extract(values, count, fields, names) {
        const c0 = fields[0].numbers;
        const c1 = fields[1].lengths;
        const f1 = values[0]["name"]; let t1 = "", s1 = mayBeSame(f1, count);
        for (let i = 0; i < count; i += 1) {
          const v = values[i];
          if (names !== undefined) {
            if (typeof v !== "object" || v === null) return FOREIGN;
            let k = 0;
            for (const n in v) { if (n !== names[k]) return FOREIGN; k += 1; }
            if (k !== 2) return FOREIGN;
          }
          if (v.__proto__ !== prototype) return FOREIGN;
          const v0 = v["id"]; if (typeof v0 !== "number") return 0; c0[i] = v0;
          const v1 = v["name"]; if (typeof v1 !== "string") return 1; c1[i] = v1.length; if (!s1) t1 += v1; else if (v1 !== f1) { s1 = false; t1 = f1.repeat(i) + v1; }
        }
        fields[1].text = s1 ? f1 : t1; fields[1].isSame = s1;
        return EXTRACTED;
      };"
    `);
    const fields = [
      { isText: false, isOptional: false },
      { isText: true, isOptional: false },
    ];
    expect(builderCode({ names: ["id", "name"], fields })).toMatchInlineSnapshot(`
      "return function build(count, columns, out) {
        const c0 = columns[0];
        const t1 = columns[1].text, l1 = columns[1].lengths; let e1 = 0;
        for (let i = 0; i < count; i += 1) {
          const s1 = e1; e1 += l1[i];
          out[i] = { "id": c0[i], "name": t1.substring(s1, e1) };
        }
        return true && e1 === t1.length;
      };"
    `);
    expect(
      builderCode({
        names: ["id", "name"],
        fields: fields.map((field) => ({ ...field, isText: false, isOptional: true })),
      }),
    ).toMatchInlineSnapshot(`
        "return function build(count, columns, out) {
          const c0 = columns[0];
          const c1 = columns[1];
          for (let i = 0; i < count; i += 1) {
            const o = {  };
            if (c0[i] !== ABSENT) o["id"] = c0[i];
            if (c1[i] !== ABSENT) o["name"] = c1[i];
            out[i] = o;
          }
          return true;
        };"
      `);
  });

  test("is shared, and forgotten when there is too much of it", () => {
    const codecs = new GeneratedCodecs();
    const first = codecs.get("return () => 1;", {});
    expect(codecs.get("return () => 1;", {})).toBe(first);
    for (let index = 0; index < 600; index += 1) codecs.get(`return () => ${index + 2};`, {});
    expect(codecs.get("return () => 1;", {})).not.toBe(first);
  });
});

describe("a decoder", () => {
  test("refuses a record that would set its prototype, and layouts of other versions", () => {
    const frame = encode(new FrameEncoder(), [{ aaaaaaaaa: 1 }]);
    const name = Buffer.from("__proto__", "utf16le");
    frame.set(name, Buffer.from(frame).indexOf(Buffer.from("aaaaaaaaa", "utf16le")));
    expect(() => decode(frame)).toThrow("MR4102");
    const other = encode(new FrameEncoder(), [1]);
    other[0] = 2;
    expect(() => decode(other)).toThrow(/MR4102.*newer version/);
  });

  test.each([
    [
      "mixed columns in mixed columns",
      new Uint8Array(200_000).map((_, at) => (at % 2 === 0 ? format.KIND_MIXED : 1)),
      "mixed",
    ],
    ["lists in lists", new Uint8Array(200_000).fill(format.KIND_LIST), "too deep"],
    ["a record that is absent", Uint8Array.of(format.KIND_ABSENT), "absent"],
    ["an element that is absent", Uint8Array.of(format.KIND_TUPLE, 1, format.KIND_ABSENT), "absent"],
    ["a kind from the future", Uint8Array.of(255), "the kind 255"],
    ["two columns", Uint8Array.of(format.KIND_NULL, format.KIND_NULL), "follows its header"],
    ["too many fields", Uint8Array.of(format.KIND_OBJECT, 200), "too many"],
    ["nothing", Uint8Array.of(), "ends too early"],
  ])("refuses a header with %s", (_name, bytes, why) => {
    const frame = new Uint8Array(format.PREFIX_BYTES + bytes.length + 64);
    new Uint32Array(frame.buffer, 0, 3).set([format.FRAME_VERSION, 1, bytes.length]);
    frame.set(bytes, format.PREFIX_BYTES);
    expect(() => decode(frame)).toThrow("MR4102");
    expect(() => decode(frame)).toThrow(why);
  });

  test("refuses text whose lengths do not add up, as a field and by itself", () => {
    for (const batch of [
      [{ name: "abc" }, { name: "d" }],
      ["abc", "d"],
    ]) {
      const frame = encode(new FrameEncoder(), batch);
      const lengths = Buffer.from(Uint32Array.of(3, 1).buffer);
      frame[Buffer.from(frame.buffer).indexOf(lengths)] = 2;
      expect(() => decode(frame)).toThrow(/MR4102.*lengths/);
    }
  });

  test("keeps the array of its caller, and makes a longer one for timestamps where it has to", () => {
    const values: unknown[] = [];
    const into = { values, timestampsMs: new Float64Array(1) };
    const decoder = new FrameDecoder();
    for (const batch of [[1, 2, 3], [{ a: 1 }], [null, "x", 3]] as readonly (readonly unknown[])[]) {
      const sevens = new Float64Array(batch.length).fill(7);
      const count = decoder.decode(new FrameEncoder().encode(batch, sevens, 0, batch.length), into);
      expect(values.slice(0, count)).toEqual(batch);
      expect([...into.timestampsMs.subarray(0, count)]).toEqual(batch.map(() => 7));
    }
  });
});
