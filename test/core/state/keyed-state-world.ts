/**
 * The system under test of the keyed state property: some subtasks with a backend each, a blob store, checkpoints, all driven by small commands. Every
 * answer is compared with the plain model at once; `verify` compares everything there is with a fresh restore.
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { aggregating, list, map, reducing, value } from "../../../core/state/descriptors.ts";
import type { AggregatingState, ListState, MapState, ReducingState, ValueState } from "../../../core/state/handles.ts";
import { intersect, isEmptyRange, keyGroupRange } from "../../../core/state/key-groups.ts";
import type { KeyGroupRange } from "../../../core/state/key-groups.ts";
import type { KeyedSnapshot, KeyedStateBackend, KeyedStateHandle, Namespace } from "../../../core/state/keyed-state.ts";
import type { InternalTimers } from "../../../core/state/timers.ts";
import type { Clock } from "../../../core/time/clock.ts";
import { keyGroupOf } from "../../../core/types/key-hash.ts";
import { ManualClock } from "../../harness/manual-clock.ts";
import { KEYS, MAX_PARALLELISM, NAMESPACES, TTL_MS } from "./keyed-state-domain.ts";
import { PlainState } from "./keyed-state-plain.ts";

export interface CreateOptions {
  readonly keyGroups: KeyGroupRange;
  readonly maxParallelism: number;
  readonly clock: Clock;
}
export type CreateBackend = (options: CreateOptions) => KeyedStateBackend;

interface Boxed {
  n: number;
}

/** Everything a function could declare, at once. */
export interface Handles {
  readonly count: ValueState<number, number>;
  readonly box: ValueState<Boxed, Boxed>;
  readonly list: ListState<Boxed | number>;
  readonly map: MapState<unknown, Boxed | number>;
  readonly sum: ReducingState<number>;
  readonly mean: AggregatingState<number, string>;
  readonly perWindow: ValueState<number>;
  readonly perWindowList: ListState<number>;
  readonly perWindowMap: MapState<string, number>;
  readonly ttlValue: ValueState<number>;
  readonly ttlList: ListState<number>;
  readonly ttlMap: MapState<string, number>;
  readonly ttlEvent: ValueState<number>;
  readonly timers: InternalTimers;
}

export class Subtask {
  readonly backend: KeyedStateBackend;
  readonly handles: Handles;
  /** What fired, as text, in order. */
  readonly fired: string[] = [];
  /** The last finite one. */
  watermarkMs: number = 0;
  /** And then came the last one. */
  hasEnded = false;
  /** Stops the firing loop after that many timers. */
  patience: number = Infinity;

  constructor(backend: KeyedStateBackend) {
    this.backend = backend;
    this.handles = bindAll(backend, this);
  }

  get busy(): boolean {
    return this.patience <= 0;
  }

  /** Of the operator. */
  get currentWatermarkMs(): number {
    return this.hasEnded ? Infinity : this.watermarkMs;
  }

  onEventTimer(timeMs: number, namespace: Namespace): void {
    this.#fired("event", timeMs, namespace);
    if (namespace === 3) this.handles.timers.registerEvent(1, timeMs - 2);
    if (namespace === "again") this.handles.timers.registerEvent(2, timeMs);
    if (namespace === "del") this.handles.timers.deleteEvent(1, timeMs + 1);
  }

  onProcessingTimer(timeMs: number, namespace: Namespace): void {
    this.#fired("processing", timeMs, namespace);
  }

  #fired(domain: string, timeMs: number, namespace: Namespace): void {
    this.patience -= 1;
    this.fired.push(
      `${domain} ${timeMs} ${String(namespace)} ${KEYS.findIndex((key) => sameKey(key, this.backend.getCurrentKey()))}`,
    );
  }
}

