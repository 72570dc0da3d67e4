/** What a job starts from, given a path: the newest, a named one, a savepoint, a moved directory, and what is refused. */
// covers: core/checkpoint/read-checkpoint.ts
// covers: core/checkpoint/verify.ts
import { describe, expect, test } from "vitest";
import type { CompletedCheckpoint } from "../../../core/checkpoint/contract.ts";
import { metadataPath } from "../../../core/checkpoint/directories.ts";
import { findCheckpoint, locateCheckpoint, nextCheckpointId } from "../../../core/checkpoint/find-checkpoint.ts";
import { encodeMetadata } from "../../../core/checkpoint/metadata.ts";
import { readCheckpoint, relocate } from "../../../core/checkpoint/read-checkpoint.ts";
import { stateFilesOfCheckpoint } from "../../../core/checkpoint/snapshot-files.ts";
import { isMillraceError } from "../../../core/util/errors.ts";
import { checkpointWith, memoryStore, put, run } from "./samples.ts";
import type { Store } from "./samples.ts";

/** Writes a checkpoint with its own files. */
function save(store: Store, checkpoint: CompletedCheckpoint): void {
  put(store, { [metadataPath(checkpoint.directory)]: encodeMetadata(checkpoint) });
  for (const { path } of stateFilesOfCheckpoint(checkpoint)) put(store, { [path]: path });
}

/** A job with three checkpoints, the last two incremental, and one that was under way. */
function job(): Store {
  const store = memoryStore();
  save(store, checkpointWith(9, ["jobs/one/chk-9/a"]));
  save(store, checkpointWith(10, ["jobs/one/chk-9/a", "jobs/one/chk-10/b"]));
  save(store, checkpointWith(11, ["jobs/one/chk-10/b", "jobs/one/chk-11/c"]));
  put(store, { "jobs/one/chk-12/d": "d", "jobs/one/notes.txt": "x", "jobs/two/chk-99/_metadata": "x" });
  return store;
}

/** The id that is found, or the message. */
function find(store: Store, path: string, acceptDuplicates = false): number | string {
  const answer = run<CompletedCheckpoint>(store, (done) =>
    findCheckpoint(store.storage, path, { acceptDuplicates }, done),
  );
  return isMillraceError(answer) ? answer.message : answer.checkpointId;
}

