/**
 * Turns a checkpoint whose tasks have all acknowledged into a file: assembles the metadata and writes it. Not yet a completed checkpoint: that it
 * becomes when the store of completed checkpoints has it.
 */
import type { SubtaskSnapshot } from "../graph/messages.ts";
import type { StateFile } from "../state/keyed-state.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { Clock } from "../time/clock.ts";
import { assert, isMillraceError } from "../util/errors.ts";
import { failed, succeeded } from "../util/outcome.ts";
import type { Done, Outcome } from "../util/outcome.ts";
import type { CompletedCheckpoint, VertexDescription, VertexSnapshot } from "./contract.ts";
import { isWithin, joinPath, metadataPath } from "./directories.ts";
import { encodeMetadata } from "./metadata.ts";
import type { PendingCheckpoint } from "./pending-checkpoint.ts";
import { inlinedBytesOf, stateFilesOf, stateFilesOfCheckpoint, withFiles } from "./snapshot-files.ts";
import { readStateFile } from "./verify.ts";

export interface FinalizeOptions {
  readonly pending: PendingCheckpoint;
  readonly jobName: string;
  readonly vertices: readonly VertexDescription[];
  /** Where the state files of the job's checkpoints lie. */
  readonly storage: BlobStore;
  readonly clock: Clock;
}

/** When `done` says ok, the metadata file is durable; when it does not, there may be one all the same. */
export function finalizeCheckpoint(options: FinalizeOptions, done: Done<CompletedCheckpoint>): void {
  copyForeignFiles(options.storage, options.pending, (copied) => {
    if (!copied.ok) return done(copied);
    const encoded = encode(options, copied.value);
    if (!encoded.ok) return done(encoded);
    const { checkpoint, bytes } = encoded.value;
    return options.pending.storage.write(metadataPath(checkpoint.directory), [bytes], (outcome) =>
      done(outcome.ok ? succeeded(checkpoint) : outcome),
    );
  });
}

/** A snapshot that cannot be put into a file fails this checkpoint only: the tasks run on, and the tolerated failures decide. */
function encode(
  options: FinalizeOptions,
  copied: ReadonlyMap<string, StateFile>,
): Outcome<{ readonly checkpoint: CompletedCheckpoint; readonly bytes: Uint8Array }> {
  try {
    const checkpoint = assemble(options, (file) => copied.get(file.path) ?? file);
    return succeeded({ checkpoint, bytes: encodeMetadata(checkpoint) });
  } catch (thrown) {
    if (isMillraceError(thrown)) return failed(thrown);
    throw thrown;
  }
}

/** Paths of the copies that a savepoint needs, by the path of the original. Empty for checkpoints. */
export function copiesOf(pending: PendingCheckpoint): ReadonlyMap<string, string> {
  const copies = new Map<string, string>();
  if (pending.kind !== "savepoint") return copies;
  for (const { snapshot } of pending.plan.finished) {
    for (const { path } of stateFilesOf(snapshot)) {
      if (!copies.has(path)) copies.set(path, joinPath(pending.directory, `finished-${copies.size}`));
    }
  }
  return copies;
}

/** A savepoint stands alone, but subtasks that have finished left their state in files of checkpoints. */
function copyForeignFiles(
  storage: BlobStore,
  pending: PendingCheckpoint,
  done: Done<ReadonlyMap<string, StateFile>>,
): void {
  const copied = new Map<string, StateFile>();
  const originals = new Map(
    pending.plan.finished.flatMap(({ snapshot }) => stateFilesOf(snapshot)).map((file) => [file.path, file]),
  );
  const copies = [...copiesOf(pending)];
  const next = (index: number): void => {
    const [from, path] = copies[index] ?? [];
    const file = from === undefined ? undefined : originals.get(from);
    if (path === undefined || file === undefined) return done(succeeded(copied));
    return readStateFile(storage, file, (read) => {
      if (!read.ok) return done(read);
      return pending.storage.write(path, [read.value], (written) => {
        if (!written.ok) return done(written);
        copied.set(file.path, { ...file, path });
        return next(index + 1);
      });
    });
  };
  next(0);
}

function assemble(
  { pending, jobName, vertices, clock }: FinalizeOptions,
  moved: (file: StateFile) => StateFile,
): CompletedCheckpoint {
  const checkpoint: CompletedCheckpoint = {
    checkpointId: pending.checkpointId,
    kind: pending.kind,
    jobName,
    triggeredAtMs: pending.triggeredAtMs,
    completedAtMs: clock.nowMs(),
    bytes: 0,
    drained: pending.options.stop === "drain",
    vertices: vertices.map((vertex, index) =>
      withSubtasks(vertex, index, (subtask) => pending.snapshotOf(index, subtask), moved),
    ),
    coordinators: pending.coordinators,
    directory: pending.directory,
  };
  if (pending.kind === "savepoint") {
    const inside = stateFilesOfCheckpoint(checkpoint).every((file) => isWithin(file.path, pending.directory));
    assert(inside, "a savepoint must not refer to files outside its directory");
  }
  return { ...checkpoint, bytes: bytesOf(checkpoint) };
}

function withSubtasks(
  vertex: VertexDescription,
  index: number,
  snapshotOf: (subtask: number) => SubtaskSnapshot | undefined,
  moved: (file: StateFile) => StateFile,
): VertexSnapshot {
  const subtasks = Array.from({ length: vertex.parallelism }, (_, subtask) => {
    const snapshot = snapshotOf(subtask);
    assert(
      snapshot !== undefined,
      `vertex ${index} has no snapshot of subtask ${subtask}, although all tasks have acknowledged`,
    );
    return withFiles(snapshot, moved);
  });
  return { ...vertex, subtasks };
}

function bytesOf(checkpoint: CompletedCheckpoint): number {
  let bytes = 0;
  for (const file of stateFilesOfCheckpoint(checkpoint)) bytes += file.bytes;
  for (const vertex of checkpoint.vertices) for (const subtask of vertex.subtasks) bytes += inlinedBytesOf(subtask);
  for (const coordinator of checkpoint.coordinators) bytes += coordinator.state.byteLength;
  return bytes;
}
