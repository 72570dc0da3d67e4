/**
 * Files as the file connector needs them: read in pieces, append, sync, rename. A seam like `BlobStore`, with the same callback rules.
 *
 * Paths are absolute or relative to the working directory, as users write them.
 */
import type { Done } from "../util/outcome.ts";

export interface FileInfo {
  readonly path: string;
  readonly bytes: number;
  /** Last change, ms since the epoch. */
  readonly modifiedMs: number;
  readonly kind: "file" | "directory";
}

export interface FileHandle {
  /** At most `length` bytes from `position`; fewer only at the end of the file. */
  read(position: number, length: number, done: Done<Uint8Array>): void;
  /** Appends at `position`, which must be the current end. */
  write(position: number, bytes: Uint8Array, done: Done<void>): void;
  /** Makes all that was written durable. */
  sync(done: Done<void>): void;
  truncate(length: number, done: Done<void>): void;
  close(done: Done<void>): void;
}

export interface FileSystem {
  open(path: string, mode: "read" | "create" | "append", done: Done<FileHandle>): void;
  /** Fails with `MR6101` if there is nothing at `path`. */
  stat(path: string, done: Done<FileInfo>): void;
  /** The entries of a directory, sorted by name; fails with `MR6101` if there is none. */
  list(path: string, done: Done<readonly FileInfo[]>): void;
  makeDirectory(path: string, done: Done<void>): void;
  /** Atomic, replaces what is at `to`, durable when done. */
  rename(from: string, to: string, done: Done<void>): void;
  /** Succeeds if there is nothing. Directories with all they hold. */
  remove(path: string, done: Done<void>): void;
}
