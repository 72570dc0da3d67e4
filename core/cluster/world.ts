/** The outside world of a process that runs jobs, as parameters: one composition per kind of process puts the real ones together. */
import type { BlobStore } from "../storage/blob-store.ts";
import type { Scratch } from "../storage/scratch.ts";
import type { Clock } from "../time/clock.ts";
import type { Random } from "../util/random.ts";

export interface World {
  readonly clock: Clock;
  readonly random: Random;
  /** A store that lives as long as the process. */
  memoryStore(): BlobStore;
  /** The store of a directory, as users write it. */
  openStore(directory: string): BlobStore;
  /** For what does not fit into memory. `directories`: separated by commas; empty: the system's. */
  openScratch(directories: string): Scratch;
  /** Splits a path into the directory above and its last part. */
  splitPath(path: string): { readonly directory: string; readonly name: string };
  /** `path` relative to `directory`, undefined if it does not lie inside. */
  pathWithin(directory: string, path: string): string | undefined;
  /** One line for people: what went wrong and what happens now. */
  warn(line: string): void;
}
