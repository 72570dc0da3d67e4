/**
 * The task's side of checkpoints, after the barrier: serialises keyed state in slices between input, writes the files, and acknowledges.
 *
 * In:   the parts that the chain closed at the barrier. Out: one acknowledgement or one decline per checkpoint, to the master.
 * The input never waits here: a slice is `CELLS_PER_SLICE` cells, then records go on. Until it is acknowledged, nobody else knows of a file: if the
 * checkpoint is aborted before, or the task ends, its files are deleted here.
 */
import type { ChannelStatus, CheckpointAck, OperatorSnapshot, SubtaskId } from "../graph/messages.ts";
import type { CheckpointFailureReason } from "../graph/checkpoint-failures.ts";
import type { CheckpointOptions } from "../network/channel.ts";
import type { KeyedSnapshot, StateFile } from "../state/keyed-state.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { Clock } from "../time/clock.ts";
import { asError } from "../util/errors.ts";
import type { OperatorSnapshotParts } from "./chain.ts";

/** About a millisecond of serialising small values. */
const CELLS_PER_SLICE = 512;

interface InProgress {
  readonly checkpointId: number;
  readonly options: CheckpointOptions;
  readonly parts: readonly OperatorSnapshotParts[];
  readonly channels: readonly (readonly ChannelStatus[])[];
  readonly ended: boolean;
  readonly alignmentMs: number;
  readonly startedMs: number;
  /** Index of the part that is being serialised or written. */
  next: number;
  writing: boolean;
  syncMs: number;
  bytes: number;
  readonly operators: OperatorSnapshot[];
  /** Paths of what may have been written. */
  readonly files: string[];
}

export interface SubtaskCheckpointsOptions {
  readonly task: SubtaskId;
  readonly vertexId: string;
  readonly clock: Clock;
  readonly storage: BlobStore;
  /** Runs a completion in the task. */
  execute(mail: () => void): void;
  acknowledge(ack: CheckpointAck): void;
  decline(checkpointId: number, reason: CheckpointFailureReason, cause: Error): void;
}

export class SubtaskCheckpoints {
  readonly #options: SubtaskCheckpointsOptions;
  #inProgress: InProgress[];

  constructor(options: SubtaskCheckpointsOptions) {
    this.#options = options;
    this.#inProgress = [];
  }

  begin(
    checkpoint: { readonly checkpointId: number; readonly options: CheckpointOptions },
    parts: readonly OperatorSnapshotParts[],
    about: {
      readonly channels: readonly (readonly ChannelStatus[])[];
      readonly ended: boolean;
      readonly alignmentMs: number;
    },
  ): void {
    this.#inProgress.push({
      ...checkpoint,
      ...about,
      parts,
      startedMs: this.#options.clock.elapsedMs(),
      next: 0,
      writing: false,
      syncMs: 0,
      bytes: 0,
      operators: [],
      files: [],
    });
  }

  /** Something is not acknowledged yet. */
  get underWay(): boolean {
    return this.#inProgress.length > 0;
  }

  /** There is something to serialise now, without waiting for storage. */
  get serialising(): boolean {
    return this.#inProgress.length > 0 && this.#inProgress.some((checkpoint) => !checkpoint.writing);
  }

  /** One slice of the oldest checkpoint that can go on. */
  advance(): void {
    if (this.#inProgress.length === 0) return;
    const current = this.#inProgress.find((checkpoint) => !checkpoint.writing);
    if (current === undefined) return;
    try {
      const startedMs = this.#options.clock.elapsedMs();
      this.#advanceOne(current);
      current.syncMs += this.#options.clock.elapsedMs() - startedMs;
    } catch (error) {
      this.#decline(current, "CHECKPOINT_ASYNC_EXCEPTION", asError(error));
    }
  }

  /** What was not acknowledged yet will not be. */
  abort(checkpointId: number): void {
    for (const current of this.#inProgress) if (current.checkpointId === checkpointId) this.#discard(current);
  }

  /** The task ends: nothing more is acknowledged. */
  close(): void {
    for (const current of this.#inProgress) this.#discard(current);
  }

  #advanceOne(current: InProgress): void {
    const part = current.parts[current.next];
    if (part === undefined) {
      this.#acknowledge(current);
      return;
    }
    if (part.failure !== undefined) throw part.failure;
    if (part.keyed === undefined) {
      current.operators.push(part.snapshot);
      current.next += 1;
      return;
    }
    if (part.keyed.advance(CELLS_PER_SLICE)) this.#write(current, part, part.keyed);
  }

  #write(current: InProgress, part: OperatorSnapshotParts, keyed: KeyedSnapshot): void {
    const chunks = keyed.chunks();
    if (chunks.length === 0) {
      this.#stored(current, part, keyed, undefined);
      return;
    }
    const { task, vertexId } = this.#options;
    const path = `${current.options.directory}/${vertexId}-${task.subtask}-${task.attempt}-${current.next}`;
    const file = { path, bytes: chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0), checksum: keyed.checksum() };
    current.writing = true;
    this.#options.storage.write(path, chunks, (outcome) => {
      current.files.push(path);
      if (!this.#inProgress.includes(current)) return this.#discard(current);
      this.#options.execute(() => {
        if (!this.#inProgress.includes(current)) return;
        current.writing = false;
        if (outcome.ok) this.#stored(current, part, keyed, file);
        else this.#decline(current, "IO_EXCEPTION", outcome.error);
      });
    });
  }

  #stored(current: InProgress, part: OperatorSnapshotParts, keyed: KeyedSnapshot, file: StateFile | undefined): void {
    current.bytes += file?.bytes ?? 0;
    current.operators.push({ ...part.snapshot, keyed: keyed.stored(file) });
    current.next += 1;
  }

  #acknowledge(current: InProgress): void {
    this.#remove(current);
    const { clock, task } = this.#options;
    const inlined = current.operators
      .flatMap((operator) => operator.lists.flatMap((list) => list.items))
      .reduce((sum, item) => sum + item.byteLength, 0);
    this.#options.acknowledge({
      checkpointId: current.checkpointId,
      task,
      snapshot: { operators: current.operators, channels: current.channels, ended: current.ended },
      metrics: {
        alignmentMs: current.alignmentMs,
        syncMs: current.syncMs,
        asyncMs: clock.elapsedMs() - current.startedMs,
        bytes: current.bytes + inlined,
      },
    });
  }

  #decline(current: InProgress, reason: CheckpointFailureReason, cause: Error): void {
    this.#discard(current);
    this.#options.decline(current.checkpointId, reason, cause);
  }

  /** Also what a failed write may have left. A file that cannot be deleted stays behind. */
  #discard(current: InProgress): void {
    this.#remove(current);
    for (const path of current.files.splice(0)) this.#options.storage.delete(path, () => undefined);
  }

  #remove(current: InProgress): void {
    this.#inProgress = this.#inProgress.filter((checkpoint) => checkpoint !== current);
  }
}
