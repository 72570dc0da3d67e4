/** Where a job's bytes go, and what users read of it. */
import { describe, expect, test } from "vitest";
import { JobStores } from "../../../core/cluster/job-stores.ts";
import { systemWorld } from "../../../core/cluster/system-world.ts";
import { Config } from "../../../core/util/config.ts";
import type { ConfigValues } from "../../../core/util/config.ts";

function storesOf(values: ConfigValues): JobStores {
  return new JobStores({ world: systemWorld(), config: new Config(values), jobId: "ab12" });
}

describe("the path to restore from", () => {
  test("is none on a fresh start", () => expect(storesOf({}).restorePath()).toBeUndefined());

  test("lies in a store of its own, with or without the metadata file", () => {
    for (const path of ["saved/savepoint-1", "saved/savepoint-1/_metadata"]) {
      const stores = storesOf({ "execution.state-recovery.path": path, "execution.checkpointing.dir": "kept" });
      expect(stores.restorePath()).toBe("restored/savepoint-1");
      expect(stores.restoredFromOwn).toBe(false);
    }
  });

  test("or among the job's checkpoints", () => {
    const stores = storesOf({
      "execution.state-recovery.path": "./kept/cd34/chk-7",
      "execution.checkpointing.dir": "kept",
    });
    expect(stores.restorePath()).toBe("checkpoints/cd34/chk-7");
    expect(stores.restoredFromOwn).toBe(true);
  });
});

describe("sentences in the user's terms", () => {
  test("name the user's directories instead of mounts, once", () => {
    const stores = storesOf({
      "execution.state-recovery.path": "saved/restored/chk-1",
      "execution.checkpointing.dir": "/data/checkpoints/",
    });
    const told = stores.inUserTerms(
      `"${stores.restorePath()}" in ${stores.store.name} is damaged (checkpoints/ab12/chk-2 too)`,
    );
    expect(told).toMatch(/^"\/.*\/saved\/restored\/chk-1" is damaged \(\/data\/checkpoints\/ab12\/chk-2 too\)$/);
  });

  test("and leave everything else alone", () => {
    expect(storesOf({}).inUserTerms("either/or, https://x.org/checkpoints/y, restored/x")).toBe(
      "either/or, https://x.org/checkpoints/y, restored/x",
    );
  });
});

describe("savepoints", () => {
  test("need a directory", () => {
    expect(() => storesOf({}).savepoint(undefined)).toThrow("MR7003: a savepoint needs a directory");
    expect(storesOf({}).savepoint("saved/").path).toMatch(/^saved\/savepoint-ab12-[0-9a-f]{12}$/);
  });

  test("of one directory share a mount, whose name users never see", () => {
    const stores = storesOf({});
    const mounted: string[] = [];
    stores.watchMounts(({ mount }) => mounted.push(mount));
    const first = stores.savepoint("saved");
    const others = ["saved", "elsewhere", "saved"].map((directory) => stores.savepoint(directory));
    expect(mounted).toEqual(["savepoints-1", "savepoints-2"]);
    expect(new Set([first, ...others].map(({ directory }) => directory)).size).toBe(4);
    expect(stores.inUserTerms(`cannot write ${first.directory}`)).toBe(`cannot write ${first.path}`);
  });

  test("into a directory that could not be opened can be tried again", () => {
    const world = systemWorld();
    let isBroken = true;
    const openStore: typeof world.openStore = (directory) => {
      if (isBroken) throw new Error("out of reach");
      return world.openStore(directory);
    };
    const stores = new JobStores({ world: { ...world, openStore }, config: new Config({}), jobId: "ab12" });
    const mounted: string[] = [];
    stores.watchMounts(({ mount }) => mounted.push(mount));
    expect(() => stores.savepoint("saved")).toThrow("out of reach");
    isBroken = false;
    expect(stores.savepoint("saved").directory.split("/")[0]).toBe(mounted[0]);
  });
});
