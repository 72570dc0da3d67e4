/** Queues of records that operators have put off: all that wait are saved, empty and closed ones are not. */
import { expect, test } from "vitest";
import { Backlog } from "../../../core/network/backlog.ts";
import { SpillSpace } from "../../../core/network/spill-space.ts";
import { PutOffRecords } from "../../../core/runtime/put-off-records.ts";
import { MemoryScratch } from "../../../core/storage/memory-scratch.ts";

test("what waits is told with the edge through which it came, oldest queue first", () => {
  const space = new SpillSpace({ scratch: new MemoryScratch(), memoryBytesMax: 0, diskBytesMax: 1e6 });
  const records = new PutOffRecords(2, () => new Backlog(space));
  const [first, empty, second] = [records.open(), records.open(), records.open()];
  expect(records.waiting()).toEqual([]);
  second.push("b", 1);
  first.push("a", 1);
  expect(records.waiting().map(({ edge, backlog }) => [edge, backlog.length])).toEqual([
    [2, 1],
    [2, 1],
  ]);
  expect(records.waiting()[0]?.backlog).toBe(first);
  first.shift({ values: [], timestampsMs: new Float64Array(0) });
  records.close(first);
  records.close(empty);
  expect(records.waiting().map(({ backlog }) => backlog)).toEqual([second]);
});
