/** The file format of keyed state, frozen: what was written once must be read for ever, so a change needs a new version beside this one. */
import { expect, test } from "vitest";
import { list, map, value } from "../../../../core/state/descriptors.ts";
import { createHeapKeyedState } from "../../../../core/state/heap/backend.ts";
import { crc32 } from "../../../../core/util/checksum.ts";
import { ManualClock } from "../../../harness/manual-clock.ts";

const GOLDEN =
  "TVJLUwEAfwEFAAgFY291bnQIBXZhbHVlAAEIBGxhc3QIBXZhbHVlAAIIBWl0ZW1zCARsaXN0AAMIB2VudHJpZXMIA21hcAEECAZ0" +
  "aW1lcnMIBnRpbWVycwABGQgBYQIAh0IBAAAAAABAj0AOAggCYXQIAmJ5CgAAAAAAABRACANhc2gDAgACCAF4CAF5JAMEwKkHCwIIAWuBAIIBfA4BCAJpZAYBAAAAAAAAAAIABQAAAAAAAPi/ARkIAWEFBAEEwKkHAAAAAPBL/UABAA==";

interface Golden {
  readonly backend: ReturnType<typeof createHeapKeyedState>;
  write(): void;
  read(): unknown;
}

function create(): Golden {
  const backend = createHeapKeyedState({
    keyGroups: { first: 0, last: 127 },
    maxParallelism: 128,
    clock: new ManualClock(1_000),
    operatorName: "golden",
  });
  const count = backend.value("count", value<number>());
  const last = backend.value("last", value<{ at: Date; by: string }>({ ttl: "1h" }));
  const items = backend.list<string>("items", list());
  const entries = backend.map<unknown, number>("entries", map(), { namespaced: true });
  const timers = backend.timers("timers", { onEventTimer: () => {}, onProcessingTimer: () => {} });
  return {
    backend,
    write: () => {
      backend.setCurrentKey("a");
      backend.setCurrentNamespace(60_000);
      count.update(7);
      last.update({ at: new Date(5), by: "ash" });
      items.addAll(["x", "y"]);
      entries.put(["k", 1], 2);
      timers.registerEvent(60_000, 119_999);
      backend.setCurrentKey({ id: 1n });
      count.update(-1.5);
    },
    read: () => {
      backend.setCurrentKey("a");
      backend.setCurrentNamespace(60_000);
      const first = [count.value(), last.value(), items.get(), [...entries.entries()], timers.count().event];
      backend.setCurrentKey({ id: 1n });
      return [...first, count.value()];
    },
  };
}

test("a small state is written as it always was", () => {
  const { backend, write } = create();
  write();
  const snapshot = backend.beginSnapshot(1, { full: false, watermarkMs: 0 });
  while (!snapshot.advance(100));
  expect(Buffer.concat(snapshot.chunks()).toString("base64")).toBe(GOLDEN);
});

test("and read", () => {
  const { backend, read } = create();
  const contents = Buffer.from(GOLDEN, "base64");
  const file = { path: "golden", bytes: contents.length, checksum: crc32(contents) };
  const handle = { keyGroups: { first: 0, last: 127 }, files: [file], watermarkMs: 0, floors: [] };
  backend.restore([{ handle, contents: [contents] }], { owned: true });
  expect(read()).toEqual([7, { at: new Date(5), by: "ash" }, ["x", "y"], [[["k", 1], 2]], 1, -1.5]);
});
