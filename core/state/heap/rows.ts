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
import { Spread } from "./cells.ts";
import type { Container } from "./cells.ts";
import { Row, setSlot, slotOf } from "./row.ts";

/** The key group of the row that is current before any key was set. */
export const NOBODY = -1;

/** Hot for windows. */
export function containerIn(row: Row, slot: number, namespace: Namespace): Container | undefined {
  const contents = slotOf(row, slot);
  if (contents === undefined) return undefined;
  if (contents instanceof Spread) return contents.containers.get(namespace);
  return contents.namespace === namespace ? contents : undefined;
}

export class Rows {
  readonly #keyGroups: KeyGroupRange;
  readonly #maxParallelism: number;
  readonly #operatorName: string;
  /** Primitive keys. Hot: read directly by the backend. */
  readonly byKey: Map<unknown, Row> = new Map();
  /** Tuples and objects, by canonical text. */
  readonly #structural = new Map<string, Row>();

  constructor(options: { readonly keyGroups: KeyGroupRange; readonly maxParallelism: number; readonly operatorName: string }) {
    this.#keyGroups = options.keyGroups;
    this.#maxParallelism = options.maxParallelism;
    this.#operatorName = options.operatorName;
  }

  get size(): number {
    return this.byKey.size + this.#structural.size;
  }

  /** The row of any key; that of a new key enters the map when it gets contents. */
  findOrMake(key: unknown): Row {
    if (isPrimitiveKey(key)) return this.byKey.get(key) ?? this.#make(key, key === 0 ? 0 : key);
    if (typeof key !== "object" || key === null) refuseKey(key);
    return this.#structural.get(canonicalKey(key)) ?? this.#make(key, decodeValue(encodeValue(key)));
  }

  /** The row got a value of its own. */
  attachValue(row: Row): void {
    if (row.live === 0) this.#enter(row);
    row.live += 1;
  }

  /** The row lost its value. */
  detachValue(row: Row): void {
    row.live -= 1;
    if (row.live === 0) this.#leave(row);
  }

  attach(container: Container): void {
    const { row, state, namespace } = container;
    const slot = slotOf(row, state.slot);
    if (slot === undefined) {
      if (row.live === 0) this.#enter(row);
      row.live += 1;
      setSlot(row, state.slot, container);
    } else if (slot instanceof Spread) {
      slot.containers.set(namespace ?? 0, container);
    } else {
      const spread = new Spread();
      spread.containers.set(slot.namespace ?? 0, slot);
      spread.containers.set(namespace ?? 0, container);
      setSlot(row, state.slot, spread);
    }
  }

  detach(container: Container): void {
    const { row, state, namespace } = container;
    const slot = slotOf(row, state.slot);
    if (slot instanceof Spread) {
      slot.containers.delete(namespace ?? 0);
      if (slot.containers.size > 0) return;
    }
    setSlot(row, state.slot, undefined);
    row.live -= 1;
    if (row.live === 0) this.#leave(row);
  }

  /** Tolerates changes while it runs: rows that leave are not visited any more, rows that enter are. */
  *all(): Generator<Row, void> {
    yield* this.byKey.values();
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
    else this.byKey.set(row.key, row);
  }

  #leave(row: Row): void {
    if (typeof row.key === "object") this.#structural.delete(canonicalKey(row.key));
    else this.byKey.delete(row.key);
  }
}

/** A key as errors show it. */
export function describeKey(key: unknown): string {
  return typeof key === "object" || typeof key === "string" ? JSON.stringify(key, (_name, part: unknown) => (typeof part === "bigint" ? `${part}n` : part)) : String(key);
}
