/** Scratch files hold what was appended, wherever they lie, and leave nothing behind. */
// covers: core/storage/scratch.ts, core/storage/memory-scratch.ts, core/storage/node-scratch.ts
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { MemoryScratch } from "../../../core/storage/memory-scratch.ts";
import { NodeScratch } from "../../../core/storage/node-scratch.ts";
import type { Scratch } from "../../../core/storage/scratch.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-scratch-"));
afterAll(() => rmSync(root, { recursive: true }));

const kinds: readonly (readonly [string, () => Scratch])[] = [
  ["in memory", () => new MemoryScratch()],
  ["on disk", () => new NodeScratch("", join(root, "deep", "inside"))],
];

describe.each(kinds)("scratch files %s", (_kind, create) => {
  test("give back what was appended, in any order and as often as asked", () => {
    const file = create().open();
    const parts = [Uint8Array.of(1, 2, 3), new Uint8Array(100_000).fill(7), Uint8Array.of(), Uint8Array.of(4)];
    for (const part of parts) file.append(part);
    expect(file.read(100_003, 1)).toEqual(Uint8Array.of(4));
    expect(file.read(0, 3)).toEqual(Uint8Array.of(1, 2, 3));
    expect(file.read(2, 3)).toEqual(Uint8Array.of(3, 7, 7));
    expect(file.read(0, 3)).toEqual(Uint8Array.of(1, 2, 3));
    file.append(Uint8Array.of(9));
    expect(file.read(100_004, 1)).toEqual(Uint8Array.of(9));
    file.close();
  });

  test("are apart from each other", () => {
    const scratch = create();
    const [one, other] = [scratch.open(), scratch.open()];
    one.append(Uint8Array.of(1));
    other.append(Uint8Array.of(2));
    expect([one.read(0, 1), other.read(0, 1)]).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
    one.close();
    expect(other.read(0, 1)).toEqual(Uint8Array.of(2));
    other.close();
  });
});

describe("scratch files on disk", () => {
  test("take directories in turn, and leave nothing in them", () => {
    const [first, second] = [join(root, "first"), join(root, "second")];
    const scratch = new NodeScratch(`${first}, ${second}`, root);
    const files = [scratch.open(), scratch.open()];
    for (const file of files) file.append(Uint8Array.of(1));
    for (const file of files) file.close();
    expect([readdirSync(first), readdirSync(second)]).toEqual([[], []]);
  });

  test("say which directory cannot be used, and what to do", () => {
    const notADirectory = join(root, "file");
    writeFileSync(notADirectory, "");
    expect(() => new NodeScratch(notADirectory, root).open()).toThrow(
      expect.objectContaining({ code: "MR5207", message: expect.stringContaining("io.tmp.dirs") as string }),
    );
  });

  test("say that what was written is not there", () => {
    const file = new NodeScratch(root, root).open();
    expect(() => file.read(0, 1)).toThrow(expect.objectContaining({ code: "MR5207" }));
    file.close();
  });
});
