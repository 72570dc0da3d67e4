/**
 * Puts saved entries back into rows. What flows in: files of one or several old subtasks, in order. What flows out: rows and containers, as they were;
 * entries of key groups that are not ours are read and passed over.
 */
import type { TimeMs } from "../../time/clock.ts";
import type { ClassRegistry, ValueReader } from "../../types/value-codec.ts";
import { MillraceError } from "../../util/errors.ts";
import { intersect, isEmptyRange } from "../key-groups.ts";
import type { KeyGroupRange } from "../key-groups.ts";
import type { Namespace, RestoredKeyedFile, StateFile } from "../keyed-state.ts";
import { DEAD, EntryCell, ListChunk, ListGroup, MapGroup, RESTORED, ValueCell } from "./cells.ts";
import type { Container } from "./cells.ts";
import type { FileChain } from "./history.ts";
import { mapKey } from "./map-key.ts";
import { RestoredTimers } from "./restored-timers.ts";
import type { TimerId } from "./restored-timers.ts";
import { slotOf } from "./row.ts";
import type { Row } from "./row.ts";
import { containerIn } from "./rows.ts";
import type { Rows } from "./rows.ts";
import * as format from "./section-format.ts";
import { readFile } from "./section-reader.ts";
import type { EntryHead, SectionTarget } from "./section-reader.ts";
import { IN_ROW } from "./state-table.ts";
import type { StateTable } from "./state-table.ts";
import type { TimerTable } from "./timer-table.ts";

export interface RestoreOptions {
  readonly keyGroups: KeyGroupRange;
  readonly rows: Rows;
  readonly table: StateTable;
  readonly timers: TimerTable;
  readonly classes: ClassRegistry | undefined;
}

/** Loads all files; returns what later snapshots may build on, undefined if the files together are not exactly our state. */
export function restoreFiles(files: readonly RestoredKeyedFile[], options: RestoreOptions): FileChain | undefined {
  const target = new RestoreTarget(options.rows);
  const chain: StateFile[] = [];
  const others: { readonly keyGroups: KeyGroupRange; readonly spans: KeyGroupRange[] }[] = [];
  let fullBytes = 0;
  for (const { handle, contents } of files) {
    target.keyGroups = intersect(handle.keyGroups, options.keyGroups);
    if (isEmptyRange(target.keyGroups)) continue;
    const spans: KeyGroupRange[] = [];
    for (const [index, file] of handle.files.entries()) {
      const bytes = contents[index];
      if (bytes === undefined)
        throw new MillraceError("MR4005", `the state file ${file.path} is missing: restore from another checkpoint`);
      const header = readFile(file, bytes, { table: options.table, classes: options.classes, target });
      spans.push(header.keyGroups);
      chain.push(file);
      if (header.full) fullBytes += file.bytes;
    }
    others.push({ keyGroups: target.keyGroups, spans });
  }
  target.putMapsInOrder();
  options.timers.restore(target.timers.inOrder());
  // A file must hold nothing of the key groups that another handle answers for, or applying all in order would bring old entries back.
  const exact = others.every((one) =>
    others.every((other) => one === other || one.spans.every((span) => isEmptyRange(intersect(span, other.keyGroups)))),
  );
  return exact ? { epoch: 0, files: chain, fullBytes } : undefined;
}

class RestoreTarget implements SectionTarget<Row> {
  keyGroups: KeyGroupRange = { first: 0, last: -1 };
  readonly timers: RestoredTimers;
  readonly #rows: Rows;
  /** Maps whose entries came in another order than they were inserted. */
  readonly #disordered = new Set<MapGroup>();

  constructor(rows: Rows) {
    this.#rows = rows;
    this.timers = new RestoredTimers(rows);
  }

  key(keyGroup: number, key: unknown): Row | undefined {
    if (keyGroup < this.keyGroups.first || keyGroup > this.keyGroups.last) return undefined;
    return this.#rows.findOrMake(key);
  }

  entry(row: Row | undefined, operation: number, at: EntryHead, reader: ValueReader): void {
    switch (operation) {
      case format.PUT_VALUE:
        return this.#putValue(row, at, reader);
      case format.PUT_CHUNK:
        return this.#putChunk(row, at, reader);
      case format.PUT_ENTRY:
        return this.#putEntry(row, at, reader);
      case format.PUT_TIMER:
        return this.#putTimer(row, at, reader);
      case format.DELETE_VALUE:
        return this.#deleteValue(row, at);
      case format.DROP:
        return this.#dropContainer(row, at);
      case format.DELETE_CHUNK:
        return this.#deleteChunk(row, at, reader);
      case format.DELETE_ENTRY:
        return this.#deleteEntry(row, at, reader);
      case format.DELETE_TIMER:
        return this.#deleteTimer(row, at, reader);
      default:
        throw new MillraceError("MR4102", `operation ${operation} is unknown to this version`);
    }
  }

  /** Once all files are read. */
  putMapsInOrder(): void {
    for (const group of this.#disordered) {
      const entries = [...group.entries].sort(([, left], [, right]) => left.number - right.number);
      group.entries.clear();
      for (const [key, entry] of entries) group.entries.set(key, entry);
    }
  }

