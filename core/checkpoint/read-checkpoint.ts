/**
 * Reads a checkpoint or savepoint from its directory, wherever that lies now.
 *
 * Paths in a metadata file are those of the day it was written. If the directory was moved or copied, or its store now has another root, those of
 * its own files follow it, and those of neighbouring checkpoints' files follow the directory that holds them all.
 */
import type { BlobStore } from "../storage/blob-store.ts";
import { isMillraceError, MillraceError } from "../util/errors.ts";
import { failed, succeeded } from "../util/outcome.ts";
import type { Done, Outcome } from "../util/outcome.ts";
import type { CompletedCheckpoint } from "./contract.ts";
import { isWithin, joinPath, metadataPath, parentOf } from "./directories.ts";
import { decodeMetadata } from "./metadata.ts";
import { withFiles } from "./snapshot-files.ts";

/** Only the metadata: whether the files are there is for {@link verifyFiles}. Fails with `MR5001`, `MR5002` or `MR5003`. */
export function readCheckpoint(storage: BlobStore, directory: string, done: Done<CompletedCheckpoint>): void {
  const path = metadataPath(directory);
  storage.read(path, (outcome) => {
    if (outcome.ok) return done(decode(outcome.value, { path: `${path} in ${storage.name}`, directory }));
    const message = `there is no readable checkpoint at "${directory}" in ${storage.name}; check the path`;
    return done(failed(new MillraceError("MR5001", message, { cause: outcome.error, retryable: false })));
  });
}

function decode(
  bytes: Uint8Array,
  where: { readonly path: string; readonly directory: string },
): Outcome<CompletedCheckpoint> {
  try {
    return succeeded(relocate(decodeMetadata(bytes, where.path), where.directory));
  } catch (error) {
    if (isMillraceError(error)) return failed(error);
    throw error;
  }
}

/** The same checkpoint, as if it had been written to `directory`. */
export function relocate(checkpoint: CompletedCheckpoint, directory: string): CompletedCheckpoint {
  if (checkpoint.directory === directory) return checkpoint;
  const moves = [
    { from: checkpoint.directory, to: directory },
    { from: parentOf(checkpoint.directory), to: parentOf(directory) },
  ];
  const moved = (path: string): string => {
    for (const { from, to } of moves) {
      if (from === undefined || to === undefined || !isWithin(path, from)) continue;
      return joinPath(to, from === "" ? path : path.slice(from.length + 1));
    }
    return path;
  };
  const vertices = checkpoint.vertices.map((vertex) => ({
    ...vertex,
    subtasks: vertex.subtasks.map((subtask) => withFiles(subtask, (file) => ({ ...file, path: moved(file.path) }))),
  }));
  return { ...checkpoint, directory, vertices };
}
