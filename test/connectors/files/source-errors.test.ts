/** What the file source says about files it cannot read, how it hands out and watches files, and its options. On the real file system where that matters. */
// covers: connectors/files/errors.ts
// covers: connectors/files/options.ts
// covers: connectors/rate-limiter.ts
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { csv, fileSource, jsonArray, ndjson, textLines } from "../../../connectors/files/index.ts";
import type {
  FileDecoder,
  FileEnumeratorState,
  FileSourceOptions,
  FileSplit,
  MalformedRecord,
} from "../../../connectors/files/index.ts";
import { MemoryFileSystem } from "../../../core/storage/memory-file-system.ts";
import { isMillraceError } from "../../../core/util/errors.ts";
import { SourceHarness } from "../../harness/source-harness.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-files-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let directories = 0;
function freshDirectory(): string {
  const directory = join(root, String(++directories));
  mkdirSync(directory);
  return directory;
}

function inMemory(contents: Record<string, string>): MemoryFileSystem {
  const files = new MemoryFileSystem({ defer: setImmediate });
  for (const [path, content] of Object.entries(contents)) files.put(path, content);
  return files;
}

type Harness<T> = SourceHarness<T, FileSplit, FileEnumeratorState>;

async function read<T>(options: FileSourceOptions<T>, parallelism = 1): Promise<Harness<T>> {
  const harness: Harness<T> = new SourceHarness({ source: fileSource(options), parallelism });
  await harness.run();
  await harness.close();
  return harness;
}

async function errorOf(
  content: string,
  format: FileDecoder<unknown>,
  options: Partial<FileSourceOptions<unknown>> = {},
): Promise<string> {
  try {
    await read({ path: "f", format, fileSystem: inMemory({ f: content }), ...options });
    return "no error";
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    expect(error.retryable, "a file does not heal by itself").toBe(false);
    return error.message;
  }
}

