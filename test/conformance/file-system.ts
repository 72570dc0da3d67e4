/** The contract of `FileSystem` as a test: what the file connectors rely on. */
import { describe, expect, test } from "vitest";
import type { FileHandle, FileInfo, FileSystem } from "../../core/storage/file-system.ts";
import { codeOf, valueOf } from "./seam.ts";

export interface FileSystemCase {
  readonly name: string;
  /** A new file system, or a part of one, and an existing empty directory in it. */
  create(): { readonly files: FileSystem; readonly directory: string };
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const open = (files: FileSystem, path: string, mode: "read" | "create" | "append"): Promise<FileHandle> =>
  valueOf((done) => files.open(path, mode, done));
const list = (files: FileSystem, path: string): Promise<readonly FileInfo[]> =>
  valueOf((done) => files.list(path, done));
const close = (file: FileHandle): Promise<void> => valueOf((done) => file.close(done));

async function put(files: FileSystem, path: string, content: string): Promise<void> {
  const file = await open(files, path, "create");
  await valueOf<void>((done) => file.write(0, text(content), done));
  await valueOf<void>((done) => file.sync(done));
  await close(file);
}

async function contentOf(files: FileSystem, path: string): Promise<string> {
  const file = await open(files, path, "read");
  const bytes = await valueOf<Uint8Array>((done) => file.read(0, 1_000, done));
  await close(file);
  return new TextDecoder().decode(bytes);
}

export function checkFileSystem({ name, create }: FileSystemCase): void {
  describe(`file system: ${name}`, () => {
    test("reads at any position, fewer bytes only at the end", async () => {
      const { files, directory } = create();
      await put(files, `${directory}/a`, "hello world");
      const file = await open(files, `${directory}/a`, "read");
      const read = async (position: number, length: number): Promise<string> =>
        new TextDecoder().decode(await valueOf<Uint8Array>((done) => file.read(position, length, done)));
      expect(await read(6, 3)).toBe("wor");
      expect(await read(6, 100)).toBe("world");
      expect(await read(11, 5)).toBe("");
      expect(await read(50, 5)).toBe("");
      await close(file);
    });

    test("appends, syncs, truncates", async () => {
      const { files, directory } = create();
      await put(files, `${directory}/a`, "abcdef");
      const file = await open(files, `${directory}/a`, "append");
      await valueOf<void>((done) => file.truncate(3, done));
      await valueOf<void>((done) => file.write(3, text("xyz"), done));
      await valueOf<void>((done) => file.sync(done));
      await close(file);
      expect(await contentOf(files, `${directory}/a`)).toBe("abcxyz");
      expect((await valueOf<FileInfo>((done) => files.stat(`${directory}/a`, done))).bytes).toBe(6);
    });

    test("create replaces what is there", async () => {
      const { files, directory } = create();
      await put(files, `${directory}/a`, "long content");
      await put(files, `${directory}/a`, "short");
      expect(await contentOf(files, `${directory}/a`)).toBe("short");
    });

    test("what is not there is MR6101, for every call that needs it", async () => {
      const { files, directory } = create();
      const missing = `${directory}/missing`;
      expect(await codeOf((done) => files.open(missing, "read", done))).toBe("MR6101");
      expect(await codeOf((done) => files.open(missing, "append", done))).toBe("MR6101");
      expect(await codeOf((done) => files.open(`${missing}/a`, "create", done))).toBe("MR6101");
      expect(await codeOf((done) => files.stat(missing, done))).toBe("MR6101");
      expect(await codeOf((done) => files.list(missing, done))).toBe("MR6101");
      expect(await codeOf((done) => files.rename(missing, `${directory}/b`, done))).toBe("MR6101");
      expect(await codeOf((done) => files.remove(missing, done))).toBe("ok");
    });

    test("lists entries sorted by name, with their kind, and nothing below them", async () => {
      const { files, directory } = create();
      await valueOf<void>((done) => files.makeDirectory(`${directory}/d/e`, done));
      await put(files, `${directory}/d/e/deep`, "1");
      await put(files, `${directory}/b`, "22");
      await put(files, `${directory}/.a`, "");
      const entries = await list(files, directory);
      expect(entries.map(({ path, kind }) => [path, kind])).toEqual([
        [`${directory}/.a`, "file"],
        [`${directory}/b`, "file"],
        [`${directory}/d`, "directory"],
      ]);
      expect(entries[1]?.bytes).toBe(2);
      expect(await codeOf((done) => files.list(`${directory}/b`, done))).toBe("MR6101");
      expect(await list(files, `${directory}/`)).toEqual(entries);
    });

    test("making a directory that exists changes nothing; a file in its place is an error", async () => {
      const { files, directory } = create();
      await put(files, `${directory}/a`, "1");
      await valueOf<void>((done) => files.makeDirectory(directory, done));
      expect(await contentOf(files, `${directory}/a`)).toBe("1");
      expect(await codeOf((done) => files.makeDirectory(`${directory}/a`, done))).toBe("MR6102");
    });

    test("rename replaces, and an open file goes along", async () => {
      const { files, directory } = create();
      await put(files, `${directory}/b`, "old");
      const file = await open(files, `${directory}/a`, "create");
      await valueOf<void>((done) => file.write(0, text("ne"), done));
      await valueOf<void>((done) => files.rename(`${directory}/a`, `${directory}/b`, done));
      await valueOf<void>((done) => file.write(2, text("w"), done));
      await close(file);
      expect(await contentOf(files, `${directory}/b`)).toBe("new");
      expect((await list(files, directory)).map(({ path }) => path)).toEqual([`${directory}/b`]);
    });

    test("remove takes a directory with all it holds", async () => {
      const { files, directory } = create();
      await valueOf<void>((done) => files.makeDirectory(`${directory}/d/e`, done));
      await put(files, `${directory}/d/e/x`, "1");
      await put(files, `${directory}/dx`, "2");
      await valueOf<void>((done) => files.remove(`${directory}/d`, done));
      expect((await list(files, directory)).map(({ path }) => path)).toEqual([`${directory}/dx`]);
    });

    test("a change shows in the time of the last change", async () => {
      const { files, directory } = create();
      await put(files, `${directory}/a`, "1");
      const before = (await valueOf<FileInfo>((done) => files.stat(`${directory}/a`, done))).modifiedMs;
      await put(files, `${directory}/a`, "2");
      expect((await valueOf<FileInfo>((done) => files.stat(`${directory}/a`, done))).modifiedMs).toBeGreaterThanOrEqual(
        before,
      );
    });

    test("arguments that no file system takes are answered, not thrown", async () => {
      const { files, directory } = create();
      await put(files, `${directory}/a`, "1");
      const file = await open(files, `${directory}/a`, "append");
      expect(await codeOf((done) => file.truncate(-1, done))).not.toBe("MR6101");
      await close(file);
      expect(await codeOf((done) => file.close(done))).toBe("MR6102");
    });
  });
}
