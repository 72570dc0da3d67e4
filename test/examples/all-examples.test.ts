/** What holds for every example: it builds from its default arguments, every operator with state has a uid, and wrong options are refused in a sentence. */
import { StreamExecutionEnvironment } from "millrace";
import { describe, expect, test } from "vitest";
import cardFraud from "../../examples/card-fraud.ts";
import clicks from "../../examples/clicks.ts";
import flightDelays from "../../examples/flight-delays.ts";
import machineLogs from "../../examples/machine-logs.ts";
import sensors from "../../examples/sensors.ts";
import { dice } from "../../examples/support/dice.ts";

describe.each([cardFraud, clicks, flightDelays, machineLogs, sensors])("$name", (job) => {
  test("builds, with a uid for all state", async () => {
    const env = StreamExecutionEnvironment.create({ "pipeline.auto-generate-uids": false });
    await job.build(env, []);
    expect(env.explain({ format: "text" })).toContain("Sink");
  });

  test.each([["--bogus"], ["--rate", "fast"], ["--rate", "-1"], ["--rate", ""]])("refuses %s %s", (...args) => {
    expect(() => job.build(StreamExecutionEnvironment.create(), args)).toThrow(/--(bogus|rate)/);
    const code: unknown = expect.stringMatching(/^(?:MR2113|ERR_PARSE_ARGS_\w+)$/); // of which the command makes sentences
    expect(() => job.build(StreamExecutionEnvironment.create(), args)).toThrow(expect.objectContaining({ code }));
  });

  test("lists its options", () => {
    expect(job.usage).toMatch(/^Options of the job, after --:\n(?: {2}--[a-z-]+ \S+ +.+(?:\n|$))+$/);
    expect(job.usage).toContain("records per second; 0: full speed (default: ");
  });
});

test("dice fall the same way every time, and evenly", () => {
  const rolls = Array.from({ length: 10_000 }, (_, index) => dice(index, 3));
  expect(rolls).toEqual(rolls.map((_, index) => dice(index, 3)));
  expect(rolls.every((roll) => roll >= 0 && roll < 1)).toBe(true);
  const tenths = Array.from(
    { length: 10 },
    (_, tenth) => rolls.filter((roll) => Math.floor(roll * 10) === tenth).length,
  );
  expect(Math.min(...tenths)).toBeGreaterThan(900);
  expect(Math.max(...tenths)).toBeLessThan(1_100);
});
