/** `list()` state on the heap: chunks of up to 64 elements are cells, so that appending costs the same however long the list is. */
import type { TimeMs } from "../../time/clock.ts";
import type { ListState } from "../handles.ts";
import { ListChunk, ListGroup } from "./cells.ts";
import { trimChunk } from "./removal.ts";
import { slotOf } from "./row.ts";
import { containerIn } from "./rows.ts";
import type { StateContext } from "./state-context.ts";

const CHUNK_ITEMS_MAX = 64;

export class HeapListState<T> implements ListState<T> {
  readonly #context: StateContext;

  constructor(context: StateContext) {
    this.#context = context;
  }

  get(): T[] {
    const all: T[] = [];
    for (const chunk of this.#live()) {
      let mutable = false;
      for (const item of chunk.items) {
        mutable ||= typeof item === "object" && item !== null;
        all.push(item as T); // what `add` was given
      }
      // Whoever gets an object may change it in place.
      if (mutable && chunk.stamp < this.#context.epochs.dirtyFrom) this.#context.epochs.touch(chunk);
    }
    return all;
  }

  /** Hot. */
  add(value: T): void {
    const { cursor, epochs, state, check, sweeper } = this.#context;
    if (check !== undefined) check(value);
    if (state.ttl !== undefined) sweeper.step();
    const group = this.#group() ?? this.#makeGroup();
    const times = state.ttl === undefined ? undefined : [state.ttl.nowMs(cursor.row.keyGroup)];
    const last = group.chunks[group.chunks.length - 1];
    if (last === undefined || last.items.length >= CHUNK_ITEMS_MAX) {
      this.#addChunk(group, last === undefined ? 0 : last.number + 1, value, times);
    } else {
      if (last.stamp < epochs.dirtyFrom) epochs.touch(last);
      if (times !== undefined) (last.accessMs ??= last.items.map(() => undefined)).push(...times);
      last.items.push(value);
    }
  }

  addAll(values: Iterable<T>): void {
    for (const value of values) this.add(value);
  }

  update(values: Iterable<T>): void {
    const replacement = [...values];
    this.clear();
    this.addAll(replacement);
  }

  isEmpty(): boolean {
    return this.#live().next().done === true;
  }

  clear(): void {
    const group = this.#group();
    if (group === undefined) return;
    this.#context.epochs.drop(group, group.chunks.length);
    this.#context.rows.detach(group);
  }

  /** Chunks with elements, without those that are expired. */
  *#live(): Generator<ListChunk, void> {
    const { ttl } = this.#context.state;
    if (ttl !== undefined) this.#context.sweeper.step();
    const group = this.#group();
    if (group === undefined) return;
    for (const chunk of ttl === undefined ? group.chunks : [...group.chunks]) {
      if (ttl !== undefined) {
        trimChunk(chunk, ttl, this.#context);
        if (ttl.refreshOnRead && chunk.items.length > 0) this.#refresh(chunk, ttl.nowMs(group.row.keyGroup));
      }
      if (chunk.items.length > 0) yield chunk;
    }
  }

  #refresh(chunk: ListChunk, nowMs: TimeMs | undefined): void {
    const { epochs } = this.#context;
    if (chunk.stamp < epochs.dirtyFrom) epochs.touch(chunk);
    chunk.accessMs = chunk.items.map(() => nowMs);
  }

  #addChunk(group: ListGroup, number: number, value: T, times: (TimeMs | undefined)[] | undefined): void {
    const { epochs } = this.#context;
    const chunk = new ListChunk(group, number, [value], times, epochs.bornStamp);
    group.chunks.push(chunk);
    epochs.born(chunk);
  }

  #group(): ListGroup | undefined {
    const { cursor, state } = this.#context;
    const found = state.namespaced
      ? containerIn(cursor.row, state.slot, cursor.namespace)
      : slotOf(cursor.row, state.slot);
    return found as ListGroup | undefined; // the slots of this state hold nothing else
  }

  #makeGroup(): ListGroup {
    const { cursor, state, epochs, rows } = this.#context;
    const group = new ListGroup(cursor.row, state, state.namespaced ? cursor.namespace : undefined, epochs.current);
    rows.attach(group);
    return group;
  }
}
