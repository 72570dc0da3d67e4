/** Parts of what was recorded: in order per channel, of a bounded size, and whole segments as one part each. */
import { expect, test } from "vitest";
import { Backlog } from "../../../core/network/backlog.ts";
import { SpillSpace } from "../../../core/network/spill-space.ts";
import type { StoredFrame } from "../../../core/network/spill-space.ts";
import { inMemory, partsOf, storedIn } from "../../../core/runtime/in-flight-parts.ts";
import type { InFlightPart, RecordedFrame } from "../../../core/runtime/in-flight-parts.ts";
import { MemoryScratch } from "../../../core/storage/memory-scratch.ts";

const space = new SpillSpace({
  scratch: new MemoryScratch(),
  memoryBytesMax: 0,
  diskBytesMax: 1e9,
  segmentBytesMax: 1_024,
});

function frame(first: number, bytes = 100): Uint8Array {
  return new Uint8Array(bytes).fill(first);
}

function onDisk(first: number, bytes = 100): RecordedFrame {
  return storedIn(space, space.store(frame(first, bytes), 1, false));
}

function firstBytes(parts: readonly InFlightPart[], edge: number): readonly number[] {
  const channels = parts.flatMap((part) => part.read()).filter((channel) => channel.edge === edge);
  return channels.flatMap(({ frames }) => frames.map((bytes) => bytes[0] ?? -1));
}

test("keep each channel's order, whatever is in memory and what on disk", () => {
  const one = [inMemory(frame(1)), onDisk(2), inMemory(frame(3)), onDisk(4), onDisk(5)];
  const other = [onDisk(11), inMemory(frame(12)), onDisk(13)];
  const parts = partsOf(
    [
      { edge: 0, frames: one },
      { edge: 1, frames: other },
    ],
    150,
  );
  expect(firstBytes(parts, 0)).toEqual([1, 2, 3, 4, 5]);
  expect(firstBytes(parts, 1)).toEqual([11, 12, 13]);
  for (const part of parts) expect(part.read().flatMap(({ frames }) => frames).length).toBeLessThanOrEqual(2);
});

test("have a segment as a whole only if nothing of it is missing, and nothing will be added", () => {
  const fresh = new SpillSpace({
    scratch: new MemoryScratch(),
    memoryBytesMax: 0,
    diskBytesMax: 1e9,
    segmentBytesMax: 1_024,
  });
  const stored: StoredFrame[] = Array.from({ length: 11 }, (_, index) => fresh.store(frame(index, 256), 1, false));
  const parts = (from: number): readonly boolean[] =>
    partsOf([{ edge: 0, frames: stored.slice(from).map((one) => storedIn(fresh, one)) }], 1e6).map(
      ({ whole }) => whole !== undefined,
    );
  expect(parts(0)).toEqual([true, true, false]);
  expect(parts(1)).toEqual([false, true, false]);
  expect(parts(4)).toEqual([true, false]);
});

test("are none where nothing was recorded", () => {
  expect(partsOf([{ edge: 0, frames: [] }], 1)).toEqual([]);
  expect(new Backlog(space).length).toBe(0);
});
