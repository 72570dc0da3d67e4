/** What a handler holds of its tables and buffers. Each call reads or writes the state of the address at hand, and takes effect with its turn. */

/** A table, like a Map. Keys are compared by value; values are frozen: replace them with `set`. Reading more than one entry, and `size`, cost a pass over it. */
export interface TableState<K, V> extends Iterable<[K, V]> {
  readonly size: number;
  get(key: K): V | undefined;
  has(key: K): boolean;
  set(key: K, value: V): this;
  /** True: there was one. */
  delete(key: K): boolean;
  /** In order of insertion; what is changed meanwhile is not seen. */
  entries(): IterableIterator<[K, V]>;
  keys(): IterableIterator<K>;
  values(): IterableIterator<V>;
  forEach(visit: (value: V, key: K) => void): void;
  clear(): void;
}

/** A list that is appended to. Elements are frozen. Reading it, and `length`, cost a pass over it. */
export interface BufferState<E> extends Iterable<E> {
  readonly length: number;
  push(element: E): void;
  pushAll(elements: Iterable<E>): void;
  /** These elements in place of all that were there. */
  replace(elements: Iterable<E>): void;
  toArray(): E[];
  clear(): void;
}
