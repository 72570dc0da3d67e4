/**
 * Where checkpoints and other durable bytes go: a flat store of named, immutable files.
 *
 * In:   paths with `/` between their parts, relative to the store's root; bytes.
 * Out:  through callbacks, each called exactly once and never synchronously (see `Outcome`).
 * Read `memory.ts` first: it is the reference implementation; `test/conformance/blob-store.ts` is the contract as a test.
 */
import type { Done } from "../util/outcome.ts";

export interface BlobStore {
  /** Names the store in messages, such as `memory` or `file:/var/checkpoints`. */
  readonly name: string;
  /** Writes a whole file, handed over in pieces that must not change any more. When `done` says ok, the file is durable and whole; a reader never sees a part of it. Overwrites. */
  write(path: string, chunks: readonly Uint8Array[], done: Done<void>): void;
  /** Reads a whole file; fails with `MR5201` if there is none. */
  read(path: string, done: Done<Uint8Array>): void;
  /** Deletes a file; succeeds if there is none. */
  delete(path: string, done: Done<void>): void;
  /** All paths that start with `prefix`, sorted. */
  list(prefix: string, done: Done<readonly string[]>): void;
}
