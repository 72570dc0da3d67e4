/** Options: each stands once, values are checked when they come in, and a wrong key is answered with the nearest. */
// covers: core/util/options.ts
import { describe, expect, test } from "vitest";
import { Config, OPTIONS } from "../../../core/util/config.ts";

const all = Object.values(OPTIONS);

describe("OPTIONS", () => {
  test("name every key once", () => {
    expect(new Set(all.map(({ key }) => key)).size).toBe(all.length);
  });

  test.each(all.map((option) => [option.key, option] as const))(
    "%s has a sentence, and a default that it would accept itself",
    (key, option) => {
      expect(option.doc).toMatch(/^[A-Z].*\.$/);
      expect(new Config({ [key]: option.default as string }).get(option)).toBe(option.default); // its type does not matter here
    },
  );
});

describe("Config", () => {
  test("answers with defaults until something is set", () => {
    const config = new Config();
    expect(config.get(OPTIONS.parallelism)).toBe(1);
    expect(config.has(OPTIONS.parallelism)).toBe(false);
  });

  test("takes text, as the command line hands it over", () => {
    const config = new Config({
      "parallelism.default": "4",
      "execution.checkpointing.interval": "30s",
      "execution.checkpointing.timeout": "500",
      "pipeline.operator-chaining.enabled": "false",
      "restart-strategy.exponential-delay.backoff-multiplier": "2.5",
      "restart-strategy.type": "fixed-delay",
    });
    expect(config.get(OPTIONS.parallelism)).toBe(4);
    expect(config.get(OPTIONS.checkpointInterval)).toBe(30_000);
    expect(config.get(OPTIONS.checkpointTimeout)).toBe(500);
    expect(config.get(OPTIONS.operatorChaining)).toBe(false);
    expect(config.get(OPTIONS.exponentialMultiplier)).toBe(2.5);
    expect(config.get(OPTIONS.restartStrategy)).toBe("fixed-delay");
    expect(config.has(OPTIONS.parallelism)).toBe(true);
  });

  test("suggests the nearest key", () => {
    expect(() => new Config({ "execution.checkpoint.interval": 1 })).toThrow(
      'MR2001: there is no option "execution.checkpoint.interval"; did you mean "execution.checkpointing.interval"?',
    );
  });

  test("suggests nothing where nothing is near", () => {
    expect(() => new Config({ zzz: 1 })).toThrow(/there is no option "zzz"$/);
  });

  test.each<[string, boolean | number | string, string]>([
    ["parallelism.default", 0, "1 or more"],
    ["parallelism.default", 1.5, "a whole number"],
    ["parallelism.default", "many", "a number"],
    ["parallelism.default", " ", "a number"],
    ["parallelism.default", true, "a number"],
    ["execution.checkpointing.interval", -1, "0 or more"],
    ["pipeline.operator-chaining.enabled", "yes", '"true" or "false"'],
    ["pipeline.operator-chaining.enabled", 1, '"true" or "false"'],
    ["execution.checkpointing.dir", 5, "text"],
    ["restart-strategy.type", "sometimes", "one of "],
  ])("refuses %s = %j", (key, value, wanted) => {
    expect(() => new Config({ [key]: value })).toThrow(new RegExp(`MR2002: option "${key}" must be ${wanted}`));
  });

  test.each<[string, boolean | number | string]>([
    ["execution.checkpointing.interval", "soon"],
    ["execution.checkpointing.interval", ""],
    ["execution.checkpointing.interval", Number.NaN],
  ])("refuses %s = %j, as any duration", (key, value) => {
    expect(() => new Config({ [key]: value })).toThrow(`MR1001: ${key} is no duration`);
  });

  test("takes keys of the application's own behind their prefix, as text", () => {
    const key = "statefun.module.global-config.kafka-address";
    expect(new Config({ [key]: "broker:9092" }).toValues()).toEqual({ [key]: "broker:9092" });
    expect(() => new Config({ [key]: 9092 })).toThrow(`MR2002: option "${key}" must be text`);
  });

  test("is not changed by `with`; the later value wins", () => {
    const first = new Config({ "parallelism.default": 2, "execution.checkpointing.interval": "1s" });
    const second = first.with({ "parallelism.default": 3 });
    expect(first.get(OPTIONS.parallelism)).toBe(2);
    expect(second.get(OPTIONS.parallelism)).toBe(3);
    expect(second.toValues()).toEqual({ "parallelism.default": 3, "execution.checkpointing.interval": 1000 });
  });
});
