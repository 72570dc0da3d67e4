/**
 * A buffer of an address in one turn: `ctx.state.<property>`, a list that is appended to, read and replaced as a whole.
 *
 * What the turn pushes stands behind what is saved, until it is applied. Elements are frozen.
 */
import type { ListState } from "../../core/state/handles.ts";
import type { BufferDefinition } from "../define/function-definition.ts";
import { frozenCopy, handedOut } from "./frozen-value.ts";
import { refusedAssignment } from "./state-cell.ts";
import type { CellTurn, StateCell } from "./state-cell.ts";

export class BufferCell implements StateCell {
  readonly #turn: CellTurn;
  readonly #state: ListState<unknown>;
  readonly #definition: BufferDefinition;
  #pushed: unknown[] = [];
  /** Everything saved is gone. */
  #replaced = false;
  #dirty = false;
  readonly #view: Elements;

  constructor(turn: CellTurn, state: ListState<unknown>, definition: BufferDefinition) {
    this.#turn = turn;
    this.#state = state;
    this.#definition = definition;
    this.#view = new Elements(this);
  }

  get(): unknown {
    if (!this.#turn.active) this.#turn.refuse();
    return this.#view;
  }

  set(): never {
    throw refusedAssignment(this.#definition.property, "a buffer: use its methods, such as push and replace");
  }

  apply(): void {
    if (!this.#replaced) this.#state.addAll(this.#pushed);
    else if (this.#pushed.length === 0) this.#state.clear();
    else this.#state.update(this.#pushed);
    this.discard();
  }

  discard(): void {
    this.#pushed = [];
    this.#replaced = false;
    this.#dirty = false;
  }

  push(values: Iterable<unknown>): void {
    this.#begin();
    const { check } = this.#definition;
    const added: unknown[] = [];
    for (const value of values) added.push(frozenCopy(check === undefined ? value : check(value)));
    this.#touch();
    for (const value of added) this.#pushed.push(value);
  }

  replace(values: Iterable<unknown>): void {
    const kept = [...values]; // may be the buffer itself
    this.#begin();
    this.#touch();
    const before = { pushed: this.#pushed, replaced: this.#replaced };
    this.#pushed = [];
    this.#replaced = true;
    try {
      this.push(kept);
    } catch (error) {
      this.#pushed = before.pushed; // a handler that catches what an element is refused with has changed nothing
      this.#replaced = before.replaced;
      throw error;
    }
  }

  elements(): unknown[] {
    this.#begin();
    const saved = this.#replaced ? [] : this.#state.get();
    return [...saved, ...this.#pushed].map(handedOut);
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
class Elements {
  readonly #cell: BufferCell;

  constructor(cell: BufferCell) {
    this.#cell = cell;
  }

  push(value: unknown): void {
    this.#cell.push([value]);
  }

  pushAll(values: Iterable<unknown>): void {
    this.#cell.push(values);
  }

  replace(values: Iterable<unknown>): void {
    this.#cell.replace(values);
  }

  clear(): void {
    this.#cell.replace([]);
  }

  /** Costs a pass over the buffer, as does every other way of reading it. */
  get length(): number {
    return this.#cell.elements().length;
  }

  toArray(): unknown[] {
    return this.#cell.elements();
  }

  [Symbol.iterator](): IterableIterator<unknown> {
    return this.#cell.elements().values();
  }
}