function bindAll(backend: KeyedStateBackend, target: Subtask): Handles {
  const mean = {
    createAccumulator: () => ({ n: 0, sum: 0 }),
    add: addToMean,
    getResult: (all: { n: number; sum: number }) => `${all.sum}/${all.n}`,
  };
  return {
    // First, so that it stands in the row: an object there can be changed in place.
    box: backend.value<Boxed, Boxed>("box", value({ default: { n: -1 } })),
    count: backend.value<number, number>("count", value({ default: 0 })),
    list: backend.list("list", list()),
    map: backend.map("map", map()),
    sum: backend.reducing(
      "sum",
      reducing<number>((left, right) => left + right),
    ),
    mean: backend.aggregating("mean", aggregating(mean)),
    perWindow: backend.value("perWindow", value<number>(), { namespaced: true }),
    perWindowList: backend.list("perWindowList", list<number>(), { namespaced: true }),
    perWindowMap: backend.map("perWindowMap", map<string, number>(), { namespaced: true }),
    ttlValue: backend.value("ttlValue", value<number>({ ttl: { after: TTL_MS, refresh: "read-and-write" } })),
    ttlList: backend.list("ttlList", list<number>({ ttl: TTL_MS })),
    ttlMap: backend.map("ttlMap", map<string, number>({ ttl: TTL_MS })),
    ttlEvent: backend.value("ttlEvent", value<number>({ ttl: { after: TTL_MS, time: "event" } })),
    timers: backend.timers("timers", target),
  };
}

function addToMean(item: number, all: { n: number; sum: number }): { n: number; sum: number } {
  all.n += 1;
  all.sum += item;
  return all;
}

function sameKey(left: unknown, right: unknown): boolean {
  return typeof left === "object" ? JSON.stringify(left) === JSON.stringify(right) : Object.is(left, right);
}

interface Checkpoint {
  readonly id: number;
  readonly savepoint: boolean;
  readonly snapshots: readonly KeyedSnapshot[];
  readonly handles: (KeyedStateHandle | undefined)[];
  /** Paths of its own files. */
  readonly stored: string[];
  readonly expected: PlainState;
  done: boolean;
  completed: boolean;
}

export class World {
  readonly clock: ManualClock = new ManualClock(1_000);
  readonly #create: CreateBackend;
  readonly #files = new Map<string, Uint8Array>();
  /** Paths that nothing may refer to any more: savepoints, and files from before a restore without ownership. */
  readonly #foreign = new Set<string>();
  #plain = new PlainState();
  #subtasks: Subtask[];
  #checkpoints: Checkpoint[] = [];
  #nextCheckpoint = 1;

  constructor(create: CreateBackend, parallelism: number) {
    this.#create = create;
    this.#subtasks = this.#start(parallelism);
    for (const { backend } of this.#subtasks) backend.advanceWatermark(0);
  }

  get plain(): PlainState {
    return this.#plain;
  }

  /** Runs `command` for a key, on the backend that owns it and on the model, and compares the answers. */
  onKey(
    keyIndex: number,
    command: (handles: Handles, backend: KeyedStateBackend) => unknown,
    plainly: (plain: PlainState) => unknown,
  ): void {
    const key = KEYS[keyIndex];
    const subtask = this.#subtasks.find(({ backend }) => {
      const group = keyGroupOf(key, MAX_PARALLELISM);
      return group >= backend.keyGroups.first && group <= backend.keyGroups.last;
    });
    if (subtask === undefined) throw new Error("nobody owns the key");
    subtask.backend.setCurrentKey(typeof key === "object" ? structuredClone(key) : key);
    const answer = command(subtask.handles, subtask.backend);
    this.#plain.nowMs = this.clock.nowMs();
    this.#plain.key = keyIndex;
    deepStrictEqual(answer, plainly(this.#plain));
  }

  /** On one subtask: others may be further ahead. */
  advanceWatermark(pick: number, byMs: number): void {
    const subtask = this.#subtasks[pick % this.#subtasks.length];
    if (subtask === undefined || subtask.hasEnded) return;
    subtask.watermarkMs += byMs;
    subtask.backend.advanceWatermark(subtask.watermarkMs);
    this.#plain.advance(subtask.backend.keyGroups, subtask.watermarkMs);
  }

  /** Its input has ended. */
  end(pick: number): void {
    const subtask = this.#subtasks[pick % this.#subtasks.length];
    if (subtask === undefined) return;
    subtask.hasEnded = true;
    subtask.backend.advanceWatermark(Infinity);
  }

  /** Fires timers up to `timeMs` on every subtask, stopping after each `patience`. */
  fire(timeMs: number, event: boolean, patience: number): void {
    for (const subtask of this.#subtasks) {
      const from = subtask.fired.length;
      subtask.patience = patience;
      const { timers } = subtask.handles;
      const done = event ? timers.fireEvent(timeMs, subtask) : timers.fireProcessing(timeMs, subtask);
      const fired = subtask.fired.slice(from);
      deepStrictEqual(fired, this.#plain.fire(fired, timeMs, event, patience, subtask.backend.keyGroups));
      strictEqual(done, this.#plain.due(timeMs, event, subtask.backend.keyGroups).length === 0);
      this.#checkTimerCounts(subtask);
    }
  }

  begin(savepoint: boolean): void {
    const id = this.#nextCheckpoint++;
    const snapshots = this.#subtasks.map(({ backend, currentWatermarkMs: watermarkMs }) =>
      backend.beginSnapshot(id, { full: savepoint, watermarkMs }),
    );
    this.#checkpoints.push({
      id,
      savepoint,
      snapshots,
      handles: snapshots.map(() => undefined),
      stored: [],
      expected: this.#plain.copy(),
      done: false,
      completed: false,
    });
  }

