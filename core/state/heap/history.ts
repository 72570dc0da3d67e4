/**
 * Which snapshots are open, which files the next one may build on, and so which segments must be kept.
 *
 * The base is the newest checkpoint known to be complete. Without one (after a restore of files that belong to someone else, or when too many
 * changes piled up), snapshots are full until one completes. A full snapshot that was asked for is a savepoint: its file belongs to the user, so
 * nothing ever builds on it.
 */
import type { StateFile } from "../keyed-state.ts";
import type { Epochs } from "./epochs.ts";
import type { HeapSnapshot } from "./snapshot.ts";

const CHAIN_FILES_MAX = 16;
const CHAIN_SLACK_BYTES = 64 * 1_024;
/** Ended epochs that wait for a completed checkpoint. */
const OPEN_EPOCHS_MAX = 16;
const OPEN_SLACK_BYTES = 1_024 * 1_024;

export interface FileChain {
  readonly epoch: number;
  /** To be applied in order; none at the very beginning. */
  readonly files: readonly StateFile[];
  /** How many bytes of the files stand alone, as opposed to increments. */
  readonly fullBytes: number;
}

interface OpenSnapshot {
  readonly snapshot: HeapSnapshot;
  /** False for savepoints, and for what began before a base was given up: the changes since then are not kept. */
  mayBecomeBase: boolean;
}

export class History {
  readonly #epochs: Epochs;
  #base: FileChain | undefined = { epoch: 0, files: [], fullBytes: 0 };
  #open: OpenSnapshot[] = [];

  constructor(epochs: Epochs) {
    this.#epochs = epochs;
  }

  /** What a snapshot that begins now may build on; undefined: it must be full. */
  baseForNext(): FileChain | undefined {
    this.#boundOpenEpochs();
    const base = this.#base;
    if (base === undefined || base.files.length > CHAIN_FILES_MAX) return undefined;
    const increments = bytesOf(base.files) - base.fullBytes;
    return increments > 2 * base.fullBytes + CHAIN_SLACK_BYTES ? undefined : base;
  }

  /** Undefined: the restored files are not ours to refer to. */
  restored(base: FileChain | undefined): void {
    this.#base = base;
  }

  began(snapshot: HeapSnapshot, options: { readonly savepoint: boolean }): void {
    this.#open.push({ snapshot, mayBecomeBase: !options.savepoint });
    this.release();
  }

  /** Lets go of segments that nobody needs any more. */
  release(): void {
    let first = this.#base === undefined ? Infinity : this.#base.epoch + 1;
    for (const { snapshot, mayBecomeBase } of this.#open) {
      if (mayBecomeBase) first = Math.min(first, snapshot.plan.epoch + 1);
      if (!snapshot.finished) first = Math.min(first, snapshot.plan.firstEpoch);
    }
    this.#epochs.keepFrom(first);
  }

  completed(checkpointId: number): void {
    const done = this.#open.find(({ snapshot }) => snapshot.checkpointId === checkpointId);
    const handle = done?.snapshot.handle;
    if (done === undefined || handle === undefined) return;
    if (done.mayBecomeBase) {
      const { epoch, base } = done.snapshot.plan;
      const standsAlone = base === undefined || base.files.length === 0;
      this.#base = { epoch, files: handle.files, fullBytes: standsAlone ? bytesOf(handle.files) : base.fullBytes };
    }
    // An older snapshot that is still being made may be a savepoint, which does not end because a younger checkpoint is complete.
    this.#open = this.#open.filter(({ snapshot }) => snapshot.checkpointId > checkpointId || !snapshot.finished);
    for (const entry of this.#open) entry.mayBecomeBase &&= entry.snapshot.checkpointId > checkpointId;
    this.release();
  }

  /** The snapshot that will not complete, if it is known. */
  aborted(checkpointId: number): HeapSnapshot | undefined {
    const gone = this.#open.find(({ snapshot }) => snapshot.checkpointId === checkpointId);
    this.#open = this.#open.filter((entry) => entry !== gone);
    return gone?.snapshot;
  }

  /** Changes that no completed checkpoint takes over must not pile up for ever: the base is given up, and the next snapshot is full. */
  #boundOpenEpochs(): void {
    const closed = this.#epochs.closed;
    const bytes = closed.reduce((sum, segment) => sum + segment.bytes, 0);
    const bytesMax = 2 * bytesOf(this.#base?.files ?? []) + OPEN_SLACK_BYTES;
    if (closed.length < 2 || (closed.length <= OPEN_EPOCHS_MAX && bytes <= bytesMax)) return;
    this.#base = undefined;
    for (const entry of this.#open) entry.mayBecomeBase = false;
    this.release();
  }
}

function bytesOf(files: readonly StateFile[]): number {
  return files.reduce((sum, file) => sum + file.bytes, 0);
}
