/**
 * Writes cells and tombstones as a section of a file. What flows in: cells, in any order. What flows out: chunks of bytes of limited size, made once
 * and shared by all files that hold them.
 */
import { ValueWriter } from "../../types/value-codec.ts";
import type { ClassRegistry } from "../../types/value-codec.ts";
import { asError, assert, isMillraceError, MillraceError } from "../../util/errors.ts";
import { DeadTimer, EntryCell, ListChunk, rowOf, ValueCell } from "./cells.ts";
import type { Cell, Container, Tombstone } from "./cells.ts";
import { Row } from "./row.ts";
import { describeKey } from "./rows.ts";
import * as format from "./section-format.ts";
import type { StateEntry, StateTable } from "./state-table.ts";
import type { SavedTimer } from "./timer-bucket.ts";

/** Small enough that a checksum or a write of one never takes a millisecond. */
const CHUNK_BYTES = 128 * 1_024;

export interface SectionOptions {
  readonly table: StateTable;
  readonly classes: ClassRegistry | undefined;
  /** See `ValueWriterOptions.thorough`. */
  readonly thorough: boolean;
}

export class SectionWriter {
  readonly #table: StateTable;
  readonly #writer: ValueWriter;
  readonly #chunks: Uint8Array[] = [];
  #row: Row | undefined = undefined;
  #entries = 0;
  #bytesInChunks = 0;

  constructor(options: SectionOptions) {
    this.#table = options.table;
    this.#writer = new ValueWriter({ classes: options.classes, thorough: options.thorough, bytesInitial: 0 });
  }

  get isEmpty(): boolean {
    return this.#entries === 0;
  }

  get bytes(): number {
    return this.#bytesInChunks + this.#writer.length;
  }

  /** After `finish`. */
  get chunks(): readonly Uint8Array[] {
    return this.#chunks;
  }

  /** Hot in snapshots. */
  put(cell: Cell): void {
    try {
      this.#put(cell);
    } catch (error) {
      throw this.#inContext(error, cell);
    }
    this.#sealFullChunk();
  }

  putTimer(timer: SavedTimer): void {
    this.#openTimer(timer, format.PUT_TIMER);
    this.#writer.writeUint(timer.number);
    this.#sealFullChunk();
  }

  remove(gone: Tombstone): void {
    const writer = this.#writer;
    if (gone instanceof Row) {
      this.#openRow(gone, format.DELETE_VALUE);
    } else if (gone instanceof ValueCell) {
      this.#open(gone, format.DELETE_VALUE);
    } else if (gone instanceof EntryCell) {
      this.#open(gone.home, format.DELETE_ENTRY);
      writer.writeValue(gone.key);
    } else if (gone instanceof ListChunk) {
      this.#open(gone.home, format.DELETE_CHUNK);
      writer.writeUint(gone.number);
    } else if (gone instanceof DeadTimer) {
      this.#openTimer(gone.timer, format.DELETE_TIMER);
    } else {
      this.#open(gone, format.DROP);
    }
    this.#sealFullChunk();
  }

  finish(): void {
    if (this.#entries > 0) {
      this.#writer.writeByte(format.END);
      this.#seal();
    }
    this.#writer.release();
    this.#row = undefined;
  }

  #put(cell: Cell): void {
    const writer = this.#writer;
    if (cell instanceof Row) {
      this.#openRow(cell, format.PUT_VALUE | timed(cell.accessMs));
      if (cell.accessMs !== undefined) writer.writeFloat(cell.accessMs);
      writer.writeValue(cell.value);
    } else if (cell instanceof ValueCell) {
      this.#open(cell, format.PUT_VALUE | timed(cell.accessMs));
      if (cell.accessMs !== undefined) writer.writeFloat(cell.accessMs);
      writer.writeValue(cell.value);
    } else if (cell instanceof EntryCell) {
      this.#open(cell.home, format.PUT_ENTRY | timed(cell.accessMs));
      writer.writeValue(cell.key);
      writer.writeUint(cell.number);
      if (cell.accessMs !== undefined) writer.writeFloat(cell.accessMs);
      writer.writeValue(cell.value);
    } else {
      this.#putChunk(cell);
    }
  }

  #putChunk(cell: ListChunk): void {
    const writer = this.#writer;
    const times = cell.accessMs;
    this.#open(cell.home, format.PUT_CHUNK | (times === undefined ? 0 : format.HAS_ACCESS_TIME));
    writer.writeUint(cell.number);
    writer.writeUint(cell.items.length);
    if (times !== undefined) {
      for (const accessMs of times) writer.writeFloat(accessMs ?? NaN); // NaN: not met its clock
    }
    for (const item of cell.items) writer.writeValue(item);
  }

  #openTimer({ row, home, namespace, timeMs }: SavedTimer, operation: number): void {
    this.#openKey(row);
    this.#writer.writeByte(operation);
    this.#writer.writeUint(home.state.index);
    this.#writer.writeByte(home.event ? 1 : 0);
    this.#writer.writeValue(namespace);
    this.#writer.writeFloat(timeMs);
  }

  #open({ row, state, namespace }: Container, flags: number): void {
    this.#openKey(row);
    this.#writer.writeByte(namespace === undefined ? flags : flags | format.HAS_NAMESPACE);
    this.#writer.writeUint(state.index);
    if (namespace !== undefined) this.#writer.writeValue(namespace);
  }

  #openRow(row: Row, flags: number): void {
    this.#openKey(row);
    this.#writer.writeByte(flags);
    this.#writer.writeUint(this.#stateInRow().index);
  }

  #openKey(row: Row): void {
    this.#entries += 1;
    if (row === this.#row) return;
    this.#row = row;
    this.#writer.writeByte(format.KEY);
    this.#writer.writeUint(row.keyGroup);
    this.#writer.writeValue(row.key);
  }

  #stateOf(cell: Cell): StateEntry {
    if (cell instanceof Row) return this.#stateInRow();
    return cell instanceof EntryCell || cell instanceof ListChunk ? cell.home.state : cell.state;
  }

  #stateInRow(): StateEntry {
    const state = this.#table.inRow;
    assert(state !== undefined, "a row has a value, but no state has its values in rows");
    return state;
  }

  #sealFullChunk(): void {
    if (this.#writer.length >= CHUNK_BYTES) this.#seal();
  }

  #seal(): void {
    const chunk = this.#writer.take();
    this.#chunks.push(chunk);
    this.#bytesInChunks += chunk.length;
  }

  /** Values are user data: say whose, since the snapshot runs long after the update. */
  #inContext(error: unknown, cell: Cell): MillraceError {
    const state = this.#stateOf(cell);
    const place = `state "${state.name}" of operator "${this.#table.operatorName}", key ${describeKey(rowOf(cell).key)}`;
    if (!isMillraceError(error))
      return new MillraceError("MR4105", `${place} cannot be saved: ${asError(error).message}`, { cause: error });
    return new MillraceError(error.code, `${place}: ${error.message.slice(error.code.length + 2)}`, {
      cause: error,
      retryable: error.retryable,
    });
  }
}

function timed(accessMs: number | undefined): number {
  return accessMs === undefined ? 0 : format.HAS_ACCESS_TIME;
}
