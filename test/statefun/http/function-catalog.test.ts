/** What the server knows of functions: which there are, their kinds, their checks. */
import { describe, expect, test } from "vitest";
import { RefusedRequest } from "../../../statefun/http/answer.ts";
import { FunctionCatalog } from "../../../statefun/http/function-catalog.ts";
import { fn, type } from "../../../statefun/index.ts";
import type { StandardSchema } from "../../../statefun/index.ts";
import { digits } from "../define/tiny-schema.ts";
import { makeFunction } from "../group/make-function.ts";

const checking: StandardSchema = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => {
      if (value === "throw") throw new Error("a bug");
      if (value === "later") return Promise.resolve({ value });
      return { value: value === "function" ? () => undefined : value };
    },
  },
};
const one = fn("test/one", { accepts: { add: digits }, handle: { add: () => undefined } });
const two = fn("test/two", {
  accepts: { add: checking, toString: type<string>() },
  otherwise: () => undefined,
});
const catalog = new FunctionCatalog({
  functions: [one.definition, two.definition, makeFunction("test/open", () => undefined)],
  namespaces: [{ namespace: "com.example", functionOf: () => one.definition }],
});

function refusalOf(ask: () => unknown): unknown {
  try {
    return ask();
  } catch (error) {
    if (!(error instanceof RefusedRequest)) throw error;
    const { code, message } = JSON.parse(String(error.answer.body)) as {
      readonly code: string;
      readonly message: string;
    };
    return { status: error.answer.status, code, message };
  }
}

test("functions, by their type or their namespace", () => {
  for (const name of ["test/one", "test/open", "com.example/anything"] as const) catalog.require(name);
  expect(refusalOf(() => catalog.require("test/ome"))).toEqual({
    status: 404,
    code: "MR9051",
    message: "there is no function test/ome: did you mean test/one?",
  });
  expect(refusalOf(() => catalog.require("com/example"))).toMatchObject({ status: 404, code: "MR9051" });
});

describe("kinds", () => {
  test("the only one is meant, or the one that is asked for", () => {
    expect(catalog.kindOf("test/one", undefined)).toBe("add");
    expect(catalog.kindOf("test/two", "toString")).toBe("toString");
    expect(catalog.kindOf("test/open", undefined)).toBe("");
    expect(catalog.kindOf("com.example/x", "any")).toBe("any");
  });

  test.each([
    ["test/two", undefined, "test/two accepts add, toString: say which in the header Millrace-Kind"],
    ["test/one", "ad", `test/one accepts no message of kind "ad": did you mean "add"?`],
    ["test/one", "valueOf", `test/one accepts no message of kind "valueOf": it accepts add`],
    ["test/open", "$skip", `"$skip" is a kind of the runtime, which no request may send`],
  ] as const)("%s %s is refused", (name, asked, sentence) => {
    expect(refusalOf(() => catalog.kindOf(name, asked))).toEqual({ status: 400, code: "MR9054", message: sentence });
  });
});

describe("values", () => {
  test("are what the schema makes of them, and shared with nobody", () => {
    expect(catalog.checked("test/one", "add", "12")).toBe(12);
    const value = { a: [1] };
    const checked = catalog.checked("test/open", "", value);
    expect(checked).toEqual(value);
    expect(checked).not.toBe(value);
  });

  test.each([
    ["test/one", "x", 400, "MR9010"],
    ["test/two", "throw", 500, "MR9065"],
    ["test/two", "later", 500, "MR9011"],
    ["test/two", "function", 400, "MR4101"],
  ] as const)("%s refuses %o", (name, value, status, code) => {
    expect(refusalOf(() => catalog.checked(name, "add", value))).toMatchObject({ status, code });
  });

  test("too deep for a message are refused", () => {
    const deep = JSON.parse(`${"[".repeat(5_000)}${"]".repeat(5_000)}`) as unknown;
    expect(refusalOf(() => catalog.checked("test/open", "", deep))).toMatchObject({ status: 400, code: "MR4101" });
  });
});