  /** A slice of one subtask's part; the last one stores the file. */
  advance(pick: number, subtask: number, cells: number): void {
    const open = this.#checkpoints.filter(({ done }) => !done);
    const checkpoint = open[pick % open.length];
    if (checkpoint === undefined) return;
    const index = subtask % checkpoint.snapshots.length;
    const snapshot = checkpoint.snapshots[index];
    if (snapshot === undefined || checkpoint.handles[index] !== undefined || !snapshot.advance(cells)) return;
    checkpoint.handles[index] = this.#store(checkpoint, snapshot, index);
    checkpoint.done = checkpoint.handles.every((handle) => handle !== undefined);
  }

  finish(pick: number): void {
    const open = this.#checkpoints.filter(({ done }) => !done);
    const checkpoint = open[pick % open.length];
    if (checkpoint === undefined) return;
    const place = open.indexOf(checkpoint);
    for (let index = 0; index < checkpoint.snapshots.length; index += 1) {
      while (!checkpoint.done && checkpoint.handles[index] === undefined) this.advance(place, index, 1_000);
    }
  }

  /** The newest finished checkpoint is complete; `deaf` subtasks do not hear of it. */
  complete(deaf: number): void {
    const newest = this.#checkpoints.findLast(({ done }) => done);
    if (newest === undefined) return;
    newest.completed = true;
    for (const [index, { backend }] of this.#subtasks.entries())
      if (index !== deaf) backend.checkpointCompleted(newest.id);
    // Savepoints that are under way go on.
    this.#checkpoints = this.#checkpoints.filter(({ id, savepoint, done }) => id >= newest.id || (savepoint && !done));
  }

  abort(pick: number): void {
    const pending = this.#checkpoints.filter(({ completed }) => !completed);
    const checkpoint = pending[pick % pending.length];
    if (checkpoint === undefined) return;
    for (const { backend } of this.#subtasks) backend.checkpointAborted(checkpoint.id);
    for (const path of checkpoint.stored) this.#foreign.add(path); // the master deletes what an aborted checkpoint wrote
    this.#checkpoints = this.#checkpoints.filter((other) => other !== checkpoint);
  }

  /** Finishes and checks every checkpoint under way, then goes on from one of them (a failure and a restart), perhaps at another parallelism. */
  restart(parallelism: number, options: { readonly owned: boolean; readonly late: boolean }): void {
    this.verify();
    const checkpoint = this.#checkpoints.findLast(({ done }) => done);
    if (checkpoint === undefined) return;
    this.#plain = checkpoint.expected.copy();
    this.#subtasks = this.#start(parallelism, checkpoint, options);
    for (const { backend, watermarkMs } of this.#subtasks) this.#plain.advance(backend.keyGroups, watermarkMs);
    this.#checkpoints = [];
    if (!options.owned)
      for (const handle of checkpoint.handles) for (const { path } of handle?.files ?? []) this.#foreign.add(path);
  }

  /** Takes a checkpoint of the present, finishes all, and compares each with what was expected of it, restored at one parallelism or another. */
  verify(): void {
    this.begin(false);
    for (let pick = this.#checkpoints.length; pick >= 0; pick -= 1) this.finish(0);
    for (const checkpoint of this.#checkpoints) {
      const parallelism = 1 + (checkpoint.id % 3);
      const subtasks = this.#start(parallelism, checkpoint, { owned: true, late: parallelism === 3 });
      const plain = checkpoint.expected.copy();
      for (const { backend, watermarkMs } of subtasks) plain.advance(backend.keyGroups, watermarkMs);
      plain.nowMs = this.clock.nowMs();
      this.#compareAll(subtasks, plain);
    }
  }

  #start(
    parallelism: number,
    from?: Checkpoint,
    options: { readonly owned: boolean; readonly late: boolean } = { owned: true, late: false },
  ): Subtask[] {
    return Array.from({ length: parallelism }, (_, index) => {
      const keyGroups = keyGroupRange(MAX_PARALLELISM, parallelism, index);
      const backend = this.#create({ keyGroups, maxParallelism: MAX_PARALLELISM, clock: this.clock });
      const subtask = options.late ? undefined : new Subtask(backend);
      if (from !== undefined) {
        const handles = from.handles.filter(
          (handle) => handle !== undefined && !isEmptyRange(intersect(handle.keyGroups, keyGroups)),
        );
        const files = handles.flatMap((handle) =>
          handle === undefined
            ? []
            : [{ handle, contents: handle.files.map(({ path }) => this.#files.get(path) ?? new Uint8Array()) }],
        );
        backend.restore(files, { owned: options.owned });
      }
      const started = subtask ?? new Subtask(backend);
      if (from !== undefined) startTime(started, from.handles);
      return started;
    });
  }

  #store(checkpoint: Checkpoint, snapshot: KeyedSnapshot, index: number): KeyedStateHandle {
    const contents = Buffer.concat(snapshot.chunks());
    const path = `chk-${checkpoint.id}-${index}-${this.#files.size}`;
    if (contents.length > 0) {
      this.#files.set(path, contents);
      checkpoint.stored.push(path);
    }
    const handle = snapshot.stored(
      contents.length === 0 ? undefined : { path, bytes: contents.length, checksum: snapshot.checksum() },
    );
    for (const file of handle.files)
      ok(!this.#foreign.has(file.path), "a handle refers to a file that is not the job's own");
    if (checkpoint.savepoint) {
      ok(handle.files.length <= 1, "a savepoint stands alone");
      this.#foreign.add(path);
    }
    return handle;
  }

  #compareAll(subtasks: readonly Subtask[], plain: PlainState): void {
    for (const [keyIndex, key] of KEYS.entries()) {
      const group = keyGroupOf(key, MAX_PARALLELISM);
      const subtask = subtasks.find(
        ({ backend }) => group >= backend.keyGroups.first && group <= backend.keyGroups.last,
      );
      if (subtask === undefined) throw new Error("nobody owns the key");
      subtask.backend.setCurrentKey(key);
      plain.key = keyIndex;
      deepStrictEqual(readAll(subtask), plain.readAll());
    }
    for (const subtask of subtasks) {
      this.#checkTimerCounts(subtask, plain);
      subtask.handles.timers.fireEvent(Infinity, { busy: false });
      subtask.handles.timers.fireProcessing(Infinity, { busy: false });
      const { keyGroups } = subtask.backend;
      for (const event of [true, false]) {
        const fired = subtask.fired.filter((text) => text.startsWith(event ? "event" : "processing"));
        deepStrictEqual(fired, plain.fire(fired, Infinity, event, Infinity, keyGroups));
      }
    }
  }

  #checkTimerCounts(subtask: Subtask, plain: PlainState = this.#plain): void {
    deepStrictEqual(subtask.handles.timers.count(), plain.countTimers(subtask.backend.keyGroups));
    strictEqual(subtask.handles.timers.earliestProcessingMs(), plain.earliestProcessingMs(subtask.backend.keyGroups));
  }
}

/** A subtask begins where the last of those was whose keys it has. */
function startTime(subtask: Subtask, handles: readonly (KeyedStateHandle | undefined)[]): void {
  const { keyGroups } = subtask.backend;
  const ours = handles.filter((handle) => handle && !isEmptyRange(intersect(handle.keyGroups, keyGroups)));
  const watermarkMs = Math.min(...ours.map((handle) => handle?.watermarkMs ?? 0));
  subtask.hasEnded = watermarkMs === Infinity;
  subtask.watermarkMs = subtask.hasEnded ? 0 : watermarkMs;
  subtask.backend.advanceWatermark(watermarkMs);
}

function readAll({ backend, handles }: Subtask): unknown {
  return {
    count: handles.count.value(),
    box: handles.box.value(),
    list: handles.list.get(),
    map: [...handles.map.entries()],
    sum: handles.sum.get(),
    mean: handles.mean.get(),
    windows: NAMESPACES.map((namespace) => {
      backend.setCurrentNamespace(namespace);
      return [handles.perWindow.value(), handles.perWindowList.get(), [...handles.perWindowMap.entries()]];
    }),
    ttlValue: handles.ttlValue.value(),
    ttlList: handles.ttlList.get(),
    ttlMap: [...handles.ttlMap.entries()],
    ttlEvent: handles.ttlEvent.value(),
  };
}
