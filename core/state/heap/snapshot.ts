/**
 * One snapshot under way: its parts (segments of the epochs since the last completed checkpoint, or a full scan) are finished in slices, then the
 * pieces get their checksum, and the file's place becomes a handle.
 */
import { crc32 } from "../../util/checksum.ts";
import { assert } from "../../util/errors.ts";
import { ValueWriter } from "../../types/value-codec.ts";
import type { KeyGroupRange } from "../key-groups.ts";
import type { KeyedSnapshot, KeyedStateHandle, SavedTime, StateFile, WatermarkFloor } from "../keyed-state.ts";
import type { FileChain } from "./history.ts";
import * as format from "./section-format.ts";
import type { StateTable } from "./state-table.ts";

/** A checksum over that many pieces of 128 KiB takes well under a millisecond. */
const PIECES_PER_SLICE = 4;

/** A segment or a full scan. */
export interface SnapshotPart {
  readonly finished: boolean;
  readonly chunks: readonly Uint8Array[];
  advance(cellsMax: number): number;
}

export interface SnapshotPlan {
  readonly checkpointId: number;
  /** The epoch that it ended. */
  readonly epoch: number;
  /** What it builds on; undefined: nothing, it is full. */
  readonly base: FileChain | undefined;
  /** The first epoch whose segment is one of the parts; `epoch + 1` if none is. */
  readonly firstEpoch: number;
  readonly keyGroups: KeyGroupRange;
  readonly time: SavedTime;
  readonly floors: readonly WatermarkFloor[];
}

export class HeapSnapshot implements KeyedSnapshot {
  readonly checkpointId: number;
  readonly plan: SnapshotPlan;
  readonly #table: StateTable;
  /** Called once nothing is to be serialised for it any more. */
  readonly #onSettled: () => void;
  #parts: readonly SnapshotPart[];
  #pieces: Uint8Array[] | undefined = undefined;
  #isEmpty = true;
  #summed = 0;
  #checksum = 0;
  #state: "serialising" | "finished" | "discarded" = "serialising";
  #handle: KeyedStateHandle | undefined = undefined;

  constructor(plan: SnapshotPlan, parts: readonly SnapshotPart[], table: StateTable, onSettled: () => void) {
    this.checkpointId = plan.checkpointId;
    this.plan = plan;
    this.#parts = parts;
    this.#table = table;
    this.#onSettled = onSettled;
  }

  get finished(): boolean {
    return this.#state !== "serialising";
  }

  /** What `stored` returned. */
  get handle(): KeyedStateHandle | undefined {
    return this.#handle;
  }

  advance(cellsMax: number): boolean {
    if (this.#state !== "serialising") return true;
    let left = cellsMax;
    for (const part of this.#parts) {
      left -= part.advance(left);
      if (!part.finished) return false;
    }
    if (!this.#sumSlice()) return false;
    this.#state = "finished";
    this.#onSettled();
    return true;
  }

  chunks(): readonly Uint8Array[] {
    assert(this.#state !== "serialising", "a snapshot was taken before all of it was serialised");
    return this.#pieces ?? [];
  }

  checksum(): number {
    return this.#checksum;
  }

  stored(file: StateFile | undefined): KeyedStateHandle {
    assert(this.#state === "finished", "a snapshot was stored that was not finished");
    assert((file === undefined) === this.#isEmpty, "a snapshot has a file if, and only if, it has contents");
    const { keyGroups, base, time, floors } = this.plan;
    const files = base?.files ?? [];
    this.#pieces = undefined; // a full one must not stay in memory until its checkpoint completes
    this.#handle = { keyGroups, files: file === undefined ? files : [...files, file], ...time, floors };
    return this.#handle;
  }

  /** The checkpoint was aborted: nothing more is serialised for it. */
  discard(): void {
    this.#pieces = undefined;
    this.#parts = [];
    if (this.#state !== "serialising") return;
    this.#state = "discarded";
    this.#onSettled();
  }

  /** False while pieces remain. */
  #sumSlice(): boolean {
    this.#pieces ??= this.#assemble();
    const end = Math.min(this.#summed + PIECES_PER_SLICE, this.#pieces.length);
    for (const piece of this.#pieces.slice(this.#summed, end)) this.#checksum = crc32(piece, this.#checksum);
    this.#summed = end;
    return end === this.#pieces.length;
  }

  #assemble(): Uint8Array[] {
    const chunks = this.#parts.flatMap((part) => part.chunks);
    this.#parts = [];
    this.#isEmpty = chunks.length === 0;
    return chunks.length === 0 ? [] : [this.#header(), ...chunks];
  }

  #header(): Uint8Array {
    const writer = new ValueWriter();
    for (const byte of format.MAGIC) writer.writeByte(byte);
    writer.writeUint(format.FORMAT_VERSION);
    writer.writeUint(this.plan.keyGroups.first);
    writer.writeUint(this.plan.keyGroups.last);
    writer.writeByte(this.plan.base === undefined || this.plan.base.files.length === 0 ? 1 : 0);
    writer.writeUint(this.#table.entries.length);
    for (const entry of this.#table.entries) {
      writer.writeUint(entry.index);
      writer.writeString(entry.name);
      writer.writeString(entry.kind);
      writer.writeByte(entry.namespaced ? 1 : 0);
    }
    return writer.take();
  }
}
