/** Formats that write what they read: a file sink's output through the file source gives the same values. */
// covers: connectors/files/formats/csv-fields.ts
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

test("a value without JSON is refused", () => {
  expect(() => written(ndjson(), [undefined])).toThrow("MR6108");
});
