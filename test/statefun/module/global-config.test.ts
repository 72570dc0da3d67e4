/** Global configuration: where values come from, and which win. */
import { expect, test } from "vitest";
import { globalConfigOf } from "../../../statefun/module/global-config.ts";
import { refusal } from "../define/refusal.ts";

test("arguments win over options, options over code", () => {
  const config = globalConfigOf({
    code: { a: "code", b: "code", c: "code" },
    options: {
      "statefun.module.global-config.b": "option",
      "statefun.module.global-config.c": 1,
      "parallelism.default": 2,
    },
    args: ["c=argument=with=signs", " d =", "c=last"],
  });
  expect([...config]).toEqual([
    ["a", "code"],
    ["b", "option"],
    ["c", "last"],
    ["d", ""],
  ]);
});

test("it reads as a Map does", () => {
  const config = globalConfigOf({ code: { a: "1", b: "2" } });
  const visited: unknown[] = [];
  config.forEach((value, key, map) => visited.push(key, value, map === config));
  expect(visited).toEqual(["a", "1", true, "b", "2", true]);
  expect([config.size, [...config.keys()], [...config.values()], [...config.entries()].length]).toEqual([
    2,
    ["a", "b"],
    ["1", "2"],
    2,
  ]);
  expect([config.has("a"), config.has("c"), config.get("c"), config.getOrDefault("c", "3")]).toEqual([
    true,
    false,
    undefined,
    "3",
  ]);
  expect(globalConfigOf({}).size).toBe(0);
});

test("an argument is a key with its value", () => {
  expect(refusal(() => globalConfigOf({ args: ["kafka-address"] }))).toMatch(
    /^MR9046: --global-config takes key=value/,
  );
  expect(refusal(() => globalConfigOf({ args: ["=x"] }))).toMatch(/^MR9046/);
});
