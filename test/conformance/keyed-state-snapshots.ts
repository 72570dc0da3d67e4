/** The contract of keyed state backends, second part: snapshots, chains of files, restores and rescaling. */
import { describe, expect, test } from "vitest";
import { list, map, value } from "../../core/state/descriptors.ts";
import { keyGroupRange } from "../../core/state/key-groups.ts";
import type { KeyedStateBackend, KeyedStateHandle } from "../../core/state/keyed-state.ts";
import { ManualClock } from "../harness/manual-clock.ts";
import { Files, whole } from "./keyed-state-case.ts";
import type { KeyedStateCase } from "./keyed-state-case.ts";

const CHECKPOINT = { full: false, watermarkMs: 0 };
const SAVEPOINT = { full: true, watermarkMs: 0 };

export function checkKeyedSnapshots({ name, create }: KeyedStateCase): void {
  /** A backend with what the handle says. */
  function restored(files: Files, handle: KeyedStateHandle, owned = true): KeyedStateBackend {
    const { backend } = whole(create);
    backend.restore([files.load(handle)], { owned });
    return backend;
  }

  function counts(backend: KeyedStateBackend, keys: number): (number | undefined)[] {
    const count = backend.value("count", value<number>());
    return Array.from({ length: keys }, (_, key) => {
      backend.setCurrentKey(key);
      return count.value();
    });
  }

  describe(`keyed snapshots: ${name}`, () => {
    test("a snapshot is the state at its beginning, whatever happens before its last slice", () => {
      for (const options of [CHECKPOINT, SAVEPOINT]) {
        const { backend } = whole(create);
        const files = new Files();
        const box = backend.value("box", value<{ n: number }>());
        const items = backend.list<{ n: number }>("items", list());
        const entries = backend.map<number, { n: number }>("entries", map());
        for (let key = 0; key < 20; key += 1) {
          backend.setCurrentKey(key);
          box.update({ n: key });
          items.addAll([{ n: key }, { n: key + 1 }]);
          for (let entry = 0; entry < 5; entry += 1) entries.put(entry, { n: entry });
        }
        const snapshot = backend.beginSnapshot(1, options);
        for (let key = 0; key < 20; key += 1) {
          backend.setCurrentKey(key);
          snapshot.advance(1);
          const kept = box.value();
          if (kept !== undefined) kept.n = -1;
          for (const item of items.get()) item.n = -1;
          if (key % 3 === 0) for (const entry of entries.values()) entry.n = -1;
          if (key % 3 === 1) entries.clear();
          if (key % 3 === 2) for (const entry of entries.keys()) entries.remove(entry);
          if (key % 4 === 0) items.clear();
          if (key % 5 === 0) box.clear();
          backend.setCurrentKey(key + 100);
          box.update({ n: -1 });
        }
        const back = restored(files, files.store(snapshot));
        const [backBox, backItems, backEntries] = [
          back.value("box", value<{ n: number }>()),
          back.list<{ n: number }>("items", list()),
          back.map<number, { n: number }>("entries", map()),
        ];
        for (let key = 0; key < 20; key += 1) {
          back.setCurrentKey(key);
          expect([backBox.value(), backItems.get(), [...backEntries.entries()].map(([, { n }]) => n)]).toEqual([
            { n: key },
            [{ n: key }, { n: key + 1 }],
            [0, 1, 2, 3, 4],
          ]);
        }
        expect(back.size().rows).toBe(20);
      }
    });

    test("a map keeps its order through a restore, in whatever order its entries were serialised", () => {
      for (const options of [CHECKPOINT, SAVEPOINT]) {
        const { backend } = whole(create);
        const files = new Files();
        const entries = backend.map<string, number>("entries", map());
        backend.setCurrentKey("a");
        for (const key of ["x", "y", "z"]) entries.put(key, 1);
        const snapshot = backend.beginSnapshot(1, options);
        entries.put("z", 2);
        entries.remove("y");
        const back = restored(files, files.store(snapshot));
        const first = back.map<string, number>("entries", map());
        expect([...first.keys()], "no key is current yet").toEqual([]);
        back.setCurrentKey("a");
        expect([...first.keys()]).toEqual(["x", "y", "z"]);
        const again = restored(files, files.checkpoint(backend, 2));
        const later = again.map<string, number>("entries", map());
        again.setCurrentKey("a");
        later.put("w", 3);
        expect([...later.keys()]).toEqual(["x", "z", "w"]);
      }
    });

    test("a checkpoint holds what changed since the last completed one, and nothing if nothing did", () => {
      const { backend } = whole(create);
      const files = new Files();
      const count = backend.value("count", value<number>());
      for (let key = 0; key < 1_000; key += 1) {
        backend.setCurrentKey(key);
        count.update(key);
      }
      const first = files.checkpoint(backend, 1);
      backend.setCurrentKey(7);
      count.update(-7);
      backend.setCurrentKey(8);
      count.clear();
      const second = files.checkpoint(backend, 2);
      expect(second.files.slice(0, 1)).toEqual(first.files);
      expect(second.files[1]?.bytes).toBeLessThan(100);
      const third = files.checkpoint(backend, 3);
      expect(third.files).toEqual(second.files);
      expect(counts(restored(files, third), 10)).toEqual([0, 1, 2, 3, 4, 5, 6, -7, undefined, 9]);
      expect(counts(restored(files, first), 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });

    test("who only peeks changes nothing", () => {
      const { backend } = whole(create);
      const files = new Files();
      const states = [
        backend.value("in the row", value<{ n: number }>()),
        backend.value("per window", value<{ n: number }>(), { namespaced: true }),
        backend.value("with TTL", value<{ n: number }>({ ttl: "1h" })),
      ];
      backend.setCurrentKey("a");
      backend.setCurrentNamespace(3);
      expect(states.map((state) => state.peek())).toEqual([undefined, undefined, undefined]);
      for (const state of states) state.update({ n: 1 });
      const first = files.checkpoint(backend, 1);
      expect(states.slice(0, 2).map((state) => state.peek())).toEqual([{ n: 1 }, { n: 1 }]);
      expect(files.checkpoint(backend, 2).files).toEqual(first.files);
      expect(states.map((state) => state.value())).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }]);
      expect(files.checkpoint(backend, 3).files).toHaveLength(2);
    });

    test("what is made and removed between two checkpoints leaves no trace", () => {
      const { backend } = whole(create);
      const files = new Files();
      const entries = backend.map<number, number>("entries", map(), { namespaced: true });
      backend.setCurrentKey("a");
      backend.setCurrentNamespace(0);
      entries.put(1, 1);
      const first = files.checkpoint(backend, 1);
      for (let window = 1; window < 100; window += 1) {
        backend.setCurrentNamespace(window);
        entries.put(1, 1);
        entries.put(2, 1);
        if (window % 2 === 0) entries.clear();
        else for (const key of entries.keys()) entries.remove(key);
      }
      expect(files.checkpoint(backend, 2).files).toEqual(first.files);
    });

    test("aborted checkpoints and unheard-of completions lose nothing", () => {
      const { backend } = whole(create);
      const files = new Files();
      const count = backend.value("count", value<number>());
      const write = (key: number, n: number | undefined): void => {
        backend.setCurrentKey(key);
        if (n === undefined) count.clear();
        else count.update(n);
      };
      for (let key = 0; key < 4; key += 1) write(key, key);
      files.checkpoint(backend, 1);
      write(0, 10);
      write(1, undefined);
      const aborted = backend.beginSnapshot(2, CHECKPOINT);
      aborted.advance(1);
      backend.checkpointAborted(2);
      write(2, 12);
      files.store(backend.beginSnapshot(3, CHECKPOINT)); // completes, but nobody tells
      write(1, 21);
      write(3, undefined);
      const handle = files.checkpoint(backend, 4);
      expect(counts(restored(files, handle), 4)).toEqual([10, 21, 12, undefined]);
    });

    test("several checkpoints may be under way", () => {
      const { backend } = whole(create);
      const files = new Files();
      const count = backend.value("count", value<number>());
      const snapshots = [1, 2, 3].map((id) => {
        for (let key = 0; key < 3; key += 1) {
          backend.setCurrentKey(key);
          if (key !== id) count.update(id * 10 + key);
          else count.clear();
        }
        return backend.beginSnapshot(id, CHECKPOINT);
      });
      const [third, first, second] = [snapshots[2], snapshots[0], snapshots[1]].map((snapshot) =>
        snapshot === undefined ? undefined : files.store(snapshot),
      );
      if (first === undefined || second === undefined || third === undefined) throw new Error("three were begun");
      expect(counts(restored(files, first), 3)).toEqual([10, undefined, 12]);
      expect(counts(restored(files, second), 3)).toEqual([20, 21, undefined]);
      expect(counts(restored(files, third), 3)).toEqual([30, 31, 32]);
    });

    test("nothing refers to a savepoint's file, nor to files that are not owned", () => {
      const { backend } = whole(create);
      const files = new Files();
      const count = backend.value("count", value<number>());
      backend.setCurrentKey(0);
      count.update(1);
      const first = files.checkpoint(backend, 1);
      const savepoint = files.store(backend.beginSnapshot(2, SAVEPOINT));
      backend.checkpointCompleted(2);
      expect(savepoint.files).toHaveLength(1);
      expect(savepoint.files).not.toEqual(first.files);
      expect(files.checkpoint(backend, 3).files).toEqual(first.files);
      const copy = restored(files, savepoint, false);
      expect(counts(copy, 1)).toEqual([1]);
      const own = files.checkpoint(copy, 1);
      expect(own.files).toHaveLength(1);
      expect(own.files).not.toEqual(savepoint.files);
      expect(files.checkpoint(copy, 2).files).toEqual(own.files);
    });

    test("chains stay short, and their bytes in proportion to the state", () => {
      const { backend } = whole(create);
      const files = new Files();
      const text = backend.value("text", value<string>());
      for (let id = 1; id < 200; id += 1) {
        for (let key = 0; key < 20; key += 1) {
          backend.setCurrentKey((id * 7 + key) % 100);
          text.update(`${id} ${"x".repeat(100)}`);
        }
        const handle = files.checkpoint(backend, id);
        expect(handle.files.length).toBeLessThanOrEqual(17);
        expect(handle.files.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(200_000);
      }
    });

    test("state of names that are never bound is kept and saved again", () => {
      const { backend } = whole(create);
      const files = new Files();
      const old = backend.map<string, number>("old", map({ ttl: 100 }));
      backend.timers("old", { onEventTimer: () => {}, onProcessingTimer: () => {} });
      backend.setCurrentKey("a");
      old.put("x", 1);
      const middle = restored(files, files.checkpoint(backend, 1), false);
      middle.value("count", value<number>());
      const last = restored(files, files.checkpoint(middle, 1));
      const back = last.map<string, number>("old", map({ ttl: 100 }));
      last.setCurrentKey("a");
      expect([...back.entries()]).toEqual([["x", 1]]);
    });

    test("a state bound as another kind than it was saved is refused, before and after the restore", () => {
      const { backend } = whole(create);
      const files = new Files();
      backend.value("count", value<number>()).value();
      backend.setCurrentKey("a");
      backend.list<number>("items", list()).add(1);
      const handle = files.checkpoint(backend, 1);
      const early = whole(create).backend;
      early.map("items", map());
      expect(() => early.restore([files.load(handle)], { owned: true })).toThrow(
        /MR4004.*"items".*"totals".*list.*map/,
      );
      const late = restored(files, handle);
      expect(() => late.map("items", map())).toThrow(/MR4004.*"items".*"totals".*list.*map/);
      expect(() => late.list("items", list(), { namespaced: true })).toThrow("MR4004");
      late.list("items", list());
    });

    test("a damaged file is refused", () => {
      const { backend } = whole(create);
      const files = new Files();
      backend.setCurrentKey("a");
      backend.value("count", value<number>()).update(1);
      const { handle, contents } = files.load(files.checkpoint(backend, 1));
      const damaged = contents.map((bytes) =>
        bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ 1 : byte)),
      );
      expect(() => whole(create).backend.restore([{ handle, contents: damaged }], { owned: true })).toThrow(
        /MR4005.*file-0.*"totals"/,
      );
      expect(() => whole(create).backend.restore([{ handle, contents: [] }], { owned: true })).toThrow("MR4005");
    });

    test("a value that cannot be saved is refused with operator, state, key and path", () => {
      const { backend } = whole(create);
      backend.setCurrentKey("a");
      const write = (): void => {
        backend.value("orders", value<unknown>()).update({ orders: [{ callback: (): void => {} }] });
        new Files().checkpoint(backend, 1);
      };
      expect(write).toThrow(/MR4101.*`\.orders\[0\]\.callback`/);
    });

    test("key groups move between subtasks with their state and their watermark", () => {
      const clock = new ManualClock();
      const files = new Files();
      const start = (parallelism: number, index: number): KeyedStateBackend =>
        create({ keyGroups: keyGroupRange(16, parallelism, index), maxParallelism: 16, clock });
      const write = (backend: KeyedStateBackend, round: number): void => {
        const count = backend.value("count", value<number>());
        for (let key = 0; key < 100; key += 1) {
          try {
            backend.setCurrentKey(key);
          } catch {
            continue;
          }
          if (key % 5 === round) count.clear();
          else if (key % 3 === round) count.update(round * 1_000 + key);
        }
      };
      const expected = new Map<number, number>();
      let handles: readonly KeyedStateHandle[] = [];
      let watermarks = new Map<number, number>();
      for (const [round, parallelism] of [1, 3, 2, 5, 1].entries()) {
        const reached = watermarks;
        watermarks = new Map<number, number>();
        const next: KeyedStateHandle[] = [];
        for (let index = 0; index < parallelism; index += 1) {
          const backend = start(parallelism, index);
          backend.restore(
            handles
              .filter(
                ({ keyGroups }) =>
                  keyGroups.first <= backend.keyGroups.last && keyGroups.last >= backend.keyGroups.first,
              )
              .map((handle) => files.load(handle)),
            { owned: true },
          );
          write(backend, round);
          const watermarkMs = 100 * (round % 3) + index;
          for (let key = 0; key < 100; key += 1) {
            try {
              backend.setCurrentKey(key);
            } catch {
              continue;
            }
            expect(backend.restoredWatermarkMs()).toBe(reached.get(key) ?? -Infinity);
            watermarks.set(key, Math.max(reached.get(key) ?? -Infinity, watermarkMs));
          }
          // Two checkpoints, so that chains across a rescale grow.
          files.checkpoint(backend, 1);
          next.push(files.store(backend.beginSnapshot(2, { full: false, watermarkMs })));
        }
        for (let key = 0; key < 100; key += 1) {
          if (key % 5 === round) expected.delete(key);
          else if (key % 3 === round) expected.set(key, round * 1_000 + key);
        }
        handles = next;
      }
      const last = start(1, 0);
      last.restore(
        handles.map((handle) => files.load(handle)),
        { owned: true },
      );
      expect(counts(last, 100)).toEqual(Array.from({ length: 100 }, (_, key) => expected.get(key)));
    });
  });
}
