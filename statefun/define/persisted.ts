/**
 * State as fields of a function object: `readonly seenCount = PersistedValue.of("seen-count", { default: 0 })`, for those who know the original.
 *
 * A field holds no value itself: it reaches into the state of the turn at hand, which is that of one address. `persisted-fields.ts` says how.
 */
import type { Expiration } from "./function-definition.ts";
import type { MessageType } from "./message-type.ts";
import { newField, stateOf } from "./persisted-fields.ts";
import type { Field, Persisted } from "./persisted-fields.ts";
import { buffer, table, value } from "./state-specs.ts";
import type { BufferState, TableState } from "./state-views.ts";

export interface PersistedOptions {
  /** Default: kept for ever. */
  readonly expire?: Expiration;
}

/**
 * One value per address.
 *
 * Errors: `MR9015` the name is empty; `MR9016` it is used outside of a turn, or is no field of a function object.
 * Source: `PersistedValue` of Flink's Stateful Functions.
 *
 * @example
 * class Counter implements StatefulFunction {
 *   readonly seen = PersistedValue.of("seen", { default: 0 });
 *   invoke(): void {
 *     this.seen.set(this.seen.get() + 1);
 *   }
 * }
 * console.log(new Counter().seen.name);
 */
export class PersistedValue<T, R = T | undefined> implements Persisted {
  /** @internal */
  readonly persistedField: Field;
  declare readonly __read?: R; // carries the type only; never set

  private constructor(field: Field) {
    this.persistedField = field;
  }

  /** Declares a value, as a field of a function. With a default, `get()` returns that until the first `set`. */
  static of<T>(
    name: string,
    options: PersistedOptions & { readonly type?: MessageType; readonly default: T },
  ): PersistedValue<T, T>;
  static of<T>(name: string, options?: PersistedOptions & { readonly type?: MessageType }): PersistedValue<T>;
  static of<T>(
    name: string,
    options: PersistedOptions & { readonly type?: MessageType; readonly default?: T } = {},
  ): PersistedValue<T> {
    const { type, ...rest } = options;
    const spec = type === undefined ? value<unknown>(rest) : value(type, rest);
    return new PersistedValue<T>(newField("PersistedValue", name, spec));
  }

  /** Under which it is saved. */
  get name(): string {
    return this.persistedField.name;
  }

  /** The value; without one, the default, or `undefined`. */
  get(): R {
    return stateOf(this.persistedField)[this.name] as R; // what `set` was given, or the default
  }

  /** Writes the value; `undefined` clears it. */
  set(written: T | undefined): void {
    stateOf(this.persistedField)[this.name] = written;
  }

  /** Removes the value. */
  clear(): void {
    this.set(undefined);
  }

  /** Writes what the function makes of the value, and returns it. */
  updateAndGet(update: (current: R) => T): T {
    const updated = update(this.get());
    this.set(updated);
    return updated;
  }

  /** The value; without one, this default, or what it returns. */
  getOrDefault(otherwise: T | (() => T)): T {
    const current = stateOf(this.persistedField)[this.name] as T | undefined; // what `set` was given
    if (current !== undefined) return current;
    return typeof otherwise === "function" ? (otherwise as () => T)() : otherwise; // functions are no values of a state
  }
}

/**
 * A map per address.
 *
 * Errors: `MR9015` the name is empty; `MR9016` it is used outside of a turn, or is no field of a function object.
 * Source: `PersistedTable` of Flink's Stateful Functions.
 *
 * @example
 * class Stock implements StatefulFunction {
 *   readonly amounts = PersistedTable.of<string, number>("amounts");
 *   invoke(_context: Context, input: unknown): void {
 *     this.amounts.set(String(input), 1);
 *   }
 * }
 * console.log(new Stock().amounts.name);
 */
export class PersistedTable<K, V> implements Persisted {
  /** @internal */
  readonly persistedField: Field;

  private constructor(field: Field) {
    this.persistedField = field;
  }

  /** Declares a table, as a field of a function. */
  static of<K, V>(
    name: string,
    options: PersistedOptions & { readonly keyType?: MessageType; readonly valueType?: MessageType } = {},
  ): PersistedTable<K, V> {
    const { keyType, valueType, ...rest } = options;
    const spec =
      keyType === undefined && valueType === undefined
        ? table<unknown, unknown>(rest)
        : table(keyType as MessageType, valueType as MessageType, rest); // which refuses one without the other
    return new PersistedTable<K, V>(newField("PersistedTable", name, spec));
  }

  /** Under which it is saved. */
  get name(): string {
    return this.persistedField.name;
  }

  /** The value of a key, or `undefined`. */
  get(key: K): V | undefined {
    return this.#table.get(key);
  }

  /** Writes the value of a key. */
  set(key: K, written: V): void {
    this.#table.set(key, written);
  }

  /** Removes a key. */
  remove(key: K): void {
    this.#table.delete(key);
  }

  /** All entries, in order of insertion. */
  entries(): Iterable<[K, V]> {
    return this.#table.entries();
  }

  /** All keys, in order of insertion. */
  keys(): Iterable<K> {
    return this.#table.keys();
  }

  /** All values, in order of insertion. */
  values(): Iterable<V> {
    return this.#table.values();
  }

  /** Removes everything. */
  clear(): void {
    this.#table.clear();
  }

  get #table(): TableState<K, V> {
    return stateOf(this.persistedField)[this.name] as TableState<K, V>; // as declared
  }
}

/**
 * A list per address, which is appended to.
 *
 * Errors: `MR9015` the name is empty; `MR9016` it is used outside of a turn, or is no field of a function object.
 * Source: `PersistedAppendingBuffer` of Flink's Stateful Functions.
 *
 * @example
 * class History implements StatefulFunction {
 *   readonly pages = PersistedAppendingBuffer.of<string>("pages");
 *   invoke(_context: Context, input: unknown): void {
 *     this.pages.append(String(input));
 *   }
 * }
 * console.log(new History().pages.name);
 */
export class PersistedAppendingBuffer<E> implements Persisted {
  /** @internal */
  readonly persistedField: Field;

  private constructor(field: Field) {
    this.persistedField = field;
  }

  /** Declares a buffer, as a field of a function. */
  static of<E>(
    name: string,
    options: PersistedOptions & { readonly type?: MessageType } = {},
  ): PersistedAppendingBuffer<E> {
    const { type, ...rest } = options;
    const spec = type === undefined ? buffer(rest) : buffer(type, rest);
    return new PersistedAppendingBuffer<E>(newField("PersistedAppendingBuffer", name, spec));
  }

  /** Under which it is saved. */
  get name(): string {
    return this.persistedField.name;
  }

  /** Adds an element at the end. */
  append(element: E): void {
    this.#buffer.push(element);
  }

  /** Adds elements at the end. */
  appendAll(elements: Iterable<E>): void {
    this.#buffer.pushAll(elements);
  }

  /** These elements in place of all that were there. */
  replaceWith(elements: Iterable<E>): void {
    this.#buffer.replace(elements);
  }

  /** The elements, in order. */
  view(): Iterable<E> {
    return this.#buffer;
  }

  /** Removes everything. */
  clear(): void {
    this.#buffer.clear();
  }

  get #buffer(): BufferState<E> {
    return stateOf(this.persistedField)[this.name] as BufferState<E>; // as declared
  }
}
