/** Operator state and snapshots of the operator harness: what a task would save and deal out, in memory. */
import type { OperatorListState } from "../../core/state/handles.ts";
import type { KeyedStateBackend, RestoredKeyedFile } from "../../core/state/keyed-state.ts";
import type { OperatorState, RedistributionMode } from "../../core/state/operator-state.ts";
import { decodeValue, encodeValue } from "../../core/types/value-codec.ts";
import type { TimeMs } from "../../core/time/clock.ts";

/** One list of operator state, as it was saved. */
export interface HarnessList {
  readonly name: string;
  readonly mode: RedistributionMode;
  readonly items: readonly unknown[];
}

/** What one subtask of one operator saved. */
export interface HarnessSnapshot {
  readonly lists: readonly HarnessList[];
  readonly keyed: RestoredKeyedFile | undefined;
  readonly watermarkMs: TimeMs;
}

class MemoryList implements OperatorListState<unknown> {
  mode: RedistributionMode;
  items: unknown[];

  constructor(mode: RedistributionMode, items: unknown[]) {
    this.mode = mode;
    this.items = items;
  }

  get(): readonly unknown[] {
    return [...this.items];
  }

  add(value: unknown): void {
    this.items.push(value);
  }

  update(values: Iterable<unknown>): void {
    this.items = [...values];
  }
}

/** Through bytes, so that a value that could not be saved fails here as well. */
function copy(item: unknown): unknown {
  return decodeValue(encodeValue(item));
}

/** Copies at snapshot and restore, as the codec would: what is changed afterwards does not leak in. */
export class MemoryOperatorState implements OperatorState {
  readonly #lists = new Map<string, MemoryList>();
  readonly #restored: ReadonlyMap<string, unknown[]>;

  /** Deals out what `restored` subtasks saved to subtask `index` of `parallelism`, as a restore does. */
  constructor(restored: readonly HarnessSnapshot[], share: { readonly index: number; readonly parallelism: number }) {
    const lists = new Map<string, unknown[]>();
    for (const name of new Set(restored.flatMap((snapshot) => snapshot.lists.map((list) => list.name)))) {
      const saved = restored.map((snapshot) => snapshot.lists.find((list) => list.name === name));
      const mine = saved[share.index]?.items ?? [];
      const all = saved.flatMap((list) => list?.items ?? []);
      const mode = saved.find((list) => list !== undefined)?.mode ?? "split";
      const dealt =
        restored.length === share.parallelism ? mine : all.filter((_, at) => at % share.parallelism === share.index);
      lists.set(name, (mode === "union" ? all : dealt).map(copy));
    }
    this.#restored = lists;
  }

  list<T>(name: string, mode: RedistributionMode): OperatorListState<T> {
    const known = this.#lists.get(name);
    const list = known ?? new MemoryList(mode, this.#restored.get(name) ?? []);
    list.mode = mode;
    this.#lists.set(name, list);
    return list as unknown as OperatorListState<T>; // the caller's type of the items, as with the real one
  }

  /** A list that the operator has asked for. */
  known(name: string): OperatorListState<unknown> | undefined {
    return this.#lists.get(name);
  }

  snapshot(): HarnessList[] {
    return [...this.#lists].map(([name, list]) => ({ name, mode: list.mode, items: list.items.map(copy) }));
  }
}

/** A full snapshot of a keyed backend, serialised at once. */
export function snapshotKeyed(
  backend: KeyedStateBackend,
  checkpointId: number,
  watermarkMs: TimeMs,
): RestoredKeyedFile {
  const snapshot = backend.beginSnapshot(checkpointId, { full: true, watermarkMs });
  while (!snapshot.advance(1_000)) continue;
  const bytes = Buffer.concat(snapshot.chunks());
  if (bytes.length === 0) return { handle: snapshot.stored(undefined), contents: [] };
  const file = { path: `harness/${checkpointId}`, bytes: bytes.length, checksum: snapshot.checksum() };
  return { handle: snapshot.stored(file), contents: [new Uint8Array(bytes)] };
}
