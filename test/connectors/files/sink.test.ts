/** The file sink on the real file system: names, rolling, what a fresh start removes, commits that repeat, and errors. */
// covers: connectors/files/committer.ts
// covers: connectors/files/part-names.ts
// covers: connectors/files/sink-state.ts
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { csv, fileSink, jsonArray, ndjson, textLines } from "../../../connectors/files/index.ts";
import type { FileCommittable, FileSinkOptions, FileSinkState } from "../../../connectors/files/index.ts";
import { hiddenName, keptName, parsePartName } from "../../../connectors/files/part-names.ts";
import type { FileSystem } from "../../../core/storage/file-system.ts";
import { MemoryFileSystem } from "../../../core/storage/memory-file-system.ts";
import { SinkHarness } from "../../harness/sink-harness.ts";
import type { SinkSnapshot } from "../../harness/sink-harness.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-sink-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let directories = 0;
const freshPath = (): string => join(root, String(++directories), "out");

type Snapshot = SinkSnapshot<FileSinkState, FileCommittable>;
interface StartOptions {
  readonly parallelism?: number;
  readonly attempt?: number;
  readonly restored?: Snapshot | undefined;
}

async function started<T>(
  options: FileSinkOptions<T>,
  start: StartOptions = {},
): Promise<SinkHarness<T, FileSinkState, FileCommittable>> {
  const harness = new SinkHarness<T, FileSinkState, FileCommittable>({ sink: fileSink(options), ...start });
  await harness.start();
  return harness;
}

const visible = (path: string): string[] => readdirSync(path).filter((name) => !name.startsWith("."));
const hidden = (path: string): string[] => readdirSync(path).filter((name) => name.startsWith("."));

describe("life of a file", () => {
  test("hidden until its checkpoint is complete", async () => {
    const path = freshPath();
    const harness = await started({ path, format: ndjson<object>() }, { parallelism: 2 });
    await harness.write(0, { a: 1 });
    await harness.write(1, { b: "ü" });
    await harness.barrier(1);
    expect(visible(path)).toEqual([]);
    expect(
      hidden(path)
        .toSorted()
        .map((name) => name.replace(/[\w-]+$/, "")),
    ).toEqual([".part-0-000000.inprogress.", ".part-1-000000.inprogress."]);
    await harness.complete(1);
    expect(hidden(path)).toEqual([]);
    expect(readFileSync(join(path, "part-0-000000.ndjson"), "utf8")).toBe('{"a":1}\n');
    expect(readFileSync(join(path, "part-1-000000.ndjson"), "utf8")).toBe('{"b":"ü"}\n');
    await harness.barrier(2);
    await harness.complete(2);
    expect(visible(path)).toHaveLength(2);
    await harness.close();
  });

  test("rolls by size, each file with its own header, bytes and text in order", async () => {
    const path = freshPath();
    const harness = await started({
      path,
      format: csv({ parse: (row) => row }),
      rollBytes: 10,
      prefix: "rows",
      suffix: ".txt",
    });
    for (const a of ["12345678", "2", "3"]) await harness.write(0, { a });
    await harness.barrier(1);
    await harness.complete(1);
    expect(visible(path)).toEqual(["rows-0-000000.txt", "rows-0-000001.txt"]);
    expect(readFileSync(join(path, "rows-0-000001.txt"), "utf8")).toBe("a\n2\n3\n");
    await harness.close();
    const bytes = await started<string>({
      path,
      prefix: "mixed",
      format: (value) => (value.length % 2 === 0 ? new TextEncoder().encode(value) : value),
    });
    for (const value of ["a", "bb", "c", "dd", "éé"]) await bytes.write(0, value);
    await bytes.barrier(1);
    await bytes.complete(1);
    expect(readFileSync(join(path, "mixed-0-000000"), "utf8")).toBe("abbcddéé");
    await bytes.close();
  });

  test("rolls by age", async () => {
    const path = freshPath();
    const harness = await started({ path, format: textLines(), rollEvery: "10s" });
    await harness.write(0, "a");
    harness.clock.advance(9_999);
    await harness.write(0, "b");
    harness.clock.advance(1);
    await harness.settle();
    await harness.write(0, "c");
    await harness.barrier(1);
    await harness.complete(1);
    expect(visible(path)).toHaveLength(2);
    expect(harness.clock.alarms).toBe(0);
    await harness.close();
  });

  test("takes no more records than the disk keeps up with, and loses none", async () => {
    const path = freshPath();
    const harness = await started({ path, format: textLines() });
    const line = "x".repeat(1_000_000);
    let blocks = 0;
    for (let count = 0; count < 12; count++) {
      if (harness.blocked(0)) blocks++;
      await harness.write(0, line);
    }
    expect(blocks).toBeGreaterThan(0);
    await harness.barrier(1, true);
    await harness.complete(1);
    expect(readFileSync(join(path, "part-0-000000.txt")).length).toBe(12 * 1_000_001);
    await harness.close();
  });

  test("what no checkpoint contains is removed when the job is cancelled", async () => {
    const path = freshPath();
    const harness = await started({ path, format: textLines(), rollBytes: 1 });
    for (const line of ["a", "b", "c"]) await harness.write(0, line);
    await harness.close();
    expect(readdirSync(path)).toEqual([]);
  });

  test("records that come before the directory is ready are kept", async () => {
    const path = freshPath();
    const harness = new SinkHarness<string, FileSinkState, FileCommittable>({
      sink: fileSink({ path, format: textLines() }),
    });
    expect(harness.blocked(0)).toBe(true);
    harness.writeNow(0, "early");
    await harness.barrier(1);
    await harness.complete(1);
    expect(readFileSync(join(path, "part-0-000000.txt"), "utf8")).toBe("early\n");
    await harness.close();
  });
});

