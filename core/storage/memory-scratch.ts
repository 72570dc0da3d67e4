/** Scratch files in memory: for tests and simulation. State: the bytes of each file that is open. */
import { assert } from "../util/errors.ts";
import type { Scratch, ScratchFile } from "./scratch.ts";

export class MemoryScratch implements Scratch {
  readonly #open: Set<MemoryScratchFile> = new Set();

  /** Files that were not closed. */
  get openFiles(): number {
    return this.#open.size;
  }

  open(): ScratchFile {
    const file = new MemoryScratchFile(() => this.#open.delete(file));
    this.#open.add(file);
    return file;
  }
}

class MemoryScratchFile implements ScratchFile {
  readonly #onClose: () => void;
  #chunks: Uint8Array[] = [];
  #isClosed = false;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  append(bytes: Uint8Array): void {
    assert(!this.#isClosed, "a scratch file that was closed takes nothing");
    this.#chunks.push(bytes.slice());
  }

  read(offset: number, length: number): Uint8Array {
    assert(!this.#isClosed, "a scratch file that was closed holds nothing");
    const whole = new Uint8Array(this.#chunks.reduce((bytes, chunk) => bytes + chunk.length, 0));
    let end = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, end);
      end += chunk.length;
    }
    assert(offset + length <= end, "only what was appended can be read");
    this.#chunks = [whole];
    return whole.slice(offset, offset + length);
  }

  close(): void {
    this.#isClosed = true;
    this.#chunks = [];
    this.#onClose();
  }
}
