/**
 * The contract of `BlobStore` as a test: an implementation is done when it passes. Its checks name what a checkpoint relies on.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BlobStore } from "../../core/storage/blob-store.ts";
import { replay } from "../harness/replay.ts";
import { codeOf, valueOf } from "./seam.ts";

export interface BlobStoreCase {
  readonly name: string;
  /** A new, empty store for each test. */
  create(): BlobStore;
  /** A second view of the same content, as another process would have. */
  reopen(store: BlobStore): BlobStore;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const write = (store: BlobStore, path: string, ...chunks: Uint8Array[]): Promise<void> =>
  valueOf((done) => store.write(path, chunks, done));
const read = (store: BlobStore, path: string): Promise<Uint8Array> => valueOf((done) => store.read(path, done));
const remove = (store: BlobStore, path: string): Promise<void> => valueOf((done) => store.delete(path, done));
const list = (store: BlobStore, prefix: string): Promise<readonly string[]> =>
  valueOf((done) => store.list(prefix, done));

const BAD_PATHS = ["", "/a", "a/", "a//b", ".", "a/./b", "..", "../a", "a/../b", "a\\b", "a\0b", ".tmp-1", "a/.tmp-1"];

export function checkBlobStore({ name, create, reopen }: BlobStoreCase): void {
  describe(`blob store: ${name}`, () => {
    test("a file holds its pieces in order, and survives the object", async () => {
      const store = create();
      await write(store, "job/chk-1/_metadata", bytes(1, 2), bytes(), bytes(3));
      expect(await read(reopen(store), "job/chk-1/_metadata")).toEqual(bytes(1, 2, 3));
    });

    test("a file may be empty", async () => {
      const store = create();
      await write(store, "empty");
      expect(await read(store, "empty")).toEqual(bytes());
      expect(await list(store, "")).toEqual(["empty"]);
    });

    test("writing again replaces, longer by shorter too", async () => {
      const store = create();
      await write(store, "a", bytes(1, 2, 3));
      await write(store, "a", bytes(9));
      expect(await read(store, "a")).toEqual(bytes(9));
    });

    test("what is read belongs to the reader", async () => {
      const store = create();
      await write(store, "a", bytes(1, 2, 3));
      (await read(store, "a")).fill(0);
      expect(await read(store, "a")).toEqual(bytes(1, 2, 3));
    });

    test("what was never written, or was deleted, or is a directory, is MR5201", async () => {
      const store = create();
      await write(store, "a/b", bytes(1));
      await remove(store, "a/b");
      await write(store, "dir/file", bytes(1));
      for (const path of ["nothing", "a/b", "dir", "dir/file/below"])
        expect(await codeOf((done) => store.read(path, done)), path).toBe("MR5201");
    });

    test("deleting what is not there, or is a directory, changes nothing", async () => {
      const store = create();
      await write(store, "a/b", bytes(1));
      for (const path of ["nothing", "a", "a/b/c"]) await remove(store, path);
      expect(await list(store, "")).toEqual(["a/b"]);
    });

    test("a directory can be filled again after its last file is gone", async () => {
      const store = create();
      await write(store, "a/b/c", bytes(1));
      await remove(store, "a/b/c");
      expect(await list(store, "")).toEqual([]);
      await write(store, "a/b/c", bytes(2));
      expect(await read(store, "a/b/c")).toEqual(bytes(2));
    });

    test("paths that leave the store or mean nothing are refused", async () => {
      const store = create();
      for (const path of BAD_PATHS) {
        expect(await codeOf((done) => store.write(path, [], done)), path).toBe("MR5202");
        expect(await codeOf((done) => store.read(path, done)), path).toBe("MR5202");
        expect(await codeOf((done) => store.delete(path, done)), path).toBe("MR5202");
      }
      for (const prefix of ["../", "a/../", "/", "a//"])
        expect(await codeOf((done) => store.list(prefix, done)), prefix).toBe("MR5202");
    });

    test("writes at one time do not disturb each other", async () => {
      const store = create();
      const paths = Array.from({ length: 20 }, (_, index) => `x/${index % 4}/${index}`);
      await Promise.all(paths.map((path, index) => write(store, path, bytes(index))));
      expect(await list(store, "x/")).toEqual([...paths].sort());
      for (const [index, path] of paths.entries()) expect(await read(store, path)).toEqual(bytes(index));
    });

    test("lists like a sorted map of paths", async () => {
      const path = fc
        .array(fc.constantFrom("a", "b", "ab", "chk-1", "chk-10", "ü", "_m"), { minLength: 1, maxLength: 3 })
        .map((parts) => parts.join("/"));
      const step = fc.record({ path, remove: fc.boolean() });
      const prefixes = fc.array(fc.constantFrom("", "a", "a/", "ab", "chk-1", "chk-1/", "b/a", "z/"), { maxLength: 3 });
      const steps = fc.array(step, { maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(steps, prefixes, async (all, asked) => {
          const store = create();
          const model = new Map<string, number>();
          for (const [index, one] of all.entries()) {
            // A name cannot be both file and directory on disk.
            if ([...model.keys()].some((other) => other.startsWith(`${one.path}/`) || one.path.startsWith(`${other}/`)))
              continue;
            if (one.remove) {
              await remove(store, one.path);
              model.delete(one.path);
            } else {
              await write(store, one.path, bytes(index));
              model.set(one.path, index);
            }
          }
          for (const prefix of ["", ...asked])
            expect(await list(store, prefix)).toEqual([...model.keys()].filter((key) => key.startsWith(prefix)).sort());
          for (const [key, value] of model) expect(await read(store, key)).toEqual(bytes(value));
        }),
        { numRuns: 25, ...replay },
      );
    });
  });
}
