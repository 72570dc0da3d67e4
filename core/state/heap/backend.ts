/**
 * Keyed state on the heap. What flows in: keys, and reads and writes of their state through the handles. What flows out: snapshots, made in slices.
 *
 * Read `rows.ts` for how state is found, `cells.ts` for what is saved, `epochs.ts` and `history.ts` for when. State lives in the rows; everything
 * else follows from them or concerns snapshots under way.
 *
 * In development mode, values that could not be saved are refused at the write. Writes to values after the call in which they were handed out
 * are not detected by this backend: such a change is lost on restore if nothing else changes the cell.
 */
import type { Clock, TimeMs } from "../../time/clock.ts";
import { refusalOf } from "../../types/value-codec.ts";
import type { ClassRegistry } from "../../types/value-codec.ts";
import { assert } from "../../util/errors.ts";
import type {
  AggregatingDescriptor,
  KeyedDescriptor,
  ListDescriptor,
  MapDescriptor,
  ReducingDescriptor,
  TtlOptions,
  ValueDescriptor,
} from "../descriptors.ts";
import type { AggregatingState, ListState, MapState, ReducingState } from "../handles.ts";
import type { KeyGroupRange } from "../key-groups.ts";
import type {
  BindOptions,
  KeyedSnapshot,
  KeyedStateBackend,
  Namespace,
  OperatorValueState,
  RestoredKeyedFile,
  SavedKeyedState,
} from "../keyed-state.ts";
import type { InternalTimers, TimerTarget } from "../timers.ts";
import { NO_NAMESPACE } from "../timers.ts";
import { Ttl } from "../ttl.ts";
import type { Duration } from "../../util/duration.ts";
import { HeapAggregatingState } from "./aggregating-state.ts";
import type { Cursor } from "./cursor.ts";
import { Epochs } from "./epochs.ts";
import { ExpiryTimes } from "./expiry-times.ts";
import { Floors, savedTime } from "./floors.ts";
import { FullScan } from "./full-scan.ts";
import { History } from "./history.ts";
import { HeapListState } from "./list-state.ts";
import { HeapMapState } from "./map-state.ts";
import { HeapReducingState } from "./reducing-state.ts";
import { isExpired } from "./removal.ts";
import { restoreFiles } from "./restore.ts";
import { Row } from "./row.ts";
import { RowValueState } from "./row-value-state.ts";
import { NOBODY, Rows } from "./rows.ts";
import type { SectionOptions } from "./section-writer.ts";
import { HeapSnapshot } from "./snapshot.ts";
import type { StateContext } from "./state-context.ts";
import { StateTable } from "./state-table.ts";
import type { StateEntry, StateKind } from "./state-table.ts";
import { Sweeper } from "./sweeper.ts";
import { TimerTable } from "./timer-table.ts";
import { HeapTimers } from "./timers.ts";
import { HeapValueState } from "./value-state.ts";
import { walkRow } from "./walk.ts";

export interface HeapKeyedStateOptions {
  /** What this subtask owns. */
  readonly keyGroups: KeyGroupRange;
  readonly maxParallelism: number;
  readonly clock: Clock;
  /** For errors. */
  readonly operatorName: string;
  /** Checks every written value at once. Default: false. */
  readonly developmentMode?: boolean;
  /** Classes whose instances may be kept. Default: none. */
  readonly classes?: ClassRegistry;
}

export function createHeapKeyedState(options: HeapKeyedStateOptions): KeyedStateBackend {
  return new HeapKeyedState(options);
}

/** Never a key. */
const NO_KEY: unique symbol = Symbol("no key");

export class HeapKeyedState implements KeyedStateBackend, SavedKeyedState {
  readonly keyGroups: KeyGroupRange;
  readonly #cursor: Cursor;
  readonly #rows: Rows;
  /** Of `rows.byKey`, here so that finding a row takes as few steps as possible. */
  readonly #countedRows: readonly (Row | undefined)[];
  readonly #otherRows: ReadonlyMap<unknown, Row>;
  /** The key of the current row if it is a primitive: records of one key often come in a row. */
  #lastKey: unknown = NO_KEY;
  readonly #epochs: Epochs;
  readonly #history: History;
  readonly #table: StateTable;
  readonly #floors: Floors;
  readonly #sweeper: Sweeper;
  readonly #sections: SectionOptions;
  readonly #check: ((value: unknown) => void) | undefined;
  readonly #timers = new TimerTable();
  readonly #services: HeapTimers[] = [];
  readonly #times: ExpiryTimes;
  #scans = 0;

