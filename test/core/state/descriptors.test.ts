/** Declarations of state: what is refused where it is written, and what is kept as it was given. */
import { describe, expect, test } from "vitest";
import { aggregating, list, map, reducing, value } from "../../../core/state/descriptors.ts";
import type { KeyedStateOptions } from "../../../core/state/descriptors.ts";

const sum = (left: number, right: number): number => left + right;
const DECLARE: readonly (readonly [
  kind: string,
  declare: (options: KeyedStateOptions) => { readonly ttl: unknown },
])[] = [
  ["value", (options) => value(options)],
  ["list", (options) => list(options)],
  ["map", (options) => map(options)],
  ["reducing", (options) => reducing(sum, options)],
  [
    "aggregating",
    (options) => aggregating({ createAccumulator: () => 0, add: sum, getResult: (total: number) => total }, options),
  ],
];

describe.each(DECLARE)("the ttl of %s()", (_kind, declare) => {
  test.each([
    ["MR1001", "soon"],
    ["MR1001", null],
    ["MR1001", {}],
    ["MR1002", 0],
    ["MR1002", "-1s"],
    ["MR1002", { after: 0 }],
    ["MR4008", { after: "1s", time: "evnt" }],
    ["MR4008", { after: "1s", refresh: "always" }],
  ])("%s: %o", (code, ttl) => {
    expect(() => declare({ ttl: ttl as never })).toThrow(code);
  });

  test.each([
    ["1h"],
    [5],
    [{ after: "1h", time: "event", refresh: "read-and-write" }],
    [{ after: 1, time: "processing" }],
  ] as const)("%o", (ttl) => expect(declare({ ttl }).ttl).toBe(ttl));

  test("may be left out", () => expect(declare({}).ttl).toBeUndefined());
});

test("the error names the words that there are", () => {
  expect(() => value({ ttl: { after: "1s", time: "evnt" as never } })).toThrow(
    'MR4008: the time of a ttl is "processing" or "event", not "evnt"',
  );
});