describe("starts", () => {
  test("a fresh one goes on behind the finished files of an earlier run, and touches nothing", async () => {
    const path = freshPath();
    mkdirSync(path, { recursive: true });
    for (const name of ["part-0-000004.txt", "part-3-000009.csv", ".part-0-000005.inprogress.0-old", "other"])
      writeFileSync(join(path, name), "old");
    const harness = await started({ path, format: textLines() });
    await harness.write(0, "new");
    await harness.barrier(1);
    await harness.complete(1);
    expect(readdirSync(path).toSorted()).toEqual([
      ".part-0-000005.inprogress.0-old",
      "other",
      "part-0-000004.txt",
      "part-0-000005.txt",
      "part-3-000009.csv",
    ]);
    await harness.close();
  });

  test("emptyFirst removes everything once, and nothing when the job comes from a checkpoint", async () => {
    const path = freshPath();
    mkdirSync(join(path, "sub"), { recursive: true });
    for (const name of ["part-0-000004.txt", "part-7-000000.txt", ".part-9-000005.inprogress.0-old", "other", "sub/x"])
      writeFileSync(join(path, name), "old");
    const options = { path, format: textLines(), emptyFirst: true };
    const first = await started(options, { parallelism: 3 });
    for (const subtask of [0, 1, 2]) await first.write(subtask, "new");
    await first.barrier(1);
    await first.complete(1);
    expect(readdirSync(path).toSorted()).toEqual(["part-0-000000.txt", "part-1-000000.txt", "part-2-000000.txt"]);
    const second = await started(options, { attempt: 1, restored: first.completed });
    expect(visible(path)).toHaveLength(3);
    await first.close();
    await second.close();
  });

  test("a restart commits what was pending, removes what is younger, and uses no number twice", async () => {
    const path = freshPath();
    const options = { path, format: textLines() };
    const first = await started(options, { parallelism: 3 });
    for (const subtask of [0, 1, 2]) await first.write(subtask, `kept ${subtask}`);
    await first.barrier(1);
    first.markComplete(1);
    for (const subtask of [0, 1, 2]) await first.write(subtask, "younger");
    await first.barrier(2);
    expect(hidden(path)).toHaveLength(6);
    const second = await started(options, { parallelism: 1, attempt: 1, restored: first.completed });
    expect(hidden(path)).toEqual([]);
    expect(visible(path)).toEqual(["part-0-000000.txt", "part-1-000000.txt", "part-2-000000.txt"]);
    await second.barrier(3);
    second.markComplete(3);
    for (const name of visible(path)) rmSync(join(path, name));
    const third = await started(
      { ...options, missingFiles: "accept" },
      { parallelism: 3, attempt: 2, restored: second.completed },
    );
    await third.write(2, "later");
    await third.barrier(4);
    await third.complete(4);
    expect(visible(path)).toEqual(["part-2-000001.txt"]);
  });
});

