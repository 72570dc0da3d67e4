/** `map()` state on the heap: each entry is a cell. */
import { decodeValue, encodeValue } from "../../types/value-codec.ts";
import type { MapState } from "../handles.ts";
import { DEAD, EntryCell, IN_USE, MapGroup } from "./cells.ts";
import { mapKey, plainKey } from "./map-key.ts";
import { removeEntry, stamp } from "./removal.ts";
import { slotOf } from "./row.ts";
import { containerIn } from "./rows.ts";
import type { StateContext } from "./state-context.ts";

export class HeapMapState<K, V> implements MapState<K, V> {
  readonly #context: StateContext;

  constructor(context: StateContext) {
    this.#context = context;
  }

  /** Hot. */
  get(key: K): V | undefined {
    const entry = this.#entry(key);
    return entry === undefined ? undefined : this.#handOut(entry);
  }

  /** Hot. */
  put(key: K, value: V): void {
    const { epochs, state, check, sweeper } = this.#context;
    if (check !== undefined) check(value);
    if (state.ttl !== undefined) sweeper.step();
    const accessMs = state.ttl?.nowMs(this.#context.cursor.row.keyGroup);
    const group = this.#group() ?? this.#makeGroup();
    const found = mapKey(key);
    const entry = group.entries.get(found);
    if (entry === undefined || (state.ttl?.isExpired(entry.accessMs, accessMs) ?? false)) {
      if (entry !== undefined) this.#replaceExpired(entry);
      const kept = typeof key === "object" ? decodeValue(encodeValue(key)) : plainKey(key);
      const made = new EntryCell(group, kept, group.nextNumber++, value, accessMs, epochs.bornStamp);
      group.entries.set(found, made);
      epochs.born(made);
    } else {
      if (entry.stamp < epochs.dirtyFrom) epochs.touch(entry);
      entry.value = value;
      entry.accessMs = accessMs;
    }
  }

  putAll(entries: Iterable<readonly [K, V]>): void {
    for (const [key, value] of entries) this.put(key, value);
  }

  has(key: K): boolean {
    return this.#entry(key) !== undefined;
  }

  remove(key: K): void {
    const entry = this.#entry(key);
    if (entry !== undefined) removeEntry(entry, this.#context);
  }

  *entries(): IterableIterator<[K, V]> {
    for (const entry of this.#live()) yield [entry.key as K, this.#handOut(entry)]; // what `put` was given
  }

  *keys(): IterableIterator<K> {
    for (const entry of this.#live()) yield entry.key as K; // what `put` was given
  }

  *values(): IterableIterator<V> {
    for (const entry of this.#live()) yield this.#handOut(entry);
  }

  isEmpty(): boolean {
    return this.#live().next().done === true;
  }

  clear(): void {
    const group = this.#group();
    if (group === undefined) return;
    this.#context.epochs.drop(group, group.entries.size);
    this.#context.rows.detach(group);
  }

  /** The entry of that key, unless it is expired. */
  #entry(key: K): EntryCell | undefined {
    if (this.#context.state.ttl !== undefined) this.#context.sweeper.step();
    const group = this.#group();
    const found = mapKey(key);
    if (group === undefined) return undefined;
    const entry = group.entries.get(found);
    if (entry === undefined) return undefined;
    return this.#unlessExpired(entry) ? entry : undefined;
  }

  *#live(): Generator<EntryCell, void> {
    if (this.#context.state.ttl !== undefined) this.#context.sweeper.step();
    const group = this.#group();
    if (group === undefined) return;
    for (const entry of group.entries.values()) {
      if (group.dropped !== IN_USE) return; // cleared meanwhile
      if (this.#unlessExpired(entry)) yield entry;
    }
  }

  /** False: it was expired, and is removed. */
  #unlessExpired(entry: EntryCell): boolean {
    const { ttl } = this.#context.state;
    if (ttl === undefined) return true;
    const nowMs = ttl.nowMs(entry.home.row.keyGroup);
    if (ttl.isExpired(entry.accessMs, nowMs)) {
      if (entry.stamp !== DEAD) removeEntry(entry, this.#context);
      return false;
    }
    if (ttl.isStampedOnRead(entry.accessMs, nowMs)) stamp(entry, nowMs, this.#context.epochs);
    return true;
  }

  /** Whoever gets an object may change it in place. */
  #handOut(entry: EntryCell): V {
    const { value } = entry;
    const { epochs } = this.#context;
    if (typeof value === "object" && value !== null && entry.stamp < epochs.dirtyFrom) epochs.touch(entry);
    return value as V; // what `put` was given
  }

  /** Only the entry goes: its container is about to get a new one. */
  #replaceExpired(entry: EntryCell): void {
    this.#context.epochs.remove(entry);
    entry.home.entries.delete(mapKey(entry.key));
  }

  #group(): MapGroup | undefined {
    const { cursor, state } = this.#context;
    const found = state.namespaced
      ? containerIn(cursor.row, state.slot, cursor.namespace)
      : slotOf(cursor.row, state.slot);
    return found as MapGroup | undefined; // the slots of this state hold nothing else
  }

  #makeGroup(): MapGroup {
    const { cursor, state, epochs, rows } = this.#context;
    const group = new MapGroup(cursor.row, state, state.namespaced ? cursor.namespace : undefined, epochs.current);
    rows.attach(group);
    return group;
  }
}
