/**
 * What one turn sees and changes of one state of its address: a cell per declared state and turn object. Reads go to the keyed state, writes stay in the cell until the turn is
 * applied, or are dropped when its handler throws.
 *
 * This file has the contract and the cell of single values; `table-cell.ts` and `buffer-cell.ts` have the others.
 */
import { MillraceError } from "../../core/util/errors.ts";
import type { OperatorValueState } from "../../core/state/keyed-state.ts";
import type { Check } from "../define/function-definition.ts";
import { frozenCopy, handedOut } from "./frozen-value.ts";

export interface StateCell {
  /** What `ctx.state.<property>` is. */
  get(): unknown;
  /** Assigns to the property. */
  set(value: unknown): void;
  /** Writes what has changed to the keyed state. The key is set. */
  apply(): void;
  /** Forgets what has changed. */
  discard(): void;
}

/** The turn, as its cells know it. */
export interface CellTurn {
  /** False: the turn is over, and whoever still has its context must not use it. */
  readonly active: boolean;
  /** The handler went on after its message's step: others have had their turns since, so the key has to be set before state is read. */
  readonly detached: boolean;
  /** Throws `MR9020`. */
  refuse(): never;
  /** Makes the turn's address the current key again. */
  select(): void;
  /** The cell has something to apply, once per turn. */
  changed(cell: StateCell): void;
}

/** Of a table or buffer, which are changed by their methods. */
export function refusedAssignment(property: string, what: string): MillraceError {
  return new MillraceError("MR9021", `ctx.state.${property} cannot be assigned: it is ${what}`, { retryable: false });
}

export class ValueCell implements StateCell {
  readonly #turn: CellTurn;
  readonly #state: OperatorValueState<unknown>;
  readonly #check: Check | undefined;
  readonly #default: unknown;
  #dirty = false;
  #value: unknown = undefined;

  /** `shown`: while nothing is saved; frozen. */
  constructor(
    turn: CellTurn,
    state: OperatorValueState<unknown>,
    options: { readonly check: Check | undefined; readonly shown: unknown },
  ) {
    this.#turn = turn;
    this.#state = state;
    this.#check = options.check;
    this.#default = options.shown;
  }

  /** Hot. */
  get(): unknown {
    const turn = this.#turn;
    if (!turn.active) turn.refuse();
    let value: unknown;
    if (this.#dirty) {
      value = this.#value;
    } else {
      if (turn.detached) turn.select();
      value = this.#state.peek();
    }
    if (value === undefined) value = this.#default;
    return handedOut(value);
  }

  /** Hot. `undefined` clears: the default shows again. */
  set(value: unknown): void {
    const turn = this.#turn;
    if (!turn.active) turn.refuse();
    const checked = this.#check === undefined || value === undefined ? value : this.#check(value);
    const primitive = typeof checked === "number" || typeof checked === "string" || typeof checked === "boolean";
    this.#value = primitive ? checked : frozenCopy(checked);
    if (this.#dirty) return;
    this.#dirty = true;
    turn.changed(this);
  }

  /** Hot. */
  apply(): void {
    const value = this.#value;
    this.discard();
    this.#state.update(value);
  }

  discard(): void {
    this.#dirty = false;
    this.#value = undefined;
  }
}
