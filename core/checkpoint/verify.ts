/** Reads state files back and checks that each is there, with the length and checksum that its task acknowledged. */
import type { StateFile } from "../state/keyed-state.ts";
import { isStorageAway } from "../storage/blob-paths.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import { crc32 } from "../util/checksum.ts";
import { MillraceError } from "../util/errors.ts";
import { failed, succeeded } from "../util/outcome.ts";
import type { Done } from "../util/outcome.ts";
import type { CompletedCheckpoint } from "./contract.ts";
import { stateFilesOfCheckpoint } from "./snapshot-files.ts";

/** Fails with `MR5004`, naming the file. */
export function readStateFile(storage: BlobStore, file: StateFile, done: Done<Uint8Array>): void {
  storage.read(file.path, (outcome) => {
    if (!outcome.ok) return done(failed(unusable(storage, file, "it cannot be read", outcome.error)));
    const problem = problemOf(file, outcome.value);
    return done(problem === undefined ? outcome : failed(unusable(storage, file, problem)));
  });
}

/** One file after the other, so that the memory it takes is that of the largest file. Fails with `MR5004` at the first that is not whole. */
export function verifyFiles(storage: BlobStore, checkpoint: CompletedCheckpoint, done: Done<void>): void {
  const files = stateFilesOfCheckpoint(checkpoint);
  const next = (index: number): void => {
    const file = files[index];
    if (file === undefined) return done(succeeded(undefined));
    return readStateFile(storage, file, (outcome) => (outcome.ok ? next(index + 1) : done(outcome)));
  };
  next(0);
}

function problemOf(file: StateFile, contents: Uint8Array): string | undefined {
  if (contents.byteLength !== file.bytes) return `it has ${contents.byteLength} bytes instead of ${file.bytes}`;
  if (crc32(contents) !== file.checksum) return "its checksum is wrong";
  return undefined;
}

function unusable(storage: BlobStore, file: StateFile, problem: string, cause?: MillraceError): MillraceError {
  return new MillraceError(
    "MR5004",
    `state file ${file.path} in ${storage.name} is not usable: ${problem}; restore from another checkpoint`,
    {
      cause,
      // A storage that is away may come back.
      retryable: cause !== undefined && isStorageAway(cause),
    },
  );
}
