/** Formats that write what they read: a file sink's output through the file source gives the same values. */
// covers: connectors/files/formats/csv-fields.ts
// covers: connectors/files/formats/strict-json.ts
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { csv, ndjson, textLines } from "../../../connectors/files/index.ts";
import type { FileFormat, RecordParser } from "../../../connectors/files/index.ts";
import { replay } from "../../harness/replay.ts";

function written<T>(format: FileFormat<T>, values: readonly T[]): string {
  const encode = format.createEncoder();
  return values.map((value) => encode(value)).join("");
}

function parsed<T>(format: FileFormat<T>, text: string): T[] {
  const parser: RecordParser<T> = format.createParser({
    path: "f",
    start: { byteOffset: 0, recordIndex: 0, line: 0 },
    recordBytesMax: 1_000_000,
  });
  parser.push(new TextEncoder().encode(text));
  parser.end();
  const values: T[] = [];
  for (;;) {
    const step = parser.next();
    if (step === "end") return values;
    if (step === "malformed") throw new Error(parser.problem?.reason);
    if (step === "record") values.push(parser.value);
  }
}

const anyText = fc.string({ unit: "grapheme", maxLength: 8 });
const csvText = fc.string({ unit: fc.constantFrom("a", ",", ";", '"', "\n", "\r", " ", "é", "\uFEFF"), maxLength: 6 });

describe("round trips", () => {
  test("text lines", () => {
    const lines = fc.array(anyText.filter((text) => !/[\r\n]/.test(text)).map((text) => text.replace(/^\uFEFF/, "")));
    fc.assert(
      fc.property(lines, (values) => {
        expect(parsed(textLines(), written(textLines(), values))).toEqual(values);
      }),
      replay,
    );
  });

  test("NDJSON", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (values) => {
        const plain = JSON.parse(JSON.stringify(values)) as unknown[];
        expect(parsed(ndjson(), written(ndjson(), values))).toEqual(plain);
      }),
      replay,
    );
  });

  test("CSV, with a header and without, and one column", () => {
    const rows = fc.array(fc.record({ "b,1": csvText, a: csvText }), { minLength: 1 });
    const single = fc.array(fc.record({ a: csvText }), { minLength: 1 });
    fc.assert(
      fc.property(rows, single, fc.constantFrom(",", ";", "\t"), (two, one, delimiter) => {
        for (const values of [two, one])
          expect(parsed(csv({ delimiter }), written(csv({ delimiter }), values))).toEqual(values);
        const fixed = csv({ delimiter, header: ["a", "b,1"] });
        expect(parsed(fixed, written(fixed, two))).toEqual(two);
      }),
      replay,
    );
  });
});

test("CSV writes numbers, dates, nothing and objects as text, under the first value's properties", () => {
  const values: readonly Record<string, unknown>[] = [
    { n: 1.5, d: new Date(0), u: undefined, o: { x: "," } },
    { n: null, d: true, u: 3n },
  ];
  expect(written(csv({ parse: (row): Record<string, unknown> => row }), values)).toBe(
    'n,d,u,o\n1.5,1970-01-01T00:00:00.000Z,,"{""x"":"",""}"\n,true,3,\n',
  );
});

test("CSV makes values with parse, whose errors make a row malformed", () => {
  const format = csv({
    parse(row) {
      const km = Number(row["km"]);
      if (Number.isNaN(km)) throw new Error("km is no number");
      return { km };
    },
  });
  expect(parsed(format, "from,km\nA,3\n")).toEqual([{ km: 3 }]);
  expect(() => parsed(format, "from,km\nA,x\n")).toThrow("km is no number");
});

