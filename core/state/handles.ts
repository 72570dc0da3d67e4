/**
 * What user functions hold of their state. Every call reads or writes the state of the current key (and window) only.
 *
 * A mutable value that was handed out may be changed in place until the call of the user function returns, and not afterwards.
 */

export interface ValueState<T, R = T | undefined> {
  value(): R;
  update(value: T): void;
  clear(): void;
}

export interface ListState<T> {
  /** A snapshot of the elements, in order of insertion; empty if there are none. */
  get(): T[];
  add(value: T): void;
  addAll(values: Iterable<T>): void;
  /** Replaces the whole list. */
  update(values: Iterable<T>): void;
  isEmpty(): boolean;
  clear(): void;
}

export interface MapState<K, V> {
  get(key: K): V | undefined;
  put(key: K, value: V): void;
  putAll(entries: Iterable<readonly [K, V]>): void;
  has(key: K): boolean;
  remove(key: K): void;
  /** In order of insertion. Entries may be removed and replaced while iterating. */
  entries(): IterableIterator<[K, V]>;
  keys(): IterableIterator<K>;
  values(): IterableIterator<V>;
  isEmpty(): boolean;
  clear(): void;
}

export interface ReducingState<T> {
  get(): T | undefined;
  add(value: T): void;
  clear(): void;
}

export interface AggregatingState<I, R> {
  get(): R | undefined;
  add(value: I): void;
  clear(): void;
}

export interface OperatorListState<T> {
  get(): readonly T[];
  add(value: T): void;
  update(values: Iterable<T>): void;
}
