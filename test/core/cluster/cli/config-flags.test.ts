/** Flags as configuration: each reaches its option, and what cannot be meant is refused. */
import { describe, expect, test } from "vitest";
import { clusterSizeOf, collectPair, configOf } from "../../../../core/cluster/cli/config-flags.ts";
import { OPTIONS } from "../../../../core/util/config.ts";

describe("flags", () => {
  test("are options", () => {
    const config = configOf({
      config: ["execution.checkpointing.interval=10s", "pipeline.development-mode = true"],
      parallelism: "3",
      checkpointDir: "kept",
      restore: "kept/chk-1",
      acceptDuplicates: true,
      allowNonRestoredState: true,
    });
    expect(config.get(OPTIONS.checkpointInterval)).toBe(10_000);
    expect(config.get(OPTIONS.developmentMode)).toBe(true);
    expect(config.get(OPTIONS.parallelism)).toBe(3);
    expect(config.get(OPTIONS.checkpointDirectory)).toBe("kept");
    expect(config.get(OPTIONS.restoreFrom)).toBe("kept/chk-1");
    expect(config.get(OPTIONS.acceptDuplicates)).toBe(true);
    expect(config.get(OPTIONS.ignoreUnclaimedState)).toBe(true);
  });

  test("win over --config, whose last value wins", () => {
    const pairs = ["parallelism.default=2", "parallelism.default=4"].reduce<readonly string[]>(
      (all, pair) => collectPair(pair, all),
      [],
    );
    expect(configOf({ config: pairs }).get(OPTIONS.parallelism)).toBe(4);
    expect(configOf({ config: pairs, parallelism: "5" }).get(OPTIONS.parallelism)).toBe(5);
  });

  test.each(["0", "-1", "abc", "1.5", "", "1e2", "0x10", "Infinity"])("refuse a parallelism of %j", (parallelism) => {
    expect(() => configOf({ config: [], parallelism })).toThrow(
      `MR2108: --parallelism must be a whole number, 1 or more, not "${parallelism}"`,
    );
  });

  test("ask for threads, of which each number is one if only the other is given", () => {
    expect(clusterSizeOf({ config: [] })).toBeUndefined();
    expect(clusterSizeOf({ config: [], slots: "3" })).toEqual({ taskManagers: 1, slots: 3 });
    expect(clusterSizeOf({ config: [], taskManagers: "2" })).toEqual({ taskManagers: 2, slots: undefined });
    expect(clusterSizeOf({ config: [], taskManagers: "2", slots: "4" })).toEqual({ taskManagers: 2, slots: 4 });
  });

  test.each(["0", "-2", "many", ""])("refuse %j slots, and as many TaskManagers", (count) => {
    const sentence = `must be a whole number, 1 or more, not "${count}"`;
    expect(() => clusterSizeOf({ config: [], slots: count })).toThrow(`MR2108: --slots ${sentence}`);
    expect(() => clusterSizeOf({ config: [], taskManagers: count })).toThrow(`MR2108: --task-managers ${sentence}`);
  });

  test.each(["", "interval", "=1s"])("refuse the pair %j", (pair) => {
    expect(() => configOf({ config: [pair] })).toThrow("MR2106: --config takes key=value");
  });

  test("refuse empty paths, keys that do not exist and values that do not fit", () => {
    expect(() => configOf({ config: [], restore: " " })).toThrow("MR2110: --restore needs a path");
    expect(() => configOf({ config: [], checkpointDir: "" })).toThrow("MR2110: --checkpoint-dir needs a path");
    expect(() => configOf({ config: ["restart-strategy.typ=none"] })).toThrow('did you mean "restart-strategy.type"?');
    expect(() => configOf({ config: ["execution.checkpointing.num-retained=none"] })).toThrow("MR2002");
  });
});
