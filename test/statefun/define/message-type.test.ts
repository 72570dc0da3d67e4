/** The check that is made of a schema: what it returns, and the sentences of what it refuses. */
import { expect, test } from "vitest";
import { checkOf, isMessageType } from "../../../statefun/define/message-type.ts";
import { type } from "../../../statefun/index.ts";
import { refusal } from "./refusal.ts";
import { asynchronous, digits, schema, text } from "./tiny-schema.ts";

test("a plain type has no check, a schema returns what takes the place of the value", () => {
  expect(checkOf(type<string>(), "x")).toBeUndefined();
  expect(checkOf(undefined, "x")).toBeUndefined();
  expect(checkOf(digits, "x")?.("42")).toBe(42);
});

test("a refusal says where and why, of a few issues", () => {
  const issue = (message: string, ...path: readonly (string | number | symbol)[]) => ({ message, path });
  const strict = schema(() => [
    issue("odd", "items", 3, "price"),
    { message: "wrapped", path: [{ key: "who" }] },
    ...Array.from({ length: 7 }, (_, n) => issue(`reason ${n}`)),
  ]);
  expect(refusal(() => checkOf(strict, "the order")?.({}))).toBe(
    "MR9010: the order does not fit its schema: at items.3.price: odd; at who: wrapped; reason 0; reason 1; reason 2; and 4 more",
  );
});

test("an asynchronous schema is refused when it answers", () => {
  expect(refusal(() => checkOf(asynchronous, "the name")?.("Ada"))).toMatch(
    /^MR9011: the name has a schema that checks asynchronously/,
  );
});

test("what may stand for a type", () => {
  const callable = Object.assign(() => undefined, { "~standard": text["~standard"] });
  expect([text, callable, type<string>()].map(isMessageType)).toEqual([true, true, true]);
  expect([undefined, null, "text", {}, { default: 0 }, { "~standard": {} }].map(isMessageType)).toEqual(
    Array(6).fill(false),
  );
});
