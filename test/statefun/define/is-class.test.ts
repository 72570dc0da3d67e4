/** What is a class, and what is only a function. */
import { expect, test } from "vitest";
import { isClass } from "../../../statefun/define/is-class.ts";

class Named {}

test.each<[string, unknown, boolean]>([
  ["a class", Named, true],
  ["one without a name", class {}, true],
  ["a derived one", class extends Named {}, true],
  ["a function", () => Named, false],
  ["an async function", async () => Promise.resolve(Named), false],
  ["an object", new Named(), false],
  ["text", "class Named {}", false],
  ["nothing", undefined, false],
])("%s", (_, candidate, expected) => {
  expect(isClass(candidate)).toBe(expected);
});
