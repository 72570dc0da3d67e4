/**
 * Reads one file from a position: opens it, reads ahead, feeds the parser, closes it.
 *
 * In:    chunks, through callbacks that arrive as mails of the task; at most `CHUNKS_AHEAD` wait, then reading pauses.
 * Out:   `next()`, the parser's step, or `wait` until `onProgress`.
 * State: the parser holds the position. Chunks that wait are not part of it: they are read again after a restore.
 */
import type { FileHandle, FileSystem } from "../../core/storage/file-system.ts";
import { MillraceError } from "../../core/util/errors.ts";
import type { Outcome } from "../../core/util/outcome.ts";
import type { RecordParser } from "./formats/format.ts";

const CHUNKS_AHEAD = 2;

export interface CursorOptions<T> {
  readonly path: string;
  readonly byteOffset: number;
  readonly parser: RecordParser<T>;
  readonly chunkBytes: number;
  readonly fileSystem: FileSystem;
  execute(mail: () => void): void;
  /** There is something to parse. */
  onProgress(): void;
  onError(error: unknown): void;
}

export class FileCursor<T> {
  readonly parser: RecordParser<T>;
  readonly #options: CursorOptions<T>;
  readonly #chunks: Uint8Array[] = [];
  #file: FileHandle | undefined;
  #offset: number;
  /** From a call to the mail with its result. */
  #reading = true;
  /** From a call to its callback, which comes even if the task takes no mail any more. */
  #called = true;
  #atEnd = false;
  #closed = false;
  #onClosed: () => void = () => undefined;

  constructor(options: CursorOptions<T>) {
    this.parser = options.parser;
    this.#options = options;
    this.#offset = options.byteOffset;
    const { fileSystem, path, byteOffset } = options;
    if (byteOffset === 0) this.#open();
    else {
      fileSystem.stat(path, (outcome) =>
        this.#mail(outcome, ({ bytes }) => {
          if (bytes >= byteOffset) this.#open();
          else options.onError(shrunk(path, byteOffset, bytes));
        }),
      );
    }
  }

  /** As the parser's; `wait`: nothing until `onProgress`. Hot. */
  next(): "record" | "malformed" | "end" | "wait" {
    for (;;) {
      const step = this.parser.next();
      if (step !== "more") return step;
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.parser.push(chunk);
        this.#readAhead();
      } else if (this.#atEnd) this.parser.end();
      else return "wait";
    }
  }

  /** Settles when the file is closed. */
  close(): Promise<void> {
    const { promise, resolve } = settled();
    this.#onClosed = resolve;
    this.#closed = true;
    if (!this.#called) this.#release();
    return promise;
  }

  #open(): void {
    this.#called = true;
    this.#options.fileSystem.open(this.#options.path, "read", (outcome) => {
      // Kept here already, so that it is closed even if the task takes no mail any more.
      if (outcome.ok) this.#file = outcome.value;
      this.#mail(outcome, () => {
        this.#reading = false;
        this.#readAhead();
      });
    });
  }

  #readAhead(): void {
    const file = this.#file;
    if (file === undefined || this.#reading || this.#atEnd || this.#chunks.length >= CHUNKS_AHEAD) return;
    this.#reading = this.#called = true;
    file.read(this.#offset, this.#options.chunkBytes, (outcome) =>
      this.#mail(outcome, (chunk) => {
        this.#reading = false;
        this.#offset += chunk.length;
        this.#atEnd = chunk.length < this.#options.chunkBytes;
        if (chunk.length > 0) this.#chunks.push(chunk);
        this.#readAhead();
        this.#options.onProgress();
      }),
    );
  }

  /** Hands a result to the task; once this is closed, only the file is released. */
  #mail<R>(outcome: Outcome<R>, take: (value: R) => void): void {
    this.#called = false;
    if (this.#closed) return this.#release();
    this.#options.execute(() => {
      if (this.#closed) return;
      if (outcome.ok) take(outcome.value);
      else this.#options.onError(outcome.error);
    });
  }

  #release(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) this.#onClosed();
    else file.close(() => this.#onClosed());
  }
}

function shrunk(path: string, byteOffset: number, bytes: number): MillraceError {
  const sentence = `"${path}" was read up to byte ${byteOffset}, but now has only ${bytes}: put back the file that the job was reading`;
  return new MillraceError("MR6109", sentence, { retryable: false });
}

/** `Promise.withResolvers` of later versions of Node. */
function settled(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}
