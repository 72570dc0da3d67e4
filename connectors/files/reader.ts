/**
 * The file source's reader: one file after the other, each record by record.
 *
 * In:    splits, one at a time on request, several after a restore. Out: records, each through the output of its split.
 * State: the splits at hand; the position of the open one is its parser's.
 */
import type { Counter } from "../../core/metrics/registry.ts";
import type {
  PollResult,
  ReaderOutput,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
} from "../../core/operators/contracts/source.ts";
import type { FileSystem } from "../../core/storage/file-system.ts";
import { RateLimiter } from "../rate-limiter.ts";
import { FileCursor } from "./cursor.ts";
import { malformed } from "./errors.ts";
import type { MalformedRecord } from "./errors.ts";
import type { FileDecoder } from "./formats/format.ts";
import type { FileSplit } from "./splits.ts";

export interface FileReaderOptions<T> {
  readonly format: FileDecoder<T>;
  readonly fileSystem: FileSystem;
  readonly onMalformed: "fail" | "skip" | ((record: MalformedRecord) => T | undefined);
  readonly recordBytesMax: number;
  readonly chunkBytes: number;
  /** Of all readers together; undefined: no limit. */
  readonly ratePerSecond: number | undefined;
}

/** The file that is being read. */
interface OpenSplit<T> {
  readonly split: FileSplit;
  readonly cursor: FileCursor<T>;
}

export class FileReader<T> implements SourceReader<T, FileSplit> {
  readonly #ctx: SourceReaderContext;
  readonly #options: FileReaderOptions<T>;
  readonly #limiter: RateLimiter | undefined;
  readonly #errors: Counter;
  readonly #queue: FileSplit[] = [];
  #open: OpenSplit<T> | undefined;
  /** Closing in the background; awaited at the end. */
  #closing: Promise<void> = Promise.resolve();
  /** What may still be emitted in this call of `pollNext`. */
  #left = 0;
  /** A timer of the limiter runs. */
  #wakes = false;
  #asked = false;
  #noMoreSplits = false;

  constructor(ctx: SourceReaderContext, options: FileReaderOptions<T>) {
    this.#ctx = ctx;
    this.#options = options;
    this.#limiter =
      options.ratePerSecond === undefined
        ? undefined
        : new RateLimiter(options.ratePerSecond / ctx.parallelism, ctx.nowMs());
    this.#errors = ctx.metrics.counter("numRecordsInErrors");
  }

  pollNext(output: ReaderOutput<T>, recordsMax: number): PollResult {
    const budget = this.#budget(recordsMax);
    if (budget === 0) return "nothing-available";
    this.#left = budget;
    const result = this.#readFiles(output);
    this.#limiter?.take(budget - this.#left);
    return result;
  }

  addSplits(splits: readonly FileSplit[]): void {
    this.#asked = false;
    this.#queue.push(...splits);
    this.#ctx.wake();
  }

  noMoreSplits(): void {
    this.#noMoreSplits = true;
    this.#ctx.wake();
  }

  snapshot(): readonly FileSplit[] {
    if (this.#open === undefined) return [...this.#queue];
    const { split, cursor } = this.#open;
    return [{ ...split, position: cursor.parser.position() }, ...this.#queue];
  }

  async close(): Promise<void> {
    if (this.#open !== undefined) this.#closeOpen(this.#open.cursor);
    await this.#closing;
  }

  /** Records that may go now; 0 after it arranged to be woken. */
  #budget(recordsMax: number): number {
    const limiter = this.#limiter;
    if (limiter === undefined) return recordsMax;
    const allowed = limiter.available(this.#ctx.nowMs());
    if (allowed >= 1) return Math.min(allowed, recordsMax);
    if (!this.#wakes) {
      this.#wakes = true;
      this.#ctx.schedule(limiter.waitMs(), () => {
        this.#wakes = false;
        this.#ctx.wake();
      });
    }
    return 0;
  }

  #readFiles(output: ReaderOutput<T>): PollResult {
    while (this.#left > 0 && !output.busy) {
      const open = this.#open ?? this.#openNext();
      if (open === undefined) return this.#noMoreSplits ? "end-of-input" : "nothing-available";
      if (this.#readOn(open, output) === "wait") return "nothing-available";
    }
    return "more-available";
  }

  /** Until something other than a record comes. Hot. */
  #readOn({ split, cursor }: OpenSplit<T>, output: ReaderOutput<T>): "record" | "malformed" | "end" | "wait" {
    const target = output.forSplit(split.splitId);
    let step = cursor.next();
    while (step === "record") {
      target.collect(cursor.parser.value);
      if (--this.#left === 0 || output.busy) return step;
      step = cursor.next();
    }
    if (step === "malformed") {
      this.#handleMalformed(cursor, target);
      this.#left--;
    } else if (step === "end") {
      output.release(split.splitId);
      this.#closeOpen(cursor);
    }
    return step;
  }

  #openNext(): OpenSplit<T> | undefined {
    const split = this.#queue.shift();
    if (split === undefined) {
      if (!this.#asked && !this.#noMoreSplits) {
        this.#asked = true;
        this.#ctx.requestSplit();
      }
      return undefined;
    }
    const { format, fileSystem, recordBytesMax, chunkBytes } = this.#options;
    const { path, position } = split;
    const cursor = new FileCursor<T>({
      path,
      byteOffset: position.byteOffset,
      parser: format.createParser({ path, start: position, recordBytesMax }),
      chunkBytes,
      fileSystem,
      execute: (mail) => this.#ctx.execute(mail),
      onProgress: () => this.#ctx.wake(),
      onError: (error) => this.#ctx.fail(error),
    });
    this.#open = { split, cursor };
    return this.#open;
  }

  #handleMalformed(cursor: FileCursor<T>, target: SourceOutput<T>): void {
    const record = cursor.parser.problem;
    const { onMalformed } = this.#options;
    if (record === undefined) return;
    this.#errors.count++;
    if (onMalformed === "fail") throw malformed(record);
    const value = onMalformed === "skip" ? undefined : onMalformed(record);
    if (value !== undefined) target.collect(value);
  }

  #closeOpen(cursor: FileCursor<T>): void {
    this.#open = undefined;
    const closing = cursor.close();
    this.#closing = this.#closing.then(() => closing);
  }
}
