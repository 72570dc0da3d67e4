/**
 * The rows: one per key that has state, found with one lookup per record. A row leads to the containers of all states of its key.
 *
 * Rows that became empty stay for a while, since keys come back: the windows and timers of a key come and go far more often than the key. There are
 * never more empty rows than a few thousand or than rows with contents, whichever is more.
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
import { RowsByKey } from "./rows-by-key.ts";

/** The key group of the row that is current before any key was set. */
export const NOBODY = -1;

/** That many empty rows are not worth a pass. */
const EMPTY_MAX = 16_384;

/** Hot for windows. */
export function containerIn(row: Row, slot: number, namespace: Namespace): Container | undefined {
  const contents = slotOf(row, slot);
  if (contents === undefined) return undefined;
  if (contents instanceof Spread) return contents.containers.get(namespace);
  const single = contents as Container; // timers are not looked for here
  return single.namespace === namespace ? single : undefined;
}

export class Rows {
  readonly #keyGroups: KeyGroupRange;
  readonly #maxParallelism: number;
  readonly #operatorName: string;
  readonly byKey: RowsByKey = new RowsByKey();
  /** Tuples and objects, by canonical text. */
  readonly #structural = new Map<string, Row>();

  #empty = 0;

  constructor(options: {
    readonly keyGroups: KeyGroupRange;
    readonly maxParallelism: number;
    readonly operatorName: string;
  }) {
    this.#keyGroups = options.keyGroups;
    this.#maxParallelism = options.maxParallelism;
    this.#operatorName = options.operatorName;
  }

  /** Rows with contents. */
  get size(): number {
    return this.byKey.size + this.#structural.size - this.#empty;
  }

  /** The row of any key. The row that was current before must not be used any more. */
  findOrMake(key: unknown): Row {
    if (isPrimitiveKey(key)) {
      const row = this.byKey.get(key);
      if (row !== undefined) return row;
      const plain = key === 0 ? 0 : key; // -0
      const made = this.#make(plain, plain);
      this.byKey.add(plain, made);
      return made;
    }
    if (typeof key !== "object" || key === null) refuseKey(key);
    const text = canonicalKey(key);
    const row = this.#structural.get(text);
    if (row !== undefined) return row;
    const made = this.#make(key, decodeValue(encodeValue(key)));
    this.#structural.set(text, made);
    return made;
  }

  /** The row got its value, or the contents of a slot. */
  gained(row: Row): void {
    if (row.live === 0) {
      if (row.keyGroup === NOBODY) this.#refuseNobody();
      this.#empty -= 1;
    }
    row.live += 1;
  }

  /** The row lost its value, or the contents of a slot. */
  lost(row: Row): void {
    row.live -= 1;
    if (row.live === 0) this.#empty += 1;
  }

  attach(container: Container): void {
    const { row, state, namespace } = container;
    const slot = slotOf(row, state.slot);
    if (slot === undefined) {
      this.gained(row);
      setSlot(row, state.slot, container);
    } else if (slot instanceof Spread) {
      slot.containers.set(namespace ?? 0, container);
    } else {
      const single = slot as Container; // timers are not attached here
      const spread = new Spread();
      spread.containers.set(single.namespace ?? 0, single);
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
    this.lost(row);
  }

  /** Tolerates changes while it runs: rows that leave are not visited any more, rows that enter may be. */
  *all(): Generator<Row | undefined, void> {
    yield* this.byKey.values();
    yield* this.#structural.values();
  }

  #make(given: unknown, key: unknown): Row {
    const keyGroup = keyHash(given) % this.#maxParallelism;
    if (keyGroup < this.#keyGroups.first || keyGroup > this.#keyGroups.last) this.#refuseForeign(key);
    if (this.#empty > EMPTY_MAX && this.#empty > this.size) this.#forgetEmpty();
    this.#empty += 1;
    return new Row(key, keyGroup);
  }

  #forgetEmpty(): void {
    this.byKey.removeEmpty();
    for (const [text, row] of this.#structural) if (row.live === 0) this.#structural.delete(text);
    this.#empty = 0;
  }

  #refuseForeign(key: unknown): never {
    throw new MillraceError(
      "MR4002",
      `operator "${this.#operatorName}" got a record whose key ${describeKey(key)} belongs to another subtask: ` +
        "the key selector of keyBy must return the same key for the same record every time, and must not change the record",
      { retryable: false },
    );
  }

  #refuseNobody(): never {
    throw new MillraceError(
      "MR4006",
      `operator "${this.#operatorName}" used keyed state without a current key: use it in processElement and onTimer, not in open or close`,
      { retryable: false },
    );
  }
}

/** A key as errors show it. */
export function describeKey(key: unknown): string {
  if (isPrimitiveKey(key) && typeof key !== "string") return `${key as number}`; // or boolean or bigint: all print
  return JSON.stringify(key, (_name, part: unknown) => (typeof part === "bigint" ? `${part}n` : part));
}
