/** Durations as users write them: what is understood, what is refused, and how they are shown. */
import { describe, expect, test } from "vitest";
import { formatMs, toMs, toPositiveMs } from "../../../core/util/duration.ts";
import type { Duration } from "../../../core/util/duration.ts";

describe("toMs", () => {
  test.each<[Duration, number]>([
    [0, 0],
    [1500, 1500],
    ["250ms", 250],
    ["1.5s", 1500],
    ["10 min", 600_000],
    ["10m", 600_000],
    ["1h", 3_600_000],
    ["1d", 86_400_000],
    ["-5s", -5000],
  ])("%s is %d ms", (duration, ms) => {
    expect(toMs(duration, "gap")).toBe(ms);
  });

  test.each(["", "s", "5", "5 weeks", "5s ", "1e3s", "5  s"])("refuses %j and names the option", (text) => {
    expect(() => toMs(text as Duration, "gap")).toThrow(/MR1001: gap is no duration/); // what plain JavaScript may hand in
  });

  test.each([Number.NaN, Infinity, -Infinity])("refuses %d", (amount) => {
    expect(() => toMs(amount, "gap")).toThrow("MR1001");
  });
});

describe("toPositiveMs", () => {
  test("takes what is longer than nothing", () => {
    expect(toPositiveMs("1s", "size")).toBe(1000);
  });

  test.each<Duration>([0, "0s", -1, "-3h"])("refuses %s", (duration) => {
    expect(() => toPositiveMs(duration, "size")).toThrow(/MR1002: size/);
  });
});

describe("formatMs", () => {
  test.each([
    [0, "0ms"],
    [999, "999ms"],
    [1500, "1.5s"],
    [90_000, "1m 30s"],
    [3_600_000, "60m 0s"],
  ])("%d is shown as %s", (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });
});
