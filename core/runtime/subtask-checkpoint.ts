/**
 * The task's side of checkpoints, after the barrier: serialises keyed state in slices between input, writes the files, and acknowledges.
 *
 * In:   the parts that the chain closed at the barrier, and the recording of what it overtook, which may still go on. Out: one acknowledgement or one decline per checkpoint, to the master.
 * The input never waits here: a slice is `CELLS_PER_SLICE` cells, then records go on. Until it is acknowledged, nobody else knows of a file: if the
 * checkpoint is aborted before, or the task ends, its files are deleted here.
 */
import type { ChannelStatus, CheckpointAck, InFlightHandle, OperatorSnapshot, SubtaskId } from "../graph/messages.ts";
import type { CheckpointFailureReason } from "../graph/checkpoint-failures.ts";
import type { CheckpointOptions } from "../network/channel.ts";
import { encodeInFlight } from "../network/in-flight.ts";
import type { KeyedSnapshot, StateFile } from "../state/keyed-state.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { Clock } from "../time/clock.ts";
import { crc32 } from "../util/checksum.ts";
import { asError } from "../util/errors.ts";
import type { OperatorSnapshotParts } from "./chain.ts";
import type { InFlightPart } from "./in-flight-parts.ts";
import type { InFlightRecording } from "./in-flight-recording.ts";
import { SavedSegments } from "./saved-segments.ts";

/** About a millisecond of serialising small values. */
const CELLS_PER_SLICE = 512;
/** Of a file of records in flight, about: so much of what waits on disk is in memory at a time, twice while it is encoded. A whole segment of the disk is one file, and may be twice as large. */
const IN_FLIGHT_BYTES = 8 * 1024 * 1024;

/** What a task saves beside the state of its operators. */
export interface AboutSnapshot {
  readonly channels: readonly (readonly ChannelStatus[])[];
  readonly ended: boolean;
  readonly alignmentMs: number;
  /** Absent: the barrier has overtaken nothing. */
  readonly recording?: InFlightRecording | undefined;
}

interface InProgress extends AboutSnapshot {
  readonly checkpointId: number;
  readonly options: CheckpointOptions;
  readonly parts: readonly OperatorSnapshotParts[];
  readonly startedMs: number;
  /** Index of the part that is being serialised or written; files of records in flight come after those of the parts. */
  next: number;
  writing: boolean;
  syncMs: number;
  bytes: number;
  readonly operators: OperatorSnapshot[];
  /** Files of records in flight, and the edges through which these came. */
  readonly inFlight: StateFile[];
  readonly inFlightEdges: Set<number>;
  inFlightBytes: number;
  /** Undefined: not yet asked for, since it may still grow. */
  inFlightParts: readonly InFlightPart[] | undefined;
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
  readonly #segments: SavedSegments;
  #inProgress: InProgress[];

  constructor(options: SubtaskCheckpointsOptions) {
    this.#options = options;
    this.#segments = new SavedSegments();
    this.#inProgress = [];
  }

  begin(
    checkpoint: { readonly checkpointId: number; readonly options: CheckpointOptions },
    parts: readonly OperatorSnapshotParts[],
    about: AboutSnapshot,
  ): void {
    const { completedId } = checkpoint.options;
    if (completedId !== undefined) this.#segments.forget(completedId);
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
      inFlight: [],
      inFlightEdges: new Set(),
      inFlightBytes: 0,
      inFlightParts: undefined,
      files: [],
    });
  }

  /** Something is not acknowledged yet. */
  get underWay(): boolean {
    return this.#inProgress.length > 0;
  }

  /** There is something to serialise now, without waiting for storage. */
  get serialising(): boolean {
    return this.#inProgress.length > 0 && this.#inProgress.some(canGoOn);
  }

  /** One slice of the oldest checkpoint that can go on. */
  advance(): void {
    if (this.#inProgress.length === 0) return;
    const current = this.#inProgress.find(canGoOn);
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
      this.#finish(current);
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
    this.#writeFile(current, { chunks, checksum: keyed.checksum() }, (file) =>
      this.#stored(current, part, keyed, file),
    );
  }

  /** What was in flight comes last: its recording may take as long as the slowest channel. */
  #finish(current: InProgress): void {
    const { recording } = current;
    if (recording?.failure !== undefined) {
      this.#decline(current, recording.failure.reason, recording.failure.cause);
      return;
    }
    current.inFlightParts ??= recording?.parts(IN_FLIGHT_BYTES) ?? [];
    const part = current.inFlightParts[current.inFlight.length];
    if (part === undefined) this.#acknowledge(current);
    else this.#saveInFlight(current, part);
  }

  #saveInFlight(current: InProgress, part: InFlightPart): void {
    const { edges, whole } = part;
    const { checkpointId, options } = current;
    const saved = (file: StateFile): void => {
      current.inFlight.push(file);
      current.next += 1;
      for (const edge of edges) current.inFlightEdges.add(edge);
      // A savepoint is somebody else's from the start on.
      if (whole !== undefined && options.kind !== "savepoint") this.#segments.saved(whole, checkpointId, file);
    };
    const known =
      whole === undefined || options.kind === "savepoint" ? undefined : this.#segments.find(whole, options.completedId);
    if (known !== undefined) return saved(known);
    const bytes = encodeInFlight(part.read());
    return this.#writeFile(current, { chunks: [bytes], checksum: crc32(bytes) }, (file) => {
      current.bytes += file.bytes;
      current.inFlightBytes += file.bytes;
      saved(file);
    });
  }

  #writeFile(
    current: InProgress,
    contents: { readonly chunks: readonly Uint8Array[]; readonly checksum: number },
    stored: (file: StateFile) => void,
  ): void {
    const { task, vertexId } = this.#options;
    const path = `${current.options.directory}/${vertexId}-${task.subtask}-${task.attempt}-${current.next}`;
    const bytes = contents.chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    current.writing = true;
    this.#options.storage.write(path, contents.chunks, (outcome) => {
      current.files.push(path);
      if (!this.#inProgress.includes(current)) return this.#discard(current);
      this.#options.execute(() => {
        if (!this.#inProgress.includes(current)) return;
        current.writing = false;
        if (outcome.ok) stored({ path, bytes, checksum: contents.checksum });
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
    const inFlight: InFlightHandle | undefined =
      current.inFlight.length === 0 ? undefined : { files: current.inFlight, edges: [...current.inFlightEdges] };
    this.#options.acknowledge({
      checkpointId: current.checkpointId,
      task,
      snapshot: {
        operators: current.operators,
        channels: current.channels,
        ended: current.ended,
        ...(inFlight !== undefined && { inFlight }),
      },
      metrics: {
        alignmentMs: current.alignmentMs,
        syncMs: current.syncMs,
        asyncMs: clock.elapsedMs() - current.startedMs,
        bytes: current.bytes + inlined,
        ...(inFlight !== undefined && { inFlightBytes: current.inFlightBytes }),
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
    if (!this.#inProgress.includes(current)) return;
    this.#inProgress = this.#inProgress.filter((checkpoint) => checkpoint !== current);
    current.recording?.close();
  }
}

/** Not while its file is being written, and in the end not before every channel has delivered its barrier. */
function canGoOn({ writing, next, parts, recording }: InProgress): boolean {
  return !writing && (next < parts.length || recording?.isOpen !== true);
}
