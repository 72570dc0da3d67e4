/** A segment is found in the file of the newest completed checkpoint, and in no other. */
import { expect, test } from "vitest";
import type { Segment } from "../../../core/network/spill-space.ts";
import { SavedSegments } from "../../../core/runtime/saved-segments.ts";
import { MemoryScratch } from "../../../core/storage/memory-scratch.ts";

function segment(): Segment {
  return { number: 0, file: new MemoryScratch().open(), frames: 3, isSealed: true, bytes: 300, waiting: 3 };
}

function file(path: string): { readonly path: string; readonly bytes: number; readonly checksum: number } {
  return { path, bytes: 300, checksum: 7 };
}

test("only what the completed checkpoint refers to is there for sure", () => {
  const saved = new SavedSegments();
  const one = segment();
  saved.saved(one, 1, file("chk-1/a"));
  saved.saved(one, 2, file("chk-2/a"));
  expect(saved.find(one, undefined)).toBeUndefined();
  expect(saved.find(one, 1)?.path).toBe("chk-1/a");
  expect(saved.find(one, 2)?.path).toBe("chk-2/a");
  expect(saved.find(one, 3)).toBeUndefined();
  expect(saved.find(segment(), 1)).toBeUndefined();
});

test("what is older, and where nothing waits any more, is forgotten", () => {
  const saved = new SavedSegments();
  const [one, taken] = [segment(), segment()];
  for (const each of [one, taken]) for (const id of [1, 2]) saved.saved(each, id, file(`chk-${id}`));
  taken.waiting = 0;
  saved.forget(2);
  expect(saved.find(one, 1)).toBeUndefined();
  expect(saved.find(one, 2)?.path).toBe("chk-2");
  expect(saved.find(taken, 2)).toBeUndefined();
});
