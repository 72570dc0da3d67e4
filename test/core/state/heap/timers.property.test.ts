/**
 * Goal:   timers are kept, fired, deleted and saved as in a sorted list, when many share few times: whatever dies before, while and after a snapshot
 *         is written in slices, each snapshot holds what was there when it began.
 * Method: random registrations, deletions and partial firing over 90 keys, 9 times and 3 namespaces, between slices of incremental and full snapshots,
 *         each compared after a restore with a copy of the list.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
// covers: core/state/heap/timer-bucket.ts
// covers: core/state/heap/timer-capture.ts
// covers: core/state/heap/timer-index.ts
// covers: core/state/heap/timer-slot.ts
// covers: core/state/heap/timer-table.ts
// covers: core/state/heap/restored-timers.ts
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createHeapKeyedState } from "../../../../core/state/heap/backend.ts";
import type { KeyGroupRange } from "../../../../core/state/key-groups.ts";
import type {
  KeyedSnapshot,
  KeyedStateBackend,
  KeyedStateHandle,
  Namespace,
} from "../../../../core/state/keyed-state.ts";
import type { InternalTimers } from "../../../../core/state/timers.ts";
import { keyGroupOf } from "../../../../core/types/key-hash.ts";
import { SeededRandom } from "../../../../core/util/random.ts";
import { ManualClock } from "../../../harness/manual-clock.ts";
import { replay } from "../../../harness/replay.ts";

const KEYS = 90;
const MAX_PARALLELISM = 8;
const ALL: KeyGroupRange = { first: 0, last: MAX_PARALLELISM - 1 };

interface Listed {
  readonly key: number;
  readonly namespace: Namespace;
  readonly timeMs: number;
}

const nameOf = ({ key, namespace, timeMs }: Listed): string => `${timeMs} ${key} ${namespace}`;

class Subtask {
  readonly backend: KeyedStateBackend;
  readonly timers: InternalTimers;
  readonly fired: string[] = [];
  patience = Infinity;

  constructor(keyGroups: KeyGroupRange) {
    this.backend = createHeapKeyedState({
      keyGroups,
      maxParallelism: MAX_PARALLELISM,
      clock: new ManualClock(0),
      operatorName: "timers",
    });
    this.timers = this.backend.timers("service", this);
  }

  get busy(): boolean {
    return this.fired.length >= this.patience;
  }

  onEventTimer(timeMs: number, namespace: Namespace): void {
    this.fired.push(nameOf({ key: Number(this.backend.getCurrentKey()), namespace, timeMs }));
  }

  onProcessingTimer(): void {
    throw new Error("none were registered");
  }

  fire(limitMs: number, count: number): string[] {
    const from = this.fired.length;
    this.patience = from + count;
    this.timers.fireEvent(limitMs, this);
    return this.fired.slice(from);
  }

  drain(): string[] {
    return this.fire(Infinity, Infinity);
  }
}

class Files {
  readonly #files = new Map<string, Uint8Array>();

  store(snapshot: KeyedSnapshot): KeyedStateHandle {
    const contents = Buffer.concat(snapshot.chunks());
    const path = `file ${this.#files.size}`;
    this.#files.set(path, contents);
    const file = { path, bytes: contents.length, checksum: snapshot.checksum() };
    return snapshot.stored(contents.length === 0 ? undefined : file);
  }

  restore(handles: readonly KeyedStateHandle[], keyGroups: KeyGroupRange): Subtask {
    const subtask = new Subtask(keyGroups);
    const load = ({ path }: { readonly path: string }): Uint8Array => this.#files.get(path) ?? new Uint8Array();
    subtask.backend.restore(
      handles.map((handle) => ({ handle, contents: handle.files.map(load) })),
      { owned: true },
    );
    return subtask;
  }
}

interface Open {
  readonly id: number;
  readonly snapshot: KeyedSnapshot;
  readonly expected: readonly Listed[];
}

class Run {
  readonly #random: SeededRandom;
  readonly #files = new Files();
  readonly #range: KeyGroupRange;
  #subtask: Subtask;
  #list: Listed[] = [];
  #open: Open[] = [];
  #nextId = 1;
  #newest: KeyedStateHandle | undefined = undefined;
  handles: { readonly handle: KeyedStateHandle; readonly expected: readonly Listed[] }[] = [];

  constructor(seed: number, range: KeyGroupRange = ALL) {
    this.#random = new SeededRandom(seed);
    this.#range = range;
    this.#subtask = new Subtask(range);
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step += 1) this.#step(this.#random.next());
    while (this.#open.length > 0) this.#advance(1_000);
  }

  #step(dice: number): void {
    if (dice < 0.62) this.#register();
    else if (dice < 0.78) this.#delete();
    else if (dice < 0.8) this.#fire();
    else if (dice < 0.81) this.#begin();
    else if (dice < 0.811) this.#goOn();
    else this.#advance(1 + this.#pick(3));
  }

  #pick(count: number): number {
    return Math.floor(this.#random.next() * count);
  }

  #any(): Listed {
    const key = this.#random.next() < 0.3 ? this.#pick(6) : this.#pick(KEYS);
    // Some times mix their namespaces. A few keys have more timers than the others.
    const timeMs = 10 + this.#pick(key < 6 ? 9 : 4);
    return { key, timeMs, namespace: timeMs > 12 ? this.#pick(3) : timeMs };
  }

  #owns({ key }: Listed): boolean {
    const group = keyGroupOf(key, MAX_PARALLELISM);
    return group >= this.#range.first && group <= this.#range.last;
  }

  #register(): void {
    const timer = this.#any();
    if (!this.#owns(timer)) return;
    this.#subtask.backend.setCurrentKey(timer.key);
    this.#subtask.timers.registerEvent(timer.namespace, timer.timeMs);
    if (!this.#list.some((other) => nameOf(other) === nameOf(timer))) this.#list.push(timer);
  }

  #delete(): void {
    const timer = this.#any();
    if (!this.#owns(timer)) return;
    this.#subtask.backend.setCurrentKey(timer.key);
    this.#subtask.timers.deleteEvent(timer.namespace, timer.timeMs);
    this.#list = this.#list.filter((other) => nameOf(other) !== nameOf(timer));
  }

  #fire(): void {
    const fired = this.#subtask.fire(12, 1 + this.#pick(30));
    const expected = inOrder(this.#list.filter(({ timeMs }) => timeMs <= 12)).slice(0, fired.length);
    deepStrictEqual(fired, expected.map(nameOf));
    this.#list = this.#list.filter((timer) => !expected.includes(timer));
    strictEqual(this.#subtask.timers.count().event, this.#list.length);
  }

  #begin(): void {
    const id = this.#nextId++;
    const full = this.#pick(3) === 0;
    const snapshot = this.#subtask.backend.beginSnapshot(id, { full, watermarkMs: 0 });
    this.#open.push({ id, snapshot, expected: [...this.#list] });
  }

  #advance(cells: number): void {
    const open = this.#open[this.#pick(this.#open.length)];
    if (open === undefined || !open.snapshot.advance(cells)) return;
    const handle = this.#files.store(open.snapshot);
    this.handles.push({ handle, expected: open.expected });
    this.#open = this.#open.filter((other) => other !== open);
    if (this.#pick(2) === 0) this.#subtask.backend.checkpointCompleted(open.id);
    this.#newest = handle;
    const restored = this.#files.restore([handle], this.#range).drain();
    deepStrictEqual(restored, inOrder(open.expected).map(nameOf));
  }

  /** A failure and a restart. */
  #goOn(): void {
    const saved = this.handles.find(({ handle }) => handle === this.#newest);
    if (saved === undefined) return;
    this.#subtask = this.#files.restore([saved.handle], this.#range);
    this.#list = [...saved.expected];
    this.#open = [];
  }
}

