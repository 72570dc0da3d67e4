/** "Did you mean …?": near words are found, far ones are not suggested. */
import { describe, expect, test } from "vitest";
import { nearest } from "../../../core/util/nearest.ts";

describe("nearest", () => {
  test.each([
    ["paralelism", "parallelism"],
    ["PARALLELISM", undefined],
    ["timeout", "timeout"],
    ["tmieout", "timeout"],
    ["interval-ms", "interval"],
    ["q", undefined],
    ["", undefined],
  ])("%j: %s", (word, expected) => {
    expect(nearest(word, ["parallelism", "timeout", "interval"])).toBe(expected);
  });

  test("prefers the closest, and the first of two that are equally close", () => {
    expect(nearest("cat", ["cart", "cast", "at"])).toBe("cart");
    expect(nearest("cast", ["cart", "cast"])).toBe("cast");
  });

  test("knows nothing among nothing", () => {
    expect(nearest("word", [])).toBeUndefined();
  });
});
