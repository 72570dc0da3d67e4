/**
 * Goal:   the file source emits exactly the records that an obvious parse of the whole content gives, whatever the chunks and wherever it is stopped.
 * Method: random content per format, cut into random chunks, read in polls of random length; now and then the harness is thrown away and a new one starts
 *         from a snapshot, at another parallelism. The model reads the whole text at once.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
// covers: connectors/files/enumerator.ts
// covers: connectors/files/reader.ts
// covers: connectors/files/cursor.ts
// covers: connectors/files/formats/byte-window.ts
// covers: connectors/files/formats/lines.ts
// covers: connectors/files/formats/json-array.ts
// covers: connectors/files/formats/csv.ts
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { csv } from "../../../connectors/files/formats/csv.ts";
import type { CsvRow } from "../../../connectors/files/formats/csv.ts";
import type { FileDecoder } from "../../../connectors/files/formats/format.ts";
import { jsonArray } from "../../../connectors/files/formats/json-array.ts";
import { ndjson, textLines } from "../../../connectors/files/formats/lines.ts";
import { fileSource } from "../../../connectors/files/source.ts";
import type { FileEnumeratorState, FileSplit } from "../../../connectors/files/splits.ts";
import { MemoryFileSystem } from "../../../core/storage/memory-file-system.ts";
import { replay } from "../../harness/replay.ts";
import { SourceHarness } from "../../harness/source-harness.ts";
import type { SourceSnapshot } from "../../harness/source-harness.ts";

/** Between line breaks, quotes, characters of two to four bytes, and what JSON and CSV care about. */
const nasty = fc.string({
  unit: fc.constantFrom(
    "a",
    "b",
    "ü",
    "€",
    "😀",
    " ",
    "\t",
    '"',
    "\\",
    ",",
    "[",
    "]",
    "{",
    "}",
    ":",
    "\r",
    "1",
    "\u2028",
  ),
  maxLength: 12,
});
const jsonValue = fc.jsonValue({ maxDepth: 2 });
const space = fc.constantFrom("", " ", "\n", "\r\n\t ");
const lineBreak = fc.constantFrom("\n", "\r\n");
const bom = fc.constantFrom("", "\uFEFF");

interface Content {
  readonly text: string;
  readonly expected: readonly unknown[];
}

const lineContent: fc.Arbitrary<Content> = fc
  .record({ start: bom, lines: fc.array(fc.tuple(nasty, lineBreak), { maxLength: 20 }), last: nasty })
  .map(({ start, lines, last }) => {
    const body = lines.map(([line, end]) => line + end).join("") + last;
    // A line break at the very end ends the last line, it does not begin another.
    const expected = body.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
    if (body === "" || body.endsWith("\n")) expected.pop();
    return { text: start + body, expected };
  });

const ndjsonContent: fc.Arbitrary<Content> = fc
  .record({
    start: bom,
    values: fc.array(fc.tuple(jsonValue, lineBreak, fc.constantFrom("", "", " \n", "\n")), { maxLength: 15 }),
    ended: fc.boolean(),
  })
  .map(({ start, values, ended }) => {
    const body = values.map(([value, end, blank]) => JSON.stringify(value) + end + blank).join("");
    return {
      text: start + (ended ? body : body.trimEnd()),
      expected: values.map(([value]) => JSON.parse(JSON.stringify(value)) as unknown),
    };
  });

const arrayContent: fc.Arbitrary<Content> = fc
  .record({
    start: bom,
    spaces: fc.array(space, { minLength: 4, maxLength: 4 }),
    values: fc.array(jsonValue, { maxLength: 12 }),
    indent: fc.constantFrom(0, 2),
  })
  .map(({ start, spaces: [a = "", b = "", c = "", d = ""], values, indent }) => {
    const text = `${start}${a}[${b}${values.map((value) => JSON.stringify(value, undefined, indent)).join(`${c},${d}`)}${b}]${a}`;
    return { text, expected: JSON.parse(text.replace("\uFEFF", "")) as unknown[] };
  });

const csvContent: fc.Arbitrary<Content> = fc
  .record({
    start: bom,
    width: fc.integer({ min: 1, max: 3 }),
    rows: fc.array(
      fc.array(fc.tuple(fc.oneof(nasty, fc.constantFrom("x\ny", "p\r\nq", "")), fc.boolean()), {
        minLength: 3,
        maxLength: 3,
      }),
      { maxLength: 12 },
    ),
    end: lineBreak,
    ended: fc.boolean(),
  })
  .map(({ start, width, rows, end, ended }) => {
    const names = ["a", "b\nb", "c"].slice(0, width);
    const field = ([text, quote]: readonly [string, boolean]): string =>
      quote || text === "" || /["\r\n,]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    const lines = [names.map((name) => field([name, true])), ...rows.map((row) => row.slice(0, width).map(field))];
    const text = start + lines.map((line) => line.join(",")).join(end) + (ended ? end : "");
    return {
      text,
      expected: rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index]?.[0] ?? ""]))),
    };
  });

