/**
 * The rows: one per key that has state, found with one lookup per record. A row leads to the containers of all states of its key.
 *
 * Rows come and go with their contents: a row enters its map with its first container and leaves with its last. So a row may be current without
 * being in a map, and costs nothing there.
 */
import { canonicalKey, isPrimitiveKey, refuseKey } from "../../types/key.ts";
import { keyHash } from "../../types/key-hash.ts";
import { decodeValue, encodeValue } from "../../types/value-codec.ts";
import { MillraceError } from "../../util/errors.ts";
import type { KeyGroupRange } from "../key-groups.ts";
import type { Namespace } from "../keyed-state.ts";
import type { Container } from "./cells.ts";

/** The containers of one state and several namespaces; a single one stands in the slot itself, which saves a Map per row. */
export class Spread {
  /** Distinguishes it from a single container in one comparison. */
  readonly namespace: undefined = undefined;
  readonly containers: Map<Namespace, Container> = new Map();
}

export type Slot = Container | Spread;

/** The key group of the row that is current before any key was set. */
export const NOBODY = -1;

/** Shared by rows with one state; never written to. */
const NO_SLOTS: (Slot | undefined)[] = [];

export class Row {
  readonly key: unknown;
  readonly keyGroup: number;
  /** Slots in use. */
  live = 0;
  /** The last full scan that has passed this row. */
  scannedBy = 0;
  /** Slot 0 stands in the row itself: most operators have one state, and each indirection is a cache miss. */
  first: Slot | undefined = undefined;
  rest: (Slot | undefined)[] = NO_SLOTS;

  constructor(key: unknown, keyGroup: number) {
    this.key = key;
    this.keyGroup = keyGroup;
  }
}

/** Hot. */
export function slotOf(row: Row, index: number): Slot | undefined {
  return index === 0 ? row.first : row.rest[index - 1];
}

/** Hot for windows. */
export function containerIn(row: Row, index: number, namespace: Namespace): Container | undefined {
  const slot = slotOf(row, index);
  if (slot === undefined) return undefined;
  if (slot instanceof Spread) return slot.containers.get(namespace);
  return slot.namespace === namespace ? slot : undefined;
}

function setSlot(row: Row, index: number, slot: Slot | undefined): void {
  if (index === 0) {
    row.first = slot;
    return;
  }
  if (row.rest === NO_SLOTS) row.rest = [];
  while (row.rest.length < index) row.rest.push(undefined);
  row.rest[index - 1] = slot;
}

/** All containers of a row, in the order of states; tolerates changes while it runs. */
export function* containersOf(row: Row): Generator<Container, void> {
  for (let index = 0; index <= row.rest.length; index += 1) {
    const slot = slotOf(row, index);
    if (slot instanceof Spread) yield* slot.containers.values();
    else if (slot !== undefined) yield slot;
  }
}

export class Rows {
  readonly #keyGroups: KeyGroupRange;
  readonly #maxParallelism: number;
  readonly #operatorName: string;
  readonly #primitive = new Map<unknown, Row>();
  /** Tuples and objects, by canonical text. */
  readonly #structural = new Map<string, Row>();

  constructor(options: { readonly keyGroups: KeyGroupRange; readonly maxParallelism: number; readonly operatorName: string }) {
    this.#keyGroups = options.keyGroups;
    this.#maxParallelism = options.maxParallelism;
    this.#operatorName = options.operatorName;
  }

  get size(): number {
    return this.#primitive.size + this.#structural.size;
  }

  /** Hot: one lookup. Undefined also for keys that are refused, and for tuples and objects. */
  find(key: unknown): Row | undefined {
    return this.#primitive.get(key);
  }

  /** What `find` did not find: a tuple, an object, or a new key, whose row enters the map when it gets contents. */
  findOrMake(key: unknown): Row {
    if (isPrimitiveKey(key)) return this.#primitive.get(key) ?? this.#make(key, key === 0 ? 0 : key);
    if (typeof key !== "object" || key === null) refuseKey(key);
    return this.#structural.get(canonicalKey(key)) ?? this.#make(key, decodeValue(encodeValue(key)));
  }

  attach(container: Container): void {
    const { row, state, namespace } = container;
    const slot = slotOf(row, state.index);
    if (slot === undefined) {
      if (row.live === 0) this.#enter(row);
      row.live += 1;
      setSlot(row, state.index, container);
    } else if (slot instanceof Spread) {
      slot.containers.set(namespace ?? 0, container);
    } else {
      const spread = new Spread();
      spread.containers.set(slot.namespace ?? 0, slot);
      spread.containers.set(namespace ?? 0, container);
      setSlot(row, state.index, spread);
    }
  }

  detach(container: Container): void {
    const { row, state, namespace } = container;
    const slot = slotOf(row, state.index);
    if (slot instanceof Spread) {
      slot.containers.delete(namespace ?? 0);
      if (slot.containers.size > 0) return;
    }
    setSlot(row, state.index, undefined);
    row.live -= 1;
    if (row.live === 0) this.#leave(row);
  }

  /** Tolerates changes while it runs: rows that leave are not visited any more, rows that enter are. */
  *all(): Generator<Row, void> {
    yield* this.#primitive.values();
    yield* this.#structural.values();
  }

  #make(given: unknown, key: unknown): Row {
    const keyGroup = keyHash(given) % this.#maxParallelism;
    if (keyGroup < this.#keyGroups.first || keyGroup > this.#keyGroups.last) {
      throw new MillraceError(
        "MR4002",
        `operator "${this.#operatorName}" got a record whose key ${describeKey(key)} belongs to another subtask: ` +
          "the key selector of keyBy must return the same key for the same record every time, and must not change the record",
        { retryable: false },
      );
    }
    return new Row(key, keyGroup);
  }

  #enter(row: Row): void {
    if (row.keyGroup === NOBODY) {
      throw new MillraceError(
        "MR4006",
        `operator "${this.#operatorName}" used keyed state without a current key: use it in processElement and onTimer, not in open or close`,
        { retryable: false },
      );
    }
    if (typeof row.key === "object") this.#structural.set(canonicalKey(row.key), row);
    else this.#primitive.set(row.key, row);
  }

  #leave(row: Row): void {
    if (typeof row.key === "object") this.#structural.delete(canonicalKey(row.key));
    else this.#primitive.delete(row.key);
  }
}

/** A key as errors show it. */
export function describeKey(key: unknown): string {
  return typeof key === "object" || typeof key === "string" ? JSON.stringify(key, (_name, part: unknown) => (typeof part === "bigint" ? `${part}n` : part)) : String(key);
}
