/** Values as JSON: the same for clients of HTTP, and for those who list what is quarantined. */
import { expect, test } from "vitest";
import { jsonText } from "../../statefun/json-text.ts";

test.each([
  [undefined, "null"],
  [null, "null"],
  [1.5, "1.5"],
  [Number.NaN, "null"],
  ["é", '"é"'],
  [12n, '"12"'],
  [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  [new Date(Number.NaN), "null"],
  [{ a: undefined, b: [undefined] }, '{"b":[null]}'],
  [new Map([["a", { b: new Set([1n]) }]]), '{"a":{"b":["1"]}}'],
  [new Map<unknown, unknown>([[1, "x"]]), '[[1,"x"]]'],
  [new Map([["__proto__", 1]]), '{"__proto__":1}'],
  [{ bytes: new Uint8Array([0, 255]) }, '{"bytes":"AP8="}'],
  [{ bytes: Buffer.from([0, 255]) }, '{"bytes":"AP8="}'],
  [new Uint8Array([9, 0, 255]).subarray(1), '"AP8="'],
  [new Uint8Array([0, 255]).buffer, '"AP8="'],
  [new DataView(new Uint8Array([0, 255]).buffer), '"AP8="'],
  [new Float64Array([1.5, -2]), "[1.5,-2]"],
  [new BigInt64Array([1n]), '["1"]'],
])("%o", (value, text) => {
  expect(jsonText(value)).toBe(text);
});