const plan = fc.record({
  chunkBytes: fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 8, max: 300 })),
  recordsMax: fc.integer({ min: 1, max: 6 }),
  /** Records until each restart, and the parallelism before it. */
  restarts: fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 1, max: 3 })), { maxLength: 4 }),
  /** Downstream is busy after every so many records. */
  busyEvery: fc.integer({ min: 1, max: 9 }),
});
type Plan = typeof plan extends fc.Arbitrary<infer P> ? P : never;

interface World {
  readonly files: MemoryFileSystem;
  readonly pump: () => void;
}

function world(): World {
  const turns: (() => void)[] = [];
  return { files: new MemoryFileSystem({ defer: (turn) => turns.push(turn) }), pump: () => turns.shift()?.() };
}

type Snapshot = SourceSnapshot<FileSplit, FileEnumeratorState>;

/** Reads everything, with the restarts of the plan; values by split. */
async function readWithRestarts<T>(
  format: FileDecoder<T>,
  { files, pump }: World,
  { chunkBytes, recordsMax, restarts, busyEvery }: Plan,
): Promise<Map<string, T[]>> {
  const source = fileSource({ path: "in", format, chunkBytes, fileSystem: files });
  const done = new Map<string, T[]>();
  let restored: Snapshot | undefined;
  for (const [records, parallelism] of [...restarts, [Infinity, 2] as const]) {
    let count = 0;
    const onRecord = (): boolean => ++count % busyEvery === 0;
    const harness: SourceHarness<T, FileSplit, FileEnumeratorState> = new SourceHarness({
      source,
      parallelism,
      restored,
      onRecord,
    });
    await harness.run({ recordsMax, pump, until: () => count >= records });
    // What counts is what the snapshot says is done.
    restored = JSON.parse(JSON.stringify(harness.snapshot())) as Snapshot;
    for (const { splitId, value } of harness.records)
      done.set(splitId ?? "", [...(done.get(splitId ?? "") ?? []), value]);
    void harness.close();
    for (let step = 0; step < 20; step++) pump();
  }
  return done;
}

const formats: readonly (readonly [string, () => FileDecoder<unknown>, fc.Arbitrary<Content>])[] = [
  ["text lines", () => textLines(), lineContent],
  ["NDJSON", () => ndjson(), ndjsonContent],
  ["JSON array", () => jsonArray(), arrayContent],
  ["CSV", () => csv(), csvContent],
];

describe.each(formats)("%s", (_name, format, content) => {
  test("emits what an obvious parse gives, across any chunks and restarts", async () => {
    const property = fc.asyncProperty(
      fc.array(content, { minLength: 1, maxLength: 3 }),
      plan,
      async (contents, thePlan) => {
        const theWorld = world();
        for (const [index, { text }] of contents.entries()) theWorld.files.put(`in/${index}`, text);
        const done = await readWithRestarts(format(), theWorld, thePlan);
        for (const [index, { expected }] of contents.entries()) expect(done.get(`in/${index}`) ?? []).toEqual(expected);
      },
    );
    await fc.assert(property, { numRuns: 100, ...replay });
  });
});

test.each([
  [
    "forgets a position",
    (split: FileSplit): FileSplit => ({
      ...split,
      position: { ...split.position, byteOffset: Math.max(0, split.position.byteOffset - 1) },
    }),
  ],
  [
    "forgets the header",
    (split: FileSplit): FileSplit => ({
      ...split,
      position: { byteOffset: split.position.byteOffset, recordIndex: 0, line: 0 },
    }),
  ],
] as const)("the net catches a reader that %s", async (_name, damage) => {
  const property = fc.asyncProperty(csvContent, fc.integer({ min: 1, max: 8 }), async ({ text, expected }, records) => {
    const { files, pump } = world();
    files.put("in/0", text);
    const source = fileSource({ path: "in", format: csv(), chunkBytes: 8, fileSystem: files });
    const first = new SourceHarness<CsvRow, FileSplit, FileEnumeratorState>({ source });
    await first.run({ recordsMax: 1, pump, until: () => first.records.length >= records });
    const { enumerator, splits } = first.snapshot();
    const second = new SourceHarness<CsvRow, FileSplit, FileEnumeratorState>({
      source,
      restored: { enumerator, splits: splits.map(damage) },
    });
    await second.run({ pump });
    expect([...first.values, ...second.values]).toEqual(expected);
  });
  expect((await fc.check(property, { numRuns: 300, ...replay })).failed).toBe(true);
});