/** Sorting is stable: those of one time in the order of registration. */
function inOrder(list: readonly Listed[]): Listed[] {
  return list.toSorted((left, right) => left.timeMs - right.timeMs);
}

describe("many timers at few times", () => {
  test("are as in a sorted list, in every snapshot too", { timeout: 120_000 }, () => {
    const property = fc.property(fc.integer(), (seed) => new Run(seed).run(1_500));
    fc.assert(property, { numRuns: Number(process.env["MILLRACE_RUNS"] ?? 12), ...replay });
  });

  test("at many times, of which most are over soon, are all saved", () => {
    const subtask = new Subtask(ALL);
    const files = new Files();
    const register = (key: number, timeMs: number): void => {
      subtask.backend.setCurrentKey(key);
      subtask.timers.registerEvent(0, timeMs);
    };
    for (let n = 0; n < 5_000; n += 1) {
      register(n % 7, n);
      if (n % 10 === 0) register(n % 11, 1_000_000 + n);
      subtask.fire(n, Infinity);
    }
    const snapshot = subtask.backend.beginSnapshot(1, { full: false, watermarkMs: 0 });
    while (!snapshot.advance(100));
    const restored = files.restore([files.store(snapshot)], ALL);
    expect(restored.timers.count().event).toBe(500);
    expect(restored.drain()).toEqual(subtask.drain());
  });
});
