/**
 * Room on a local disk for what does not fit into memory, for as long as a task runs: nothing in it outlives its process, and nobody else sees it.
 *
 * In and out: bytes, synchronously, unlike every other storage. Whoever spills stands in the middle of a record; a write goes to the page cache at the speed of memory, and
 * a read costs some tens of microseconds per frame.
 */
export interface ScratchFile {
  /** Behind what it holds already. Fails with `MR5207`. */
  append(bytes: Uint8Array): void;
  /** What was appended there. Fails with `MR5207`. */
  read(offset: number, length: number): Uint8Array;
  /** Gives its room back. Nothing else may be asked of it afterwards. */
  close(): void;
}

export interface Scratch {
  /** An empty file. Fails with `MR5207`. */
  open(): ScratchFile;
}
