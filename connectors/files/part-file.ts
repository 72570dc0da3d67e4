/**
 * One file while it is written: opened, appended to, then synced and closed.
 *
 * In:    bytes, which wait until the file system took what came before. Out: the callbacks of its options, outside the task.
 * State: the bytes that wait.
 */
import type { FileHandle, FileSystem } from "../../core/storage/file-system.ts";
import type { MillraceError } from "../../core/util/errors.ts";
import type { Outcome } from "../../core/util/outcome.ts";

export interface PartFileOptions {
  readonly path: string;
  readonly fileSystem: FileSystem;
  onWritten(bytes: number): void;
  /** Whole, durable and closed. */
  onFinished(): void;
  /** Nothing else is called after it. */
  onError(error: MillraceError): void;
}

export class PartFile {
  readonly #options: PartFileOptions;
  readonly #waiting: Uint8Array[] = [];
  #file: FileHandle | undefined;
  #end = 0;
  #busy = true;
  #phase: "open" | "finishing" | "closed" = "open";
  #onAbandoned: (() => void) | undefined;

  constructor(options: PartFileOptions) {
    this.#options = options;
    options.fileSystem.open(options.path, "create", (outcome) => {
      if (outcome.ok) this.#file = outcome.value;
      this.#continue(outcome);
    });
  }

  append(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    if (!this.#busy) this.#step();
  }

  finish(): void {
    this.#phase = "finishing";
    if (!this.#busy) this.#step();
  }

  /** Closes and removes it, finished or not; for files that no checkpoint contains. */
  abandon(done: () => void): void {
    this.#onAbandoned = done;
    if (!this.#busy) this.#remove();
  }

  #step(): void {
    const file = this.#file;
    if (file === undefined || this.#phase === "closed") return;
    const bytes = this.#waiting.shift();
    this.#busy = bytes !== undefined || this.#phase === "finishing";
    if (bytes !== undefined) {
      file.write(this.#end, bytes, (outcome) => {
        this.#end += bytes.length;
        if (outcome.ok && this.#onAbandoned === undefined) this.#options.onWritten(bytes.length);
        this.#continue(outcome);
      });
    } else if (this.#phase === "finishing") {
      file.sync((synced) => {
        if (!synced.ok || this.#onAbandoned !== undefined) return this.#continue(synced);
        this.#file = undefined;
        file.close((closed) => {
          this.#phase = "closed";
          this.#continue(closed);
          if (closed.ok && this.#onAbandoned === undefined) this.#options.onFinished();
        });
      });
    }
  }

  #continue(outcome: Outcome<unknown>): void {
    this.#busy = false;
    if (this.#onAbandoned !== undefined) return this.#remove();
    if (outcome.ok) return this.#step();
    // Nothing is tried again; only `abandon` may still come.
    this.#phase = "closed";
    this.#options.onError(outcome.error);
  }

  #remove(): void {
    const done = this.#onAbandoned ?? (() => undefined);
    const remove = (): void => this.#options.fileSystem.remove(this.#options.path, done);
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) remove();
    else file.close(remove);
  }
}