  constructor(options: HeapKeyedStateOptions) {
    const { keyGroups, operatorName, maxParallelism, clock, classes } = options;
    const developmentMode = options.developmentMode ?? false;
    this.keyGroups = keyGroups;
    this.#cursor = { row: new Row(undefined, NOBODY), namespace: NO_NAMESPACE };
    this.#rows = new Rows({ keyGroups, maxParallelism, operatorName });
    this.#countedRows = this.#rows.byKey.counted;
    this.#otherRows = this.#rows.byKey.others;
    this.#table = new StateTable(operatorName);
    this.#sections = { table: this.#table, classes, thorough: developmentMode };
    this.#epochs = new Epochs(this.#sections, this.#timers);
    this.#history = new History(this.#epochs);
    this.#floors = new Floors(keyGroups);
    this.#sweeper = new Sweeper({ rows: this.#rows, epochs: this.#epochs, table: this.#table });
    this.#check = developmentMode ? (value): void => refuseUnsavable(value, classes) : undefined;
    this.#times = new ExpiryTimes(clock, this.#floors);
  }

  /** Hot (bench: keyed count): one lookup, none for the key of the record before. */
  setCurrentKey(key: unknown): void {
    if (key === this.#lastKey) return;
    const row =
      typeof key === "number" && key >>> 0 === key && key < this.#countedRows.length
        ? this.#countedRows[key]
        : this.#otherRows.get(key);
    if (row === undefined) {
      this.#setOtherKey(key);
    } else {
      this.#cursor.row = row;
      this.#lastKey = key;
    }
  }

  getCurrentKey(): unknown {
    return this.#cursor.row.key;
  }

  setCurrentNamespace(namespace: Namespace): void {
    this.#cursor.namespace = namespace;
  }

  value<T, R>(name: string, descriptor: ValueDescriptor<T, R>, options?: BindOptions): OperatorValueState<T, R> {
    const context = this.#bind(name, descriptor, options);
    return RowValueState.fits(context)
      ? new RowValueState(context, descriptor)
      : new HeapValueState(context, descriptor);
  }

  list<T>(name: string, descriptor: ListDescriptor<T>, options?: BindOptions): ListState<T> {
    return new HeapListState(this.#bind(name, descriptor, options));
  }

  map<K, V>(name: string, descriptor: MapDescriptor<K, V>, options?: BindOptions): MapState<K, V> {
    return new HeapMapState(this.#bind(name, descriptor, options));
  }

  reducing<T>(name: string, descriptor: ReducingDescriptor<T>, options?: BindOptions): ReducingState<T> {
    return new HeapReducingState(this.#bind(name, descriptor, options), descriptor);
  }

  aggregating<I, A, R>(
    name: string,
    descriptor: AggregatingDescriptor<I, A, R>,
    options?: BindOptions,
  ): AggregatingState<I, R> {
    return new HeapAggregatingState(this.#bind(name, descriptor, options), descriptor);
  }

  bind(name: string, descriptor: KeyedDescriptor, options?: BindOptions): unknown {
    switch (descriptor.kind) {
      case "value":
        return this.value(name, descriptor, options);
      case "list":
        return this.list(name, descriptor, options);
      case "map":
        return this.map(name, descriptor, options);
      case "reducing":
        return this.reducing(name, descriptor, options);
      case "aggregating":
        return this.aggregating(name, descriptor, options);
    }
  }

  timers(name: string, target: TimerTarget): InternalTimers {
    const state = this.#table.bind(name, "timers", false);
    const select = (row: Row, namespace: Namespace): void => this.#select(row, namespace);
    const service = new HeapTimers(this.#context(state), target, this.#timers, select);
    this.#services.push(service);
    return service;
  }

  restoredWatermarkMs(): TimeMs {
    return this.#floors.of(this.#cursor.row.keyGroup);
  }

  advanceWatermark(watermarkMs: TimeMs): void {
    this.#times.advance(watermarkMs);
  }

  restore(files: readonly RestoredKeyedFile[], options: { readonly owned: boolean }): void {
    assert(this.#epochs.current === 1, "state was restored after a snapshot");
    const base = restoreFiles(files, {
      keyGroups: this.keyGroups,
      rows: this.#rows,
      table: this.#table,
      timers: this.#timers,
      classes: this.#sections.classes,
    });
    this.#epochs.restored();
    this.#history.restored(options.owned ? base : undefined);
    this.#floors.restore(files.map(({ handle }) => handle));
    for (const service of this.#services) service.restored();
  }

  beginSnapshot(
    checkpointId: number,
    options: { readonly full: boolean; readonly watermarkMs: TimeMs },
  ): KeyedSnapshot {
    const base = options.full ? undefined : this.#history.baseForNext();
    const epoch = this.#epochs.close();
    const time = savedTime(options.watermarkMs, this.#times.reachedMs);
    const common = { checkpointId, epoch, keyGroups: this.keyGroups, time, floors: this.#floors.above(time) };
    let snapshot: HeapSnapshot;
    if (base === undefined) {
      this.#scans += 1;
      // At the barrier, whatever the time is when the cell has its turn: what is alive now is alive for whoever starts from here.
      const times = this.#times.stopped();
      const scan = new FullScan({
        id: this.#scans,
        epoch,
        rows: this.#rows,
        timers: this.#timers,
        sections: this.#sections,
        expired: (cell) => isExpired(cell, this.#table, times),
      });
      this.#epochs.startScan(scan);
      snapshot = new HeapSnapshot({ ...common, base, firstEpoch: epoch + 1 }, [scan], this.#table, () =>
        this.#epochs.endScan(scan),
      );
    } else {
      const first = base.epoch + 1;
      snapshot = new HeapSnapshot(
        { ...common, base, firstEpoch: first },
        this.#epochs.range(first, epoch),
        this.#table,
        () => this.#history.release(),
      );
    }
    this.#history.began(snapshot, { savepoint: options.full });
    return snapshot;
  }

  checkpointCompleted(checkpointId: number): void {
    this.#history.completed(checkpointId);
  }

  checkpointAborted(checkpointId: number): void {
    this.#history.aborted(checkpointId)?.discard();
    this.#history.release();
  }

  size(): { readonly rows: number; readonly cells: number } {
    let cells = this.#timers.count;
    for (const row of this.#rows.all()) if (row !== undefined) for (const _cell of walkRow(row)) cells += 1;
    return { rows: this.#rows.size, cells };
  }

  get savedNames(): readonly string[] {
    return this.#table.entries.filter(({ kind }) => kind !== "timers").map(({ name }) => name);
  }

  *keys(): Generator<unknown, void> {
    for (const row of this.#rows.all()) if (row !== undefined && row.live > 0) yield row.key;
  }

  #setOtherKey(key: unknown): void {
    this.#cursor.row = this.#rows.findOrMake(key);
    this.#lastKey = typeof key === "object" ? NO_KEY : key; // an object may be changed in place
  }

  #select(row: Row, namespace: Namespace): void {
    this.#cursor.row = row;
    this.#cursor.namespace = namespace;
    this.#lastKey = typeof row.key === "object" ? NO_KEY : row.key;
  }

  #bind(
    name: string,
    descriptor: { readonly kind: StateKind; readonly ttl: Duration | TtlOptions | undefined },
    options?: BindOptions,
  ): StateContext {
    const state = this.#table.bind(name, descriptor.kind, options?.namespaced ?? false);
    if (descriptor.ttl !== undefined) state.ttl = new Ttl(descriptor.ttl, this.#times);
    return this.#context(state);
  }

  #context(state: StateEntry): StateContext {
    return {
      cursor: this.#cursor,
      epochs: this.#epochs,
      rows: this.#rows,
      table: this.#table,
      state,
      sweeper: this.#sweeper,
      check: this.#check,
    };
  }
}

function refuseUnsavable(value: unknown, classes: ClassRegistry | undefined): void {
  const refusal = refusalOf(value, classes);
  if (refusal !== undefined) throw refusal;
}
