/** The one cell per key (and namespace) of value, reducing and aggregating state: found, read, written, cleared, and expired. */
import { UNSTAMPED, ValueCell } from "./cells.ts";
import type { Cursor } from "./cursor.ts";
import type { Epochs } from "./epochs.ts";
import { removeValue, stamp } from "./removal.ts";
import { containerIn, slotOf } from "./rows.ts";
import type { StateContext } from "./state-context.ts";

export class ValueCells {
  readonly #cursor: Cursor;
  readonly #epochs: Epochs;
  readonly #index: number;
  readonly #namespaced: boolean;
  /** TTL or development mode: one flag, so that the ordinary path has one branch. */
  readonly #special: boolean;
  readonly #context: StateContext;

  constructor(context: StateContext) {
    this.#cursor = context.cursor;
    this.#epochs = context.epochs;
    this.#index = context.state.index;
    this.#namespaced = context.state.namespaced;
    this.#special = context.state.ttl !== undefined || context.check !== undefined;
    this.#context = context;
  }

  /** Hot (bench: keyed count). The value, undefined if there is none. */
  read(): unknown {
    const cell = this.#find();
    if (cell === undefined) return undefined;
    if (this.#special) return this.#readSpecial(cell);
    const value = cell.value;
    // Whoever gets an object may change it in place; nobody can change a primitive.
    if (typeof value === "object" && value !== null && cell.stamp < this.#epochs.dirtyFrom) this.#epochs.touch(cell);
    return value;
  }

  /** Hot. */
  write(value: unknown): void {
    const cell = this.#find();
    if (cell === undefined || this.#special) {
      this.#writeSlow(cell, value);
      return;
    }
    if (cell.stamp < this.#epochs.dirtyFrom) this.#epochs.touch(cell);
    cell.value = value;
  }

  clear(): void {
    const cell = this.#find();
    if (cell !== undefined) removeValue(cell, this.#epochs, this.#context.rows);
  }

  #find(): ValueCell | undefined {
    const { row } = this.#cursor;
    const found = this.#namespaced ? containerIn(row, this.#index, this.#cursor.namespace) : slotOf(row, this.#index);
    return found as ValueCell | undefined; // the slots of this state hold nothing else
  }

  #readSpecial(cell: ValueCell): unknown {
    const { state, sweeper, rows } = this.#context;
    const epochs = this.#epochs;
    const { ttl } = state;
    if (ttl !== undefined) {
      const nowMs = ttl.nowMs();
      if (ttl.isExpired(cell.accessMs, nowMs)) {
        removeValue(cell, epochs, rows);
        return undefined;
      }
      if (ttl.refreshOnRead || (cell.accessMs === UNSTAMPED && nowMs !== UNSTAMPED)) stamp(cell, nowMs, epochs);
      sweeper.step();
    }
    if (typeof cell.value === "object" && cell.value !== null && cell.stamp < epochs.dirtyFrom) epochs.touch(cell);
    return cell.value;
  }

  #writeSlow(cell: ValueCell | undefined, value: unknown): void {
    const { state, sweeper, rows, check } = this.#context;
    const epochs = this.#epochs;
    if (check !== undefined) check(value);
    const accessMs = state.ttl?.nowMs() ?? UNSTAMPED;
    if (cell === undefined) {
      const namespace = this.#namespaced ? this.#cursor.namespace : undefined;
      const made = new ValueCell(this.#cursor.row, state, namespace, value, accessMs, epochs.bornStamp);
      rows.attach(made);
      epochs.born(made);
    } else {
      if (cell.stamp < epochs.dirtyFrom) epochs.touch(cell);
      cell.value = value;
      cell.accessMs = accessMs;
    }
    if (state.ttl !== undefined) sweeper.step();
  }
}