describe("CSV from records of any type", () => {
  interface Trip {
    readonly from: string;
    readonly km: number;
    readonly stops?: readonly string[];
  }
  const trips: readonly Trip[] = [
    { from: "A", km: 3 },
    { from: "B", km: NaN, stops: ["x", "y"] },
  ];

  test("needs no parse", () => {
    const encode = csv({ header: ["from", "stops", "km"] }).createEncoder();
    expect(trips.map((trip) => encode(trip)).join("")).toBe('A,,3\nB,"[""x"",""y""]",NaN\n');
    const headed = csv().createEncoder();
    expect(trips.map((trip) => headed(trip)).join("")).toBe("from,km\nA,3\nB,NaN\n");
    class Point {
      readonly x: number = 1;
    }
    expect(csv().createEncoder()(new Point())).toBe("x\n1\n");
  });

  test.each([
    [null],
    [undefined],
    [7],
    ["a"],
    [{ a: new Map() }],
    [{ a: () => 1 }],
    [{ a: Symbol("b") }],
    [{ a: new Date(NaN) }],
    [{ a: [NaN] }],
  ])("refuses %o", (value) => expect(() => csv().createEncoder()(value as never)).toThrow("MR6108"));

  test("has options that are checked", () => {
    expect(() => csv({ header: false as never })).toThrow("MR6106");
    expect(() => csv({ header: "a,b" as never })).toThrow("MR6106");
    expect(() => csv({ parse: "km" as never })).toThrow("MR6106");
  });
});

describe("a value that JSON would change is refused", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  test.each([
    [undefined, "the value cannot be written: it is undefined"],
    [() => 1, "the value cannot be written: it is a function"],
    [Symbol("x"), "it is a symbol"],
    [NaN, "it is NaN"],
    [-Infinity, "it is -Infinity"],
    [7n, "it is a bigint"],
    [new Map([[1, 2]]), "it is an object of the kind Map"],
    [new Set([1]), "it is an object of the kind Set"],
    [new Uint8Array(2), "it is an object of the kind Uint8Array"],
    [/x/, "it is an object of the kind RegExp"],
    [new Error("x"), "it is an object of the kind Error"],
    [Promise.resolve(1), "it is an object of the kind Promise"],
    [new Date(NaN), "it is an invalid date"],
    [{ a: { b: [1, NaN] } }, "the value at `.a.b[1]` cannot be written: it is NaN"],
    [{ a: [undefined] }, "the value at `.a[0]` cannot be written: it is undefined"],
    [{ a: { when: () => 1 } }, "the value at `.a.when` cannot be written: it is a function"],
    [{ a: 1, n: { big: 7n } }, "the value at `.n.big` cannot be written: it is a bigint"],
    [{ toJSON: () => ({ rate: Infinity }) }, "the value at `.rate` cannot be written: it is Infinity"],
    [circle, "it is refused by JSON: Converting circular structure to JSON"],
  ])("%o", (value, sentence) => {
    expect(() => written(ndjson(), [value])).toThrow(sentence);
    expect(() => written(ndjson(), [value])).toThrow(expect.objectContaining({ code: "MR6108", retryable: false }));
  });

  test("what says itself what it is in JSON, and fields that are undefined, are not", () => {
    class Point {
      readonly x: number = 1;
      readonly #hidden: number = 2;
      sum(): number {
        return this.x + this.#hidden;
      }
    }
    const value = { at: new Date(0), url: new URL("http://a/"), point: new Point(), none: null, left: undefined };
    expect(written<unknown>(ndjson(), [value])).toBe(
      '{"at":"1970-01-01T00:00:00.000Z","url":"http://a/","point":{"x":1},"none":null}\n',
    );
  });

  test("whatever it is: what is written reads back as it was, or is refused", () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        let text: string;
        try {
          text = written<unknown>(ndjson(), [value]);
        } catch (error) {
          expect(error).toMatchObject({ code: "MR6108" });
          return;
        }
        expect(JSON.parse(text)).toEqual(inJson(value));
      }),
      { numRuns: 1_000, ...replay },
    );
  });
});

/** What a value becomes by the two rules alone: dates are text, undefined fields are left out. Everything else stays what it is, −0 being 0. */
function inJson(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(inJson);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields.map(([name, field]) => [name, inJson(field)]));
}