describe("commits", () => {
  const files = (): MemoryFileSystem => new MemoryFileSystem({ defer: setImmediate });
  async function pending(fileSystem: MemoryFileSystem): Promise<Snapshot | undefined> {
    const harness = await started({ path: "out", format: textLines(), fileSystem });
    await harness.write(0, "a");
    await harness.barrier(1);
    harness.markComplete(1);
    return harness.completed;
  }

  test("may be repeated", async () => {
    const fileSystem = files();
    const restored = await pending(fileSystem);
    await started({ path: "out", format: textLines(), fileSystem }, { attempt: 1, restored });
    const again = await started({ path: "out", format: textLines(), fileSystem }, { attempt: 2, restored });
    expect(again.signals).toEqual(["already committed"]);
    expect([...fileSystem.files().keys()]).toEqual(["out/part-0-000000.txt"]);
  });

  test("fail if the file is gone, unless that is accepted", async () => {
    const fileSystem = files();
    const restored = await pending(fileSystem);
    for (const path of fileSystem.files().keys()) fileSystem.delete(path);
    const options = { path: "out", format: textLines(), fileSystem };
    await expect(started(options, { attempt: 1, restored })).rejects.toThrow("MR6110");
    const accepting = await started({ ...options, missingFiles: "accept" }, { attempt: 1, restored });
    expect(accepting.signals).toEqual(["known reason"]);
  });

  test("that the attempt before finishes meanwhile are done", async () => {
    const fileSystem = files();
    const restored = await pending(fileSystem);
    let meddled = false;
    const meddling: FileSystem = {
      open: (path, mode, done) => fileSystem.open(path, mode, done),
      stat: (path, done) => fileSystem.stat(path, done),
      list: (path, done) => fileSystem.list(path, done),
      makeDirectory: (path, done) => fileSystem.makeDirectory(path, done),
      remove: (path, done) => fileSystem.remove(path, done),
      rename(from, to, done) {
        const rename = (): void => fileSystem.rename(from, to, done);
        if (meddled) return rename();
        meddled = true;
        fileSystem.rename(from, to, rename);
      },
    };
    const harness = await started({ path: "out", format: textLines(), fileSystem: meddling }, { attempt: 1, restored });
    expect(harness.signals).toEqual(["already committed"]);
  });

  test("never replace a finished file", async () => {
    const fileSystem = files();
    const restored = await pending(fileSystem);
    fileSystem.put("out/part-0-000000.txt", "of another job");
    await expect(started({ path: "out", format: textLines(), fileSystem }, { attempt: 1, restored })).rejects.toThrow(
      "MR6111",
    );
    expect(new TextDecoder().decode(fileSystem.files().get("out/part-0-000000.txt"))).toBe("of another job");
  });

  test("an error of the file system fails the flush and the job", async () => {
    const path = freshPath();
    const harness = await started({ path, format: textLines() });
    rmSync(path, { recursive: true });
    await harness.write(0, "a");
    await expect(harness.barrier(1)).rejects.toThrow("MR6101");
    expect(existsSync(path)).toBe(false);
    await harness.close();
  });
});

test("options that make no sense are refused at once", () => {
  const format = textLines();
  expect(() => fileSink({ path: "", format })).toThrow("MR6106");
  expect(() => fileSink({ path: "out", format, prefix: "a/b" })).toThrow("MR6106");
  expect(() => fileSink({ path: "out", format, prefix: ".a" })).toThrow("MR6106");
  expect(() => fileSink({ path: "out", format, suffix: "7" })).toThrow("MR6106");
  expect(() => fileSink({ path: "out", format, rollBytes: 0 })).toThrow("MR6106");
  expect(() => fileSink({ path: "out", format, rollEvery: 0 })).toThrow("MR1002");
  expect(() => fileSink({ path: undefined as never, format })).toThrow("MR6106");
  expect(() => fileSink({ path: "out" } as never)).toThrow("MR6106: the format of fileSink is one that can be written");
  expect(() => fileSink({ path: "out", format: jsonArray() as never })).toThrow("MR6106");
  expect(() => fileSink({ path: "out", format: (async () => "x") as never })).toThrow("MR6106");
  expect(() => fileSink({ path: "out", format, missingFiles: "ignore" as never })).toThrow("MR6106");
  for (const path of [".", "..", "/", process.cwd()])
    expect(() => fileSink({ path, format, emptyFirst: true })).toThrow("MR6106");
});

test("a format that was not called is noticed at the first record", async () => {
  const harness = await started({ path: freshPath(), format: ndjson as never });
  await expect(harness.write(0, 1)).rejects.toThrow(
    /^MR6106: the function that is the format of fileSink must return text/,
  );
});

test("names of parts are told apart from others", () => {
  const naming = { prefix: "part", suffix: ".txt" };
  const finished = { attemptId: undefined, kept: false };
  expect(parsePartName("part-12-000345.txt", naming)).toEqual({ subtask: 12, number: 345, ...finished });
  expect(parsePartName("part-1-1000000", naming)).toEqual({ subtask: 1, number: 1_000_000, ...finished });
  const pending = { subtask: 1, number: 2, attemptId: "0-zz9" };
  expect(parsePartName(".part-1-000002.inprogress.0-zz9", naming)).toEqual({ ...pending, kept: false });
  expect(parsePartName(".part-1-000002.savepoint.0-zz9", naming)).toEqual({ ...pending, kept: true });
  expect(keptName(hiddenName({ prefix: "a.inprogress.b", suffix: "" }, 1, 2, "0-zz9"))).toBe(
    ".a.inprogress.b-1-000002.savepoint.0-zz9",
  );
  for (const name of ["part-1", "part-x-1", "partition-1-000001", ".part-1-000002", ".part-1-000002.inprogress."])
    expect(parsePartName(name, naming)).toBeUndefined();
});
