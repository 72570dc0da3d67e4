/**
 * The one cell per key (and namespace) of value, reducing and aggregating state: found, read, written, cleared, and expired. It is the row itself,
 * or hangs on it.
 */
import { ValueCell } from "./cells.ts";
import type { Cursor } from "./cursor.ts";
import type { Epochs } from "./epochs.ts";
import { removeValue, stamp } from "./removal.ts";
import { slotOf } from "./row.ts";
import type { Row } from "./row.ts";
import { containerIn } from "./rows.ts";
import type { StateContext } from "./state-context.ts";
import { IN_ROW } from "./state-table.ts";

export class ValueCells {
  readonly #cursor: Cursor;
  readonly #epochs: Epochs;
  readonly #slot: number;
  readonly #hasTtl: boolean;
  readonly #context: StateContext;

  constructor(context: StateContext) {
    this.#cursor = context.cursor;
    this.#epochs = context.epochs;
    this.#slot = context.state.slot;
    this.#hasTtl = context.state.ttl !== undefined;
    this.#context = context;
  }

  /** Hot. The value, undefined if there is none. */
  read(): unknown {
    if (this.#hasTtl) this.#context.sweeper.step();
    const cell = this.#find();
    if (cell === undefined || (this.#hasTtl && !this.#isAlive(cell))) return undefined;
    const { value } = cell;
    // Whoever gets an object may change it in place; nobody can change a primitive.
    if (typeof value === "object" && value !== null && cell.stamp < this.#epochs.dirtyFrom) this.#epochs.touch(cell);
    return value;
  }

  /** Hot for sliding windows. As `read`, but what is handed out stays as it is. */
  peek(): unknown {
    return this.#hasTtl ? this.read() : this.#find()?.value;
  }

  /** Hot. */
  write(value: unknown): void {
    const { cursor, state, check, sweeper } = this.#context;
    if (check !== undefined) check(value);
    if (this.#hasTtl) sweeper.step();
    const cell = this.#find();
    if (cell === undefined) {
      this.#make(value);
      return;
    }
    if (cell.stamp < this.#epochs.dirtyFrom) this.#epochs.touch(cell);
    cell.value = value;
    if (state.ttl !== undefined) cell.accessMs = state.ttl.nowMs(cursor.row.keyGroup);
  }

  clear(): void {
    const cell = this.#find();
    if (cell !== undefined) removeValue(cell, this.#context);
  }

  #find(): Row | ValueCell | undefined {
    const { row, namespace } = this.#cursor;
    if (this.#slot === IN_ROW) return row.stamp < 0 ? undefined : row;
    const found = this.#context.state.namespaced ? containerIn(row, this.#slot, namespace) : slotOf(row, this.#slot);
    return found as ValueCell | undefined; // the slots of this state hold nothing else
  }

  /** False: it was expired, and is removed. */
  #isAlive(cell: Row | ValueCell): boolean {
    const { cursor, state } = this.#context;
    const { ttl } = state;
    if (ttl === undefined) return true;
    const nowMs = ttl.nowMs(cursor.row.keyGroup);
    if (ttl.isExpired(cell.accessMs, nowMs)) {
      removeValue(cell, this.#context);
      return false;
    }
    if (ttl.isStampedOnRead(cell.accessMs, nowMs)) stamp(cell, nowMs, this.#epochs);
    return true;
  }

  #make(value: unknown): void {
    const { cursor, state, rows } = this.#context;
    const epochs = this.#epochs;
    const accessMs = state.ttl?.nowMs(cursor.row.keyGroup);
    if (this.#slot === IN_ROW) {
      const { row } = cursor;
      rows.gained(row);
      row.stamp = epochs.bornStamp;
      row.value = value;
      row.accessMs = accessMs;
      epochs.born(row);
    } else {
      const cell = new ValueCell(
        cursor.row,
        state,
        state.namespaced ? cursor.namespace : undefined,
        value,
        accessMs,
        epochs.bornStamp,
      );
      rows.attach(cell);
      epochs.born(cell);
    }
  }
}
