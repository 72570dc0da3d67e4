/**
 * A table of an address in one turn: `ctx.state.<property>`, with the methods of a Map.
 *
 * What the turn changes is a `Change` per key over the table of the keyed state; entries come in the order in which a Map would have them. Keys are compared by value, as those
 * of `keyBy`. Values are frozen: replace them with `set`.
 */
import type { MapState } from "../../core/state/handles.ts";
import { canonicalKey, isPrimitiveKey, refuseKey } from "../../core/types/key.ts";
import type { TableDefinition } from "../define/function-definition.ts";
import { frozenCopy, handedOut } from "./frozen-value.ts";
import { refusedAssignment } from "./state-cell.ts";
import type { CellTurn, StateCell } from "./state-cell.ts";

interface Change {
  readonly key: unknown;
  /** The saved table has the key. */
  readonly saved: boolean;
  /** The entry stands behind all saved ones: it is new, or was deleted and set again. */
  readonly last: boolean;
  present: boolean;
  value: unknown;
}

export class TableCell implements StateCell {
  readonly #turn: CellTurn;
  readonly #state: MapState<unknown, unknown>;
  readonly #definition: TableDefinition;
  readonly #changes = new Map<unknown, Change>();
  /** Everything saved is gone. */
  #cleared = false;
  #dirty = false;
  readonly #view: Table;

  constructor(turn: CellTurn, state: MapState<unknown, unknown>, definition: TableDefinition) {
    this.#turn = turn;
    this.#state = state;
    this.#definition = definition;
    this.#view = new Table(this);
  }

  get(): unknown {
    if (!this.#turn.active) this.#turn.refuse();
    return this.#view;
  }

  set(): never {
    throw refusedAssignment(this.#definition.property, "a table: use its methods, such as set and clear");
  }

  apply(): void {
    if (this.#cleared) this.#state.clear();
    for (const { key, saved, last, present, value } of this.#changes.values()) {
      if (!present || (saved && last)) this.#state.remove(key);
      if (present) this.#state.put(key, value);
    }
    this.discard();
  }

  discard(): void {
    this.#changes.clear();
    this.#cleared = false;
    this.#dirty = false;
  }

  read(key: unknown): unknown {
    this.#begin();
    const change = this.#changes.get(comparable(key));
    if (change !== undefined) return change.present ? handedOut(change.value) : undefined;
    return this.#cleared ? undefined : handedOut(this.#state.get(key));
  }

  has(key: unknown): boolean {
    this.#begin();
    const change = this.#changes.get(comparable(key));
    return change === undefined ? !this.#cleared && this.#state.has(key) : change.present;
  }

  write(givenKey: unknown, givenValue: unknown): void {
    this.#begin();
    const { checkKey, checkValue } = this.#definition;
    const key = frozenCopy(checkKey === undefined ? givenKey : checkKey(givenKey));
    const value = frozenCopy(checkValue === undefined ? givenValue : checkValue(givenValue));
    const found = comparable(key);
    const change = this.#changes.get(found);
    this.#touch();
    if (change?.present === true) {
      change.value = value;
      return;
    }
    const saved = change === undefined ? !this.#cleared && this.#state.has(key) : change.saved;
    this.#changes.delete(found); // so that it comes last
    this.#changes.set(found, { key, saved, last: !saved || change !== undefined, present: true, value });
  }

  remove(key: unknown): boolean {
    this.#begin();
    const found = comparable(key);
    const change = this.#changes.get(found);
    if (change === undefined ? this.#cleared || !this.#state.has(key) : !change.present) return false;
    this.#touch();
    if (change?.saved === false) this.#changes.delete(found);
    else this.#changes.set(found, { key: frozenCopy(key), saved: true, last: false, present: false, value: undefined });
    return true;
  }

  clear(): void {
    this.#begin();
    this.#touch();
    this.#changes.clear();
    this.#cleared = true;
  }

  /** As they are now. */
  entries(): [unknown, unknown][] {
    this.#begin();
    const entries: [unknown, unknown][] = [];
    if (!this.#cleared) {
      for (const [key, value] of this.#state.entries()) {
        const change = this.#changes.size === 0 ? undefined : this.#changes.get(comparable(key));
        if (change === undefined) entries.push([handedOut(key), handedOut(value)]);
        else if (change.present && !change.last) entries.push([change.key, handedOut(change.value)]);
      }
    }
    for (const { key, present, last, value } of this.#changes.values())
      if (present && last) entries.push([key, handedOut(value)]);
    return entries;
  }

  #begin(): void {
    if (!this.#turn.active) this.#turn.refuse();
    if (this.#turn.detached) this.#turn.select();
  }

  #touch(): void {
    if (this.#dirty) return;
    this.#dirty = true;
    this.#turn.changed(this);
  }
}

/** What functions see. */
class Table {
  readonly #cell: TableCell;

  constructor(cell: TableCell) {
    this.#cell = cell;
  }

  get(key: unknown): unknown {
    return this.#cell.read(key);
  }

  has(key: unknown): boolean {
    return this.#cell.has(key);
  }

  set(key: unknown, value: unknown): this {
    this.#cell.write(key, value);
    return this;
  }

  /** Whether there was an entry. */
  delete(key: unknown): boolean {
    return this.#cell.remove(key);
  }

  clear(): void {
    this.#cell.clear();
  }

  /** Costs a pass over the table. */
  get size(): number {
    return this.#cell.entries().length;
  }

  entries(): IterableIterator<[unknown, unknown]> {
    return this.#cell.entries().values();
  }

  keys(): IterableIterator<unknown> {
    return this.#cell
      .entries()
      .map(([key]) => key)
      .values();
  }

  values(): IterableIterator<unknown> {
    return this.#cell
      .entries()
      .map(([, value]) => value)
      .values();
  }

  forEach(visit: (value: unknown, key: unknown) => void): void {
    for (const [key, value] of this.#cell.entries()) visit(value, key);
  }

  [Symbol.iterator](): IterableIterator<[unknown, unknown]> {
    return this.entries();
  }
}

/** Equal for equal keys only; marked so that no text of a user equals that of an object. Refuses with `MR4001`. */
function comparable(key: unknown): unknown {
  if (typeof key === "string") return key.charCodeAt(0) === 0 ? `\u0000t${key}` : key;
  if (isPrimitiveKey(key)) return key;
  if (typeof key !== "object" || key === null) refuseKey(key);
  return `\u0000s${canonicalKey(key)}`;
}
