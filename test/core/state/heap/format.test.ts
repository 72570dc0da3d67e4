/** The file format of keyed state, frozen: what is written here today must be read for ever. */
import { expect, test } from "vitest";
import { list, map, value } from "../../../../core/state/descriptors.ts";
import { createHeapKeyedState } from "../../../../core/state/heap/backend.ts";
import type { KeyedStateBackend } from "../../../../core/state/keyed-state.ts";
import { crc32 } from "../../../../core/util/checksum.ts";
import { ManualClock } from "../../../harness/manual-clock.ts";

const GOLDEN = "@@@";

function create(): { readonly backend: KeyedStateBackend; readonly count: () => unknown } {
  const backend = createHeapKeyedState({ keyGroups: { first: 0, last: 127 }, maxParallelism: 128, clock: new ManualClock(1_000), operatorName: "golden" });
  const count = backend.value("count", value<number>());
  const last = backend.value("last", value<{ at: Date; by: string }>({ ttl: "1h" }));
  const items = backend.list<string>("items", list());
  const entries = backend.map<unknown, number>("entries", map(), { namespaced: true });
  const timers = backend.timers("timers", { onEventTimer: () => {}, onProcessingTimer: () => {} });
  const write = (): void => {
    backend.setCurrentKey("a");
    backend.setCurrentNamespace(60_000);
    count.update(7);
    last.update({ at: new Date(5), by: "ash" });
    items.addAll(["x", "y"]);
    entries.put(["k", 1], 2);
    timers.registerEvent(60_000, 119_999);
    backend.setCurrentKey({ id: 1n });
    count.update(-1.5);
  };
  const read = (): unknown => {
    backend.setCurrentKey("a");
    backend.setCurrentNamespace(60_000);
    const first = [count.value(), last.value(), items.get(), [...entries.entries()], timers.count()];
    backend.setCurrentKey({ id: 1n });
    return [...first, count.value()];
  };
  if (GOLDEN === "") write();
  return { backend, count: GOLDEN === "@@@" ? (write(), read) : read };
}

test("the bytes of a small state are as they always were", () => {
  const { backend } = create();
  const snapshot = backend.beginSnapshot(1, { full: false, watermarkMs: 0 });
  while (!snapshot.advance(100));
  console.log(Buffer.concat(snapshot.chunks()).toString("base64"));
});