describe("errors name file and place", () => {
  test.each([
    ["a line of NDJSON", '{"a":1}\n\n{"a":', ndjson(), /^MR6103: "f", line 3, is malformed: .*; correct the file/],
    ["an element of an array", '[1, {"a":}, 3]', jsonArray(), /^MR6103: "f", element 1, byte 4, is malformed: /],
    [
      "too few CSV fields",
      'a,b\n"x\ny",2\n3\n',
      csv(),
      /^MR6103: "f", line 4, is malformed: it has 1 fields, but the header names 2/,
    ],
    [
      "text behind a CSV quote",
      'a,b\n"x"y,2\n',
      csv(),
      /^MR6103: "f", line 2, is malformed: text stands behind a closing quote/,
    ],
    ["an open CSV quote", 'a,b\n1,2\n"x,2\n', csv(), /^MR6104: "f", line 3: a quote is opened here and never closed/],
    ["a column named twice", "a,a\n1,2\n", csv(), /^MR6107: "f", line 1, names column "a"/],
    ["an empty array file", " \n", jsonArray(), /^MR6104: "f", element 0, byte 2: the file is empty/],
    ["an object where an array should be", '{"a":1}', jsonArray(), /^MR6104: .*does not begin with a \[/],
    ["a missing comma", "[1 2]", jsonArray(), /^MR6104: "f", element 1, byte 3: a comma or the end/],
    ["a missing element", "[1,,2]", jsonArray(), /^MR6104: "f", element 1, byte 3: an element is missing/],
    ["a comma before the end", "[1,]", jsonArray(), /^MR6104: .*an element is missing/],
    ["a file that breaks off between elements", "[1,", jsonArray(), /^MR6104: .*ends before its JSON array does/],
    [
      "a file that breaks off in an element",
      '[1,{"a":[',
      jsonArray(),
      /^MR6104: "f", element 1, byte 3: the file ends before/,
    ],
    ["text behind an array", "[1] x", jsonArray(), /^MR6104: "f", element 1, byte 4: something follows/],
    ["a long line", `ok\n${"x".repeat(50)}\n`, textLines(), /^MR6105: "f", line 2: the record is longer than 20 bytes/],
    ["a long last line", `ok\n${"x".repeat(50)}`, textLines(), /^MR6105: "f", line 2/],
    ["a long element", `[1,"${"x".repeat(50)}"]`, jsonArray(), /^MR6105: "f", element 1/],
    ["a long CSV record", `a\n${"x".repeat(50)}\n`, csv(), /^MR6105: "f", line 2/],
  ])("%s", async (_name, content, format, expected) => {
    for (const chunkBytes of [1, 5, 1_000])
      expect(await errorOf(content, format, { chunkBytes, recordBytesMax: 20 })).toMatch(expected);
  });

  test("lines are counted on across a restart", async () => {
    const options = { path: "f", format: ndjson(), chunkBytes: 4, fileSystem: inMemory({ f: "1\n2\n\n3\nbad\n" }) };
    const first: Harness<unknown> = new SourceHarness({ source: fileSource(options) });
    await first.run({ recordsMax: 1, until: () => first.records.length === 2 });
    const second: Harness<unknown> = new SourceHarness({ source: fileSource(options), restored: first.snapshot() });
    await expect(second.run()).rejects.toThrow('MR6103: "f", line 5');
  });

  test("nothing at the path, on the real file system", async () => {
    const path = join(freshDirectory(), "missing.json");
    await expect(read({ path, format: jsonArray() })).rejects.toThrow(`MR6101: there is nothing at "${path}"`);
  });

  test("a file that became shorter than its position", async () => {
    const path = join(freshDirectory(), "f");
    writeFileSync(path, "a\nb\nc\n");
    const first: Harness<string> = new SourceHarness({ source: fileSource({ path, format: textLines() }) });
    await first.run({ recordsMax: 2, until: () => first.records.length === 2 });
    writeFileSync(path, "a\n");
    const second: Harness<string> = new SourceHarness({
      source: fileSource({ path, format: textLines() }),
      restored: first.snapshot(),
    });
    await expect(second.run()).rejects.toThrow("MR6109");
    await first.close();
    await second.close();
  });

  test("options that make no sense are refused at once", () => {
    expect(() => fileSource({ path: "", format: textLines() })).toThrow("MR6106");
    expect(() => fileSource({ path: "f", format: textLines(), chunkBytes: 0 })).toThrow("MR6106");
    expect(() => fileSource({ path: "f", format: textLines(), mode: { monitorEvery: 0 } })).toThrow("MR1002");
    expect(() => csv({ delimiter: ";;" })).toThrow("MR6106");
    const wrong: readonly (readonly [options: object, sentence: string])[] = [
      [{ path: 7 }, "the path of fileSource is a file or a directory, but is 7"],
      [{ format: undefined }, "the format of fileSource is one that can be read, such as ndjson(), but is undefined"],
      [{ format: ndjson }, "but is the function ndjson: was it to be called?"],
      [{ format: {} }, "the format of fileSource"],
      [{ onMalformed: "ignore" }, 'must be "fail" or "skip", but is "ignore"'],
      [{ onMalformed: async () => undefined }, "onMalformed of fileSource is async"],
      [{ mode: "continuous" }, 'must be "bounded", but is "continuous"'],
      [{ mode: null }, "mode of fileSource"],
      [{ mode: { monitorEvery: "1s", changedFiles: "read" } }, 'must be "ignore" or "read-again", but is "read"'],
      [{ filter: "*.csv" }, "filter of fileSource must be a function"],
    ];
    for (const [options, sentence] of wrong) {
      const build = (): unknown => fileSource({ path: "f", format: textLines(), ...options } as never);
      expect(build).toThrow(sentence);
      expect(build).toThrow(expect.objectContaining({ code: "MR6106", retryable: false }));
    }
    expect(() => fileSource({ path: "f", format: textLines(), mode: {} as never })).toThrow("MR1001");
    expect(() => csv({ header: ["a", "a"] })).toThrow("MR6107");
  });
});

describe("malformed records by choice", () => {
  const content = { f: '{"a":1}\nbad\n{"a":2}\nworse' };

  test("are passed over and counted", async () => {
    const harness = await read({ path: "f", format: ndjson(), onMalformed: "skip", fileSystem: inMemory(content) });
    expect(harness.values).toEqual([{ a: 1 }, { a: 2 }]);
    expect(harness.metrics.read("numRecordsInErrors")).toBe(2);
  });

  test("become values of the caller's making", async () => {
    const bad: MalformedRecord[] = [];
    const onMalformed = (record: MalformedRecord): { bad: string } | undefined => {
      bad.push(record);
      return record.text === "bad" ? { bad: record.text } : undefined;
    };
    const harness = await read<unknown>({ path: "f", format: ndjson(), onMalformed, fileSystem: inMemory(content) });
    expect(harness.values).toEqual([{ a: 1 }, { bad: "bad" }, { a: 2 }]);
    expect(bad.map(({ path, line, index, byteOffset, text }) => ({ path, line, index, byteOffset, text }))).toEqual([
      { path: "f", line: 2, index: 1, byteOffset: 8, text: "bad" },
      { path: "f", line: 4, index: 3, byteOffset: 20, text: "worse" },
    ]);
  });

  test("a restart does not meet a malformed element again", async () => {
    const options = {
      path: "f",
      format: jsonArray(),
      onMalformed: "skip",
      fileSystem: inMemory({ f: "[1, x, 2, }, 3]" }),
    } as const;
    const first: Harness<unknown> = new SourceHarness({ source: fileSource(options) });
    await first.run({ recordsMax: 2, until: () => first.records.length === 1 });
    const second: Harness<unknown> = new SourceHarness({ source: fileSource(options), restored: first.snapshot() });
    // A stray bracket takes the array's structure with it only where the next comma is missing too.
    await second.run();
    expect([...first.values, ...second.values]).toEqual([1, 2, 3]);
    expect(second.metrics.read("numRecordsInErrors")).toBe(1);
  });
});

describe("files and splits", () => {
  test("a directory is read with those below it, in the order of paths, hidden names left out", async () => {
    const directory = freshDirectory();
    mkdirSync(join(directory, "b", "c"), { recursive: true });
    mkdirSync(join(directory, ".git"));
    for (const name of ["z.txt", "a.txt", ".hidden", "_temporary", "b/x.txt", "b/c/y.txt", ".git/config"])
      writeFileSync(join(directory, name), `${name}\n`);
    const harness = await read({ path: directory, format: textLines() });
    expect(harness.values).toEqual(["a.txt", "b/c/y.txt", "b/x.txt", "z.txt"]);
    expect(harness.records.map(({ splitId }) => splitId)).toEqual(
      ["a.txt", "b/c/y.txt", "b/x.txt", "z.txt"].map((name) => join(directory, name)),
    );
  });

  test("several readers share the files; a filter chooses them; a named file is read whatever its name", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 9 }, (_, index) => [`in/${index}.${index % 3 === 0 ? "log" : "txt"}`, `${index}\n`]),
    );
    const fileSystem = inMemory({ ...files, _odd: "odd\n" });
    const harness = await read(
      { path: "in", format: textLines(), filter: ({ path }) => path.endsWith(".txt"), fileSystem },
      3,
    );
    expect(harness.values.toSorted()).toEqual(["1", "2", "4", "5", "7", "8"]);
    expect(new Set(harness.records.map(({ subtask }) => subtask)).size).toBe(3);
    expect((await read({ path: "_odd", format: textLines(), fileSystem })).values).toEqual(["odd"]);
  });

  test("an empty directory, and empty files, end at once", async () => {
    expect((await read({ path: freshDirectory(), format: textLines() })).values).toEqual([]);
    for (const format of [textLines(), ndjson(), csv()]) {
      expect((await read<unknown>({ path: "f", format, fileSystem: inMemory({ f: "" }) })).values).toEqual([]);
      expect((await read<unknown>({ path: "f", format, fileSystem: inMemory({ f: "\uFEFF" }) })).values).toEqual([]);
    }
    expect((await read({ path: "f", format: jsonArray(), fileSystem: inMemory({ f: "\uFEFF []\n" }) })).values).toEqual(
      [],
    );
  });

  test("a split that comes back from a lost reader goes to whoever asks next", async () => {
    const harness: Harness<string> = new SourceHarness({
      source: fileSource({ path: "f", format: textLines(), fileSystem: inMemory({ f: "a\nb\n" }) }),
      parallelism: 2,
    });
    await harness.run({ until: () => harness.records.length === 2 });
    const waiting = harness.snapshot().enumerator;
    expect(waiting.pending).toEqual([]);
    harness.giveBack([{ splitId: "f", path: "f", position: { byteOffset: 0, recordIndex: 0, line: 0 } }], 0);
    expect(harness.snapshot().enumerator.pending).toHaveLength(1);
    await harness.close();
  });

  test("a watched directory: new files are read once, also across a restart; changed ones by choice", async () => {
    for (const changedFiles of ["ignore", "read-again"] as const) {
      const directory = freshDirectory();
      const source = fileSource({ path: directory, format: textLines(), mode: { monitorEvery: "1s", changedFiles } });
      const first: Harness<string> = new SourceHarness({ source });
      expect(source.boundedness).toBe("continuous-unbounded");
      writeFileSync(join(directory, "a"), "1\n");
      await first.run({ until: () => first.records.length === 1 });
      writeFileSync(join(directory, ".b"), "2\n");
      renameSync(join(directory, ".b"), join(directory, "b"));
      await runFor(first, () => first.records.length === 2);
      const restored = first.snapshot();
      await first.close();
      const second: Harness<string> = new SourceHarness({ source, restored });
      appendFileSync(join(directory, "a"), "more\n");
      writeFileSync(join(directory, "c"), "3\n");
      await runFor(
        second,
        () => second.values.includes("3") && (changedFiles === "ignore" || second.values.includes("more")),
      );
      expect(second.values.toSorted()).toEqual(changedFiles === "ignore" ? ["3"] : ["1", "3", "more"]);
      await second.close();
      expect(second.clock.alarms).toBe(0);
    }
  });

  test("a rate is shared by the readers and kept over time", async () => {
    const content = "x\n".repeat(5_000);
    const source = fileSource({
      path: "in",
      format: textLines(),
      ratePerSecond: 200,
      fileSystem: inMemory({ "in/a": content, "in/b": content }),
    });
    const harness: Harness<string> = new SourceHarness({ source, parallelism: 2 });
    await harness.run({ until: () => harness.records.length >= 2 });
    for (let ms = 0; ms < 10_000; ms += 5) {
      harness.clock.advance(5);
      while (harness.turn()) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(harness.records.length).toBeGreaterThan(1_900);
    expect(harness.records.length).toBeLessThanOrEqual(2_030);
    await harness.close();
  });
});

/** The clock moves on between turns, so that listings happen. */
async function runFor(harness: Harness<string>, isDone: () => boolean): Promise<void> {
  let turns = 0;
  await harness.run({
    until() {
      if (++turns % 10 === 0) harness.clock.advance(1_000);
      return isDone();
    },
  });
}