  #putValue(row: Row | undefined, at: EntryHead, reader: ValueReader): void {
    const accessMs = readAccess(at, reader);
    const value = reader.readValue();
    if (row === undefined) return;
    if (at.state.slot === IN_ROW) {
      if (row.stamp < 0) this.#rows.gained(row);
      row.stamp = RESTORED;
      row.value = value;
      row.accessMs = accessMs;
      return;
    }
    const cell = find(row, at) as ValueCell | undefined; // states of this kind hold nothing else
    if (cell === undefined) {
      this.#rows.attach(new ValueCell(row, at.state, namespaceOf(at), value, accessMs, RESTORED));
    } else {
      cell.value = value;
      cell.accessMs = accessMs;
    }
  }

  #putEntry(row: Row | undefined, at: EntryHead, reader: ValueReader): void {
    const key = reader.readValue();
    const number = reader.readUint();
    const accessMs = readAccess(at, reader);
    const value = reader.readValue();
    if (row === undefined) return;
    const group =
      (find(row, at) as MapGroup | undefined) ?? this.#attach(new MapGroup(row, at.state, namespaceOf(at), 0)); // as above
    const known = mapKey(key);
    if (!group.entries.has(known) && number < group.nextNumber) this.#disordered.add(group);
    group.entries.set(known, new EntryCell(group, key, number, value, accessMs, RESTORED));
    group.nextNumber = Math.max(group.nextNumber, number + 1);
  }

  #putChunk(row: Row | undefined, at: EntryHead, reader: ValueReader): void {
    const number = reader.readUint();
    const count = reader.readUint();
    const times: (TimeMs | undefined)[] = [];
    const items: unknown[] = [];
    if (at.hasAccessTime) for (let left = count; left > 0; left -= 1) times.push(orUndefined(reader.readFloat()));
    for (let left = count; left > 0; left -= 1) items.push(reader.readValue());
    if (row === undefined) return;
    const group =
      (find(row, at) as ListGroup | undefined) ?? this.#attach(new ListGroup(row, at.state, namespaceOf(at), 0)); // as above
    const chunk = new ListChunk(group, number, items, at.hasAccessTime ? times : undefined, RESTORED);
    const place = group.chunks.findLastIndex((other) => other.number <= number);
    const replaced = place >= 0 && group.chunks[place]?.number === number ? 1 : 0;
    group.chunks.splice(replaced === 1 ? place : place + 1, replaced, chunk);
  }

  #putTimer(row: Row | undefined, at: EntryHead, reader: ValueReader): void {
    const timer = readTimer(at, reader);
    const number = reader.readUint();
    if (row !== undefined) this.timers.put(row, timer, number);
  }

  #deleteValue(row: Row | undefined, at: EntryHead): void {
    if (at.state.slot !== IN_ROW) return this.#dropContainer(row, at);
    if (row === undefined || row.stamp < 0) return;
    row.stamp = DEAD;
    row.value = undefined;
    this.#rows.lost(row);
  }

  #dropContainer(row: Row | undefined, at: EntryHead): void {
    const container = row === undefined ? undefined : find(row, at);
    if (container !== undefined) this.#rows.detach(container);
  }

  #deleteEntry(row: Row | undefined, at: EntryHead, reader: ValueReader): void {
    const key = reader.readValue();
    const group = row === undefined ? undefined : (find(row, at) as MapGroup | undefined); // as above
    if (group === undefined) return;
    group.entries.delete(mapKey(key));
    if (group.entries.size === 0) this.#rows.detach(group);
  }

  #deleteChunk(row: Row | undefined, at: EntryHead, reader: ValueReader): void {
    const number = reader.readUint();
    const group = row === undefined ? undefined : (find(row, at) as ListGroup | undefined); // as above
    if (group === undefined) return;
    group.chunks = group.chunks.filter((chunk) => chunk.number !== number);
    if (group.chunks.length === 0) this.#rows.detach(group);
  }

  #deleteTimer(row: Row | undefined, at: EntryHead, reader: ValueReader): void {
    const timer = readTimer(at, reader);
    if (row !== undefined) this.timers.delete(row, timer);
  }

  #attach<C extends Container>(container: C): C {
    this.#rows.attach(container);
    return container;
  }
}

function find(row: Row, at: EntryHead): Container | undefined {
  const namespace = namespaceOf(at);
  if (namespace !== undefined) return containerIn(row, at.state.slot, namespace);
  return slotOf(row, at.state.slot) as Container | undefined; // only namespaced states spread
}

function namespaceOf(at: EntryHead): Namespace | undefined {
  return at.namespace as Namespace | undefined; // written from one
}

function readAccess(at: EntryHead, reader: ValueReader): TimeMs | undefined {
  return at.hasAccessTime ? orUndefined(reader.readFloat()) : undefined;
}

/** NaN: it has not met its clock yet. */
function orUndefined(accessMs: TimeMs): TimeMs | undefined {
  return Number.isNaN(accessMs) ? undefined : accessMs;
}

function readTimer({ state }: EntryHead, reader: ValueReader): TimerId {
  const event = reader.readByte() === 1;
  const namespace = reader.readValue() as Namespace; // written from one
  return { home: { state, event }, namespace, timeMs: reader.readFloat() };
}