describe("what to start from", () => {
  test.each(["jobs/one", "jobs/one/", "jobs/one/chk-11", "jobs/one/chk-11/", "jobs/one/chk-11/_metadata"])(
    "%s is the newest checkpoint",
    (path) => {
      expect(find(job(), path)).toBe(11);
    },
  );

  test("a savepoint by its directory or metadata file, however old", () => {
    const store = job();
    save(store, checkpointWith(3, ["saves/savepoint-1-2/f"], { kind: "savepoint", directory: "saves/savepoint-1-2" }));
    expect(find(store, "saves/savepoint-1-2")).toBe(3);
    expect(find(store, "saves/savepoint-1-2/_metadata")).toBe(3);
  });

  test("the root of the store", () => {
    const store = memoryStore();
    save(store, checkpointWith(2, ["chk-2/a"], { directory: "chk-2" }));
    expect(find(store, "")).toBe(2);
    expect(find(store, "chk-2")).toBe(2);
    save(store, checkpointWith(5, ["f"], { directory: "" }));
    expect(find(store, "_metadata")).toBe(5);
  });

  test.each(["jobs/three", "jobs/one/chk-12", "jobs/one/chk-13"])("nothing is at %s", (path) => {
    expect(find(job(), path)).toMatch(/^MR5001: there is no readable checkpoint at "jobs/);
  });

  test("an older checkpoint only if duplicates are accepted", () => {
    expect(find(job(), "jobs/one/chk-10")).toMatch(
      /^MR5006: "jobs\/one\/chk-10" is not the newest.*"jobs\/one\/chk-11".*--accept-duplicates/,
    );
    expect(find(job(), "jobs/one/chk-10", true)).toBe(10);
  });
});

describe("when the newest checkpoint is damaged", () => {
  const damages: readonly (readonly [string, (store: Store) => void])[] = [
    ["jobs/one/chk-11/c", (store) => run<void>(store, (done) => store.storage.delete("jobs/one/chk-11/c", done))],
    ["jobs/one/chk-11/c", (store) => put(store, { "jobs/one/chk-11/c": "jobs/one/chk-11/C" })],
    ["jobs/one/chk-11/c", (store) => put(store, { "jobs/one/chk-11/c": "" })],
    ["jobs/one/chk-11/_metadata", (store) => put(store, { "jobs/one/chk-11/_metadata": "MILLRACE" })],
  ];
  test.each(damages)("%s is named, and the newest that is whole", (file, damage) => {
    for (const path of ["jobs/one", "jobs/one/chk-11"]) {
      const store = job();
      damage(store);
      const message = find(store, path);
      expect(message).toMatch(/^MR5005: .*the newest readable checkpoint is "jobs\/one\/chk-10".*--accept-duplicates/);
      expect(message).toContain(file);
    }
  });

  test("the older one is taken if duplicates are accepted, but never in place of one that was named", () => {
    const store = job();
    damages[0]?.[1](store);
    expect(find(store, "jobs/one", true)).toBe(10);
    expect(find(store, "jobs/one/chk-11", true)).toMatch(/^MR5005/);
    expect(find(store, "jobs/one/chk-10", true)).toBe(10);
  });

  test("a file that older ones share leaves none", () => {
    const store = job();
    put(store, { "jobs/one/chk-10/b": "?", "jobs/one/chk-9/a": "?" });
    expect(find(store, "jobs/one", true)).toMatch(/^MR5005: .*chk-10\/b.*no older checkpoint can be read either/);
  });
});

test("a job that goes on in a directory takes ids above all that were used there, complete or not", () => {
  const store = job();
  expect(run<number>(store, (done) => nextCheckpointId(store.storage, "jobs/one", done))).toBe(13);
  expect(run<number>(store, (done) => nextCheckpointId(store.storage, "jobs/none", done))).toBe(1);
});

describe("what to read", () => {
  const locate = (store: Store, path: string): number | string => {
    const answer = run<CompletedCheckpoint>(store, (done) => locateCheckpoint(store.storage, path, done));
    return isMillraceError(answer) ? answer.message : answer.checkpointId;
  };

  test.each([
    ["jobs/one", 11],
    ["jobs/one/", 11],
    ["jobs/one/chk-11/_metadata", 11],
    ["jobs/one/chk-9", 9],
  ])("%s is checkpoint %i, whatever has become of its files and of younger ones", (path, id) => {
    const store = job();
    put(store, { "jobs/one/chk-9/a": "rotten" });
    expect(locate(store, path)).toBe(id);
  });

  test("a directory without a checkpoint is refused", () => {
    expect(locate(job(), "jobs/one/chk-12")).toMatch(/^MR5001: /);
    expect(locate(job(), "jobs/none")).toMatch(/^MR5001: /);
  });
});

describe("a checkpoint that was moved", () => {
  test("refers to its own files and its neighbours' where they are now", () => {
    const checkpoint = checkpointWith(11, ["jobs/one/chk-10/b", "jobs/one/chk-11/c", "elsewhere/f"]);
    const pathsAt = (directory: string): readonly string[] =>
      stateFilesOfCheckpoint(relocate(checkpoint, directory)).map((file) => file.path);
    expect(pathsAt("moved/chk-11")).toEqual(["moved/chk-10/b", "moved/chk-11/c", "elsewhere/f"]);
    expect(pathsAt("chk-11")).toEqual(["chk-10/b", "chk-11/c", "elsewhere/f"]);
    expect(pathsAt("")).toEqual(["jobs/one/chk-10/b", "c", "elsewhere/f"]);
    expect(relocate(checkpoint, "jobs/one/chk-11")).toBe(checkpoint);
  });

  test("is read from its new place", () => {
    const store = memoryStore();
    const checkpoint = checkpointWith(3, ["saves/s/f"], { kind: "savepoint", directory: "saves/s" });
    put(store, { "copy/_metadata": encodeMetadata(checkpoint) });
    const read = run<CompletedCheckpoint>(store, (done) => readCheckpoint(store.storage, "copy", done));
    expect(
      isMillraceError(read) ? read : [read.directory, ...stateFilesOfCheckpoint(read).map((file) => file.path)],
    ).toEqual(["copy", "copy/f"]);
  });
});
