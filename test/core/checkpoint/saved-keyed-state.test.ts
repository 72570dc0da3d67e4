/** The keyed state of one subtask is read back as it was saved: all keys and names, through increments, at the time that the reader says. */
import { describe, expect, test } from "vitest";
import type { SavedOperator } from "../../../core/checkpoint/saved-operators.ts";
import { loadSavedState } from "../../../core/checkpoint/saved-keyed-state.ts";
import { HeapKeyedState } from "../../../core/state/heap/backend.ts";
import type { KeyedStateHandle, SavedKeyedState } from "../../../core/state/keyed-state.ts";
import { list, value } from "../../../core/state/descriptors.ts";
import { MillraceError } from "../../../core/util/errors.ts";
import { checkpointWith, memoryStore, operatorSnapshot, put, run } from "./samples.ts";
import type { Store } from "./samples.ts";

const KEY_GROUPS = { first: 0, last: 127 };

/** Writes what changed since the last one, as a task does. */
function save(store: Store, backend: HeapKeyedState, checkpointId: number): KeyedStateHandle {
  const snapshot = backend.beginSnapshot(checkpointId, { full: false, watermarkMs: -Infinity });
  while (!snapshot.advance(100)) continue;
  const contents = Buffer.concat(snapshot.chunks());
  const path = `chk-${checkpointId}/state`;
  if (contents.length > 0) put(store, { [path]: contents });
  const file = { path, bytes: contents.length, checksum: snapshot.checksum() };
  const handle = snapshot.stored(contents.length === 0 ? undefined : file);
  backend.checkpointCompleted(checkpointId);
  return handle;
}

function savedOperator(keyed: KeyedStateHandle | undefined): SavedOperator {
  const [vertex] = checkpointWith(1, []).vertices;
  if (vertex === undefined) throw new Error("the sample has a vertex");
  const snapshot = operatorSnapshot({ operatorId: "a", ...(keyed !== undefined && { keyed }) });
  return { id: "a", name: "Count", uid: "count", vertex, snapshots: [snapshot], coordinator: undefined };
}

function load(store: Store, keyed: KeyedStateHandle | undefined, atMs = 0): SavedKeyedState | undefined {
  const part = { operator: savedOperator(keyed), subtask: 0, atMs };
  const answer = run<SavedKeyedState | undefined>(store, (done) => loadSavedState(store.storage, part, done));
  if (answer instanceof MillraceError) throw answer;
  return answer;
}

function backendOf(store: Store): HeapKeyedState {
  return new HeapKeyedState({ keyGroups: KEY_GROUPS, maxParallelism: 128, clock: store.clock, operatorName: "Count" });
}

describe("the state of a subtask", () => {
  test("has every key that is left after two increments, and every name, bound or not", () => {
    const store = memoryStore();
    const backend = backendOf(store);
    const count = backend.value("count", value<number>());
    const log = backend.list("log", list<string>());
    for (const key of ["a", "b", "c", 7, 100_000]) {
      backend.setCurrentKey(key);
      count.update(1);
    }
    save(store, backend, 1);
    backend.setCurrentKey("a");
    count.clear();
    backend.setCurrentKey("d");
    log.add("first");
    const handle = save(store, backend, 2);
    expect(handle.files).toHaveLength(2);

    const saved = load(store, handle);
    expect(saved?.savedNames).toEqual(["count", "log"]);
    expect(new Set(saved?.keys())).toEqual(new Set(["b", "c", "d", 7, 100_000]));
    const read = saved?.list("log", list<string>());
    saved?.setCurrentKey("d");
    expect(read?.get()).toEqual(["first"]);
  });

  test("shows what lives for a time as of the time that the reader says", () => {
    const store = memoryStore();
    const backend = backendOf(store);
    const state = backend.value("count", value<number>({ ttl: 100 }));
    backend.setCurrentKey("a");
    state.update(1);
    const handle = save(store, backend, 1);
    const at = (atMs: number): number | undefined => {
      const saved = load(store, handle, atMs);
      const read = saved?.value("count", value<number>({ ttl: 100 }));
      saved?.setCurrentKey("a");
      return read?.peek();
    };
    expect([at(0), at(99), at(100)]).toEqual([1, 1, undefined]);
  });

  test("is undefined where the subtask has saved none", () => {
    expect(load(memoryStore(), undefined)).toBeUndefined();
  });
});

describe("what cannot be read", () => {
  test("a file that is gone, or another one, is named", () => {
    const store = memoryStore();
    const backend = backendOf(store);
    backend.value("count", value<number>());
    backend.setCurrentKey("a");
    backend.timers("t", { onEventTimer: () => undefined, onProcessingTimer: () => undefined }).registerEvent(0, 1);
    const handle = save(store, backend, 1);
    const gone = memoryStore();
    expect(() => load(gone, handle)).toThrow(/^MR5203: state file chk-1\/state cannot be read/);
    put(gone, { "chk-1/state": "something else" });
    expect(() => load(gone, handle)).toThrow(/^MR5204: state file chk-1\/state is damaged/);
  });
});
