/**
 * The contract of keyed state backends, in two views: what operators use (`KeyedState`), and what the task uses beside it (`KeyedStateBackend`).
 *
 * The row is the unit of lookup, the cell the unit of change: `setCurrentKey` finds the row of a key once per record, and all states and timers of
 * that key hang on it. `test/conformance/keyed-state.ts` is the contract as a test.
 */
import type { TimeMs } from "../time/clock.ts";
import type {
  AggregatingDescriptor,
  KeyedDescriptor,
  ListDescriptor,
  MapDescriptor,
  ReducingDescriptor,
  ValueDescriptor,
} from "./descriptors.ts";
import type { AggregatingState, ListState, MapState, ReducingState, ValueState } from "./handles.ts";
import type { KeyGroupRange } from "./key-groups.ts";
import type { InternalTimers, Namespace, TimerTarget } from "./timers.ts";

export type { Namespace } from "./timers.ts";

export interface BindOptions {
  /** Namespaced handles read and write under `KeyedState.setCurrentNamespace`; plain ones ignore it. Default: false. */
  readonly namespaced?: boolean;
}

/** As operators see it. */
export interface OperatorValueState<T, R = T | undefined> extends ValueState<T, R> {
  /** As `value`, for who will not change what is handed out: the next increment need not hold it. */
  peek(): R;
}

export interface KeyedState {
  /** Hot: one lookup. Refuses null, undefined, NaN, functions and objects with identity (`MR4001`). */
  setCurrentKey(key: unknown): void;
  getCurrentKey(): unknown;
  /** Hot. For namespaced handles only. */
  setCurrentNamespace(namespace: Namespace): void;

  /** Binds a declaration under a name that is unique in the operator. Once per name, before the first record. */
  value<T, R>(name: string, descriptor: ValueDescriptor<T, R>, options?: BindOptions): OperatorValueState<T, R>;
  list<T>(name: string, descriptor: ListDescriptor<T>, options?: BindOptions): ListState<T>;
  map<K, V>(name: string, descriptor: MapDescriptor<K, V>, options?: BindOptions): MapState<K, V>;
  reducing<T>(name: string, descriptor: ReducingDescriptor<T>, options?: BindOptions): ReducingState<T>;
  aggregating<I, A, R>(
    name: string,
    descriptor: AggregatingDescriptor<I, A, R>,
    options?: BindOptions,
  ): AggregatingState<I, R>;
  /** Any keyed declaration; the handle has the type that its kind promises. */
  bind(name: string, descriptor: KeyedDescriptor, options?: BindOptions): unknown;

  /** Timers of one service; the target is called with key and namespace set. `name` is unique in the operator. */
  timers(name: string, target: TimerTarget): InternalTimers;

  /**
   * The watermark that the current key's group had reached when it was saved, `-Infinity` without a restore. It may be ahead of the operator's
   * own after a rescale: a window that it closed must not be opened again.
   */
  restoredWatermarkMs(): TimeMs;
  /** The operator tells its watermark, for TTL by event time. */
  advanceWatermark(watermarkMs: TimeMs): void;
}

/** Keyed state as it was saved, for who reads it without running the operator: states are bound as ever, and those of no interest stay unbound. */
export interface SavedKeyedState extends KeyedState {
  /** Of every state that was saved, bound or not. */
  readonly savedNames: readonly string[];
  /** Every key that has anything. Any key may be made the current one meanwhile. */
  keys(): Iterable<unknown>;
}

/** A file of keyed state in the blob store. */
export interface StateFile {
  readonly path: string;
  readonly bytes: number;
  /** CRC-32 of the whole file. */
  readonly checksum: number;
}

/** How far event time had come. */
export interface SavedTime {
  /** Of the operator. */
  readonly watermarkMs: TimeMs;
  /** By what state has expired, where the watermark does not say it: the last finite one, if the input has ended since. */
  readonly expiryMs?: TimeMs;
}

/** Files to be applied in order, and which key groups of them count. Plain data. */
export interface KeyedStateHandle extends SavedTime {
  readonly keyGroups: KeyGroupRange;
  readonly files: readonly StateFile[];
  /** For key groups restored from further ahead: what they had reached. */
  readonly floors: readonly WatermarkFloor[];
}

export interface WatermarkFloor extends SavedTime {
  readonly keyGroups: KeyGroupRange;
}

/** One snapshot under way. Nothing was copied when it began; cells are serialised in slices, or just before they are touched. */
export interface KeyedSnapshot {
  readonly checkpointId: number;
  /** Serialises a slice of about `cellsMax` cells; true when none is left. */
  advance(cellsMax: number): boolean;
  /** The whole file once `advance` said true, in pieces; empty if nothing changed since the chain it extends, and then no file is written. */
  chunks(): readonly Uint8Array[];
  /** CRC-32 over the pieces. */
  checksum(): number;
  /** Tells where the file went (undefined: none was needed); returns what to acknowledge. */
  stored(file: StateFile | undefined): KeyedStateHandle;
}

export interface RestoredKeyedFile {
  readonly handle: KeyedStateHandle;
  /** The contents of `handle.files`, in the same order. */
  readonly contents: readonly Uint8Array[];
}

export interface KeyedStateBackend extends KeyedState {
  readonly keyGroups: KeyGroupRange;
  /**
   * Loads what was saved, possibly by several subtasks of another parallelism; entries outside `keyGroups` are skipped. Before or after the states are
   * bound: contents of states that are never bound are kept and saved again. `owned`: later snapshots may refer to these files.
   */
  restore(files: readonly RestoredKeyedFile[], options: { readonly owned: boolean }): void;
  /** Hot for input: only closes the epoch. `full`: refer to no earlier file (savepoints). */
  beginSnapshot(checkpointId: number, options: { readonly full: boolean; readonly watermarkMs: TimeMs }): KeyedSnapshot;
  /** The checkpoint is complete: later ones may build on its files, and its change sets can go. Older ids are implied. */
  checkpointCompleted(checkpointId: number): void;
  /** The checkpoint will not complete: what it saved counts as changed again. */
  checkpointAborted(checkpointId: number): void;
  /** Rows and cells, for metrics and tests. */
  size(): { readonly rows: number; readonly cells: number };
}
