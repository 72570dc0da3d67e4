/** Both blob stores and both file systems against their contracts, and what is particular to each. */
// covers: core/storage/blob-paths.ts
// covers: core/storage/file-errors.ts
// covers: core/storage/fs.ts
// covers: core/storage/memory.ts
// covers: core/storage/memory-file-system.ts
// covers: core/storage/node-file-system.ts
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { BlobStore } from "../../../core/storage/blob-store.ts";
import type { FileHandle } from "../../../core/storage/file-system.ts";
import { FileBlobStore } from "../../../core/storage/fs.ts";
import { MemoryBlobStore } from "../../../core/storage/memory.ts";
import { MemoryFileSystem } from "../../../core/storage/memory-file-system.ts";
import { NodeFileSystem } from "../../../core/storage/node-file-system.ts";
import { checkBlobStore } from "../../conformance/blob-store.ts";
import { checkFileSystem } from "../../conformance/file-system.ts";
import { codeOf, valueOf } from "../../conformance/seam.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-storage-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let directories = 0;
const freshDirectory = (): string => {
  const directory = join(root, String(++directories));
  mkdirSync(directory);
  return directory;
};
const rooted = new Map<BlobStore, string>();

checkBlobStore({ name: "memory", create: () => new MemoryBlobStore(setImmediate), reopen: (store) => store });
checkBlobStore({
  name: "directory",
  create() {
    const directory = join(freshDirectory(), "made", "by the store");
    const store = new FileBlobStore(directory);
    rooted.set(store, directory);
    return store;
  },
  reopen: (store) => new FileBlobStore(rooted.get(store) ?? ""),
});

checkFileSystem({
  name: "memory",
  create() {
    const files = new MemoryFileSystem({ defer: setImmediate });
    files.put("/work/x", "");
    files.files();
    return { files: emptied(files), directory: "/work" };
  },
});
checkFileSystem({ name: "node", create: () => ({ files: new NodeFileSystem(), directory: freshDirectory() }) });

/** `/work` without its file, which was only put there to make the directory. */
function emptied(files: MemoryFileSystem): MemoryFileSystem {
  files.remove("/work/x", () => undefined);
  return files;
}

describe("FileBlobStore", () => {
  test("ignores half-written files of a crash and leaves no trace of its own", async () => {
    const directory = freshDirectory();
    mkdirSync(join(directory, "a"));
    writeFileSync(join(directory, "a", ".tmp-crashed"), "half");
    const store = new FileBlobStore(directory);
    await valueOf<void>((done) => store.write("a/b", [Uint8Array.of(1)], done));
    expect(await valueOf((done) => store.list("", done))).toEqual(["a/b"]);
    expect(readdirSync(join(directory, "a")).sort()).toEqual([".tmp-crashed", "b"]);
    await valueOf<void>((done) => store.write("c/d/e", [Uint8Array.of(1)], done));
    await valueOf<void>((done) => store.delete("c/d/e", done));
    expect(readdirSync(directory)).toEqual(["a"]);
  });

  test("a failed write leaves no temporary file and names store and path", async () => {
    const directory = freshDirectory();
    const store = new FileBlobStore(directory);
    await valueOf<void>((done) => store.write("a/b", [Uint8Array.of(1)], done));
    expect(await codeOf((done) => store.write("a", [Uint8Array.of(1)], done))).toBe("MR5206");
    expect(readdirSync(directory)).toEqual(["a"]);
    await expect(valueOf<void>((done) => store.write("a", [], done))).rejects.toThrow(
      `cannot write "a" in file:${directory}`,
    );
  });
});

describe("MemoryFileSystem", () => {
  test("a crash drops what was not synced and what was not answered", async () => {
    const turns: (() => void)[] = [];
    const files = new MemoryFileSystem({ defer: (turn) => turns.push(turn) });
    const run = (): void => {
      for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) turn();
    };
    files.put("a", "kept");
    let file: FileHandle | undefined;
    files.open("a", "append", (outcome) => (file = outcome.ok ? outcome.value : undefined));
    run();
    let answered = false;
    file?.write(4, new TextEncoder().encode("lost"), () => undefined);
    run();
    expect(new TextDecoder().decode(files.files().get("a"))).toBe("keptlost");
    file?.sync(() => (answered = true));
    files.crash((unsynced) => (unsynced === 4 ? 1 : 0));
    run();
    expect(new TextDecoder().decode(files.files().get("a"))).toBe("keptl");
    expect(answered).toBe(false);
  });
});
