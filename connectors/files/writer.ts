/**
 * The file sink's writer: encodes records into parts, and closes the part at hand at every barrier.
 *
 * In:    records. Out: bytes to the file system, in pieces of 64 KiB; at a barrier, the parts that are whole, as committables.
 * State: the next part's number, and which attempts' pending files must be left alone. Because every barrier ends a part, no file is ever continued by a
 *        later attempt: there is no length to remember, nothing to truncate, and an old attempt that still runs cannot reach what a new one writes.
 *        The price is a file per subtask and checkpoint at least.
 */
import { join } from "node:path";
import type { SinkContext, SinkWriter } from "../../core/operators/contracts/sink.ts";
import type { FileSystem } from "../../core/storage/file-system.ts";
import type { Cancel } from "../../core/time/clock.ts";
import type { FileEncoder, RecordEncoder } from "./formats/format.ts";
import { PartFile } from "./part-file.ts";
import { finishedName, hiddenName } from "./part-names.ts";
import type { PartNaming } from "./part-names.ts";
import { startSink } from "./sink-start.ts";
import type { FileCommittable, FileSinkState } from "./sink-state.ts";

const BUFFER_BYTES = 65_536;
/** Bytes, and files on their way to the disk, beyond which the writer takes no records. */
const BYTES_WAITING_MAX = 4 * 1_024 * 1_024;
const FILES_CLOSING_MAX = 8;

export interface FileWriterOptions<T> {
  readonly directory: string;
  readonly naming: PartNaming;
  readonly encoder: FileEncoder<T>;
  readonly rollBytes: number;
  /** Undefined: no limit. */
  readonly rollEveryMs: number | undefined;
  readonly emptyFirst: boolean;
  readonly fileSystem: FileSystem;
}

/** A part, from its first record on. */
interface OpenPart<T> {
  readonly committable: FileCommittable;
  readonly file: PartFile;
  readonly encode: RecordEncoder<T>;
  readonly cancelRoll: Cancel;
  bytes: number;
}

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

export class FileWriter<T> implements SinkWriter<T, FileSinkState, FileCommittable> {
  readonly #ctx: SinkContext;
  readonly #options: FileWriterOptions<T>;
  readonly #attemptId: string;
  readonly #bufferBytes: number;
  /** The directory is ready, or will not be. */
  readonly #started: Promise<void>;
  #part: OpenPart<T> | undefined;
  /** Encoded and not yet handed to the part: about so many bytes. */
  #text = "";
  #textBytes = 0;
  readonly #closing = new Map<PartFile, FileCommittable>();
  #committables: FileCommittable[] = [];
  #next = 0;
  /** States that this subtask carries on; the first is its own. Undefined until the directory is ready. */
  #states: readonly FileSinkState[] | undefined;
  /** What an operator of the same chain wrote although this one blocks, before the directory is ready. */
  #early: T[] = [];
  #bytesWaiting = 0;
  #blocked = true;
  #failure: { readonly error: unknown } | undefined;
  #waiters: Waiter[] = [];
  #closed = false;

  constructor(ctx: SinkContext, options: FileWriterOptions<T>, restored: readonly FileSinkState[]) {
    this.#ctx = ctx;
    this.#options = options;
    this.#attemptId = `${ctx.attempt}-${Math.floor(ctx.nowMs()).toString(36)}`;
    this.#bufferBytes = Math.min(BUFFER_BYTES, options.rollBytes);
    ctx.block();
    const { directory, naming, fileSystem } = options;
    const { subtaskIndex: subtask, parallelism } = ctx;
    const leftovers = ctx.restored || ctx.attempt > 0 ? "remove" : "keep";
    const emptyFirst = options.emptyFirst && !ctx.restored;
    const isOver = (): boolean => this.#closed;
    this.#started = new Promise((started) => {
      startSink(
        { directory, naming, fileSystem, subtask, parallelism, restored, leftovers, emptyFirst, isOver },
        (outcome) => {
          started();
          this.#mail(() => (outcome.ok ? this.#begin(outcome.value) : this.#fail(outcome.error)));
        },
      );
    });
  }

  /** Hot. */
  write(value: T): void {
    const part = this.#part ?? this.#openPart();
    if (part === undefined) {
      this.#early.push(value);
      return;
    }
    const encoded = part.encode(value);
    if (typeof encoded === "string") {
      this.#text += encoded;
      this.#textBytes += encoded.length;
      if (this.#textBytes >= this.#bufferBytes) this.#append(part);
    } else {
      this.#append(part, encoded);
    }
  }

  flush(): void | Promise<void> {
    if (this.#part !== undefined) this.#finishPart(this.#part);
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#isSettled()) return;
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  prepareCommit(): readonly FileCommittable[] {
    const committables = this.#committables;
    this.#committables = [];
    return committables;
  }

  snapshot(): readonly FileSinkState[] {
    const [own, ...others] = this.#states ?? [];
    const live = [...(own?.live ?? []), { attemptId: this.#attemptId, next: this.#next }];
    return [{ subtask: this.#ctx.subtaskIndex, next: this.#next, live }, ...others];
  }

  /** Removes the parts that no checkpoint contains: those that `prepareCommit` has not handed out. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#part?.cancelRoll();
    const files = [...this.#closing.keys(), ...(this.#part === undefined ? [] : [this.#part.file])];
    const abandoned = files.map((file) => new Promise<void>((done) => file.abandon(done)));
    const { directory, fileSystem } = this.#options;
    const removed = this.#committables.map(
      ({ hidden }) => new Promise<void>((done) => fileSystem.remove(join(directory, hidden), () => done())),
    );
    await Promise.all([this.#started, ...abandoned, ...removed]);
  }

  /** Undefined while the directory is not ready. */
  #openPart(): OpenPart<T> | undefined {
    if (this.#states === undefined) return undefined;
    const { directory, naming, encoder, fileSystem, rollEveryMs } = this.#options;
    const subtask = this.#ctx.subtaskIndex;
    const hidden = hiddenName(naming, subtask, this.#next, this.#attemptId);
    const finished = finishedName(naming, subtask, this.#next);
    this.#next++;
    const file: PartFile = new PartFile({
      path: join(directory, hidden),
      fileSystem,
      onWritten: (bytes) => this.#mail(() => this.#written(bytes)),
      onFinished: () => this.#mail(() => this.#finished(file)),
      onError: (error) => this.#mail(() => this.#fail(error)),
    });
    const roll = (): void => {
      if (this.#part === part) this.#finishPart(part);
    };
    const cancelRoll = rollEveryMs === undefined ? () => undefined : this.#ctx.schedule(rollEveryMs, roll);
    const part: OpenPart<T> = {
      committable: { hidden, finished },
      file,
      encode: encoder.createEncoder(),
      cancelRoll,
      bytes: 0,
    };
    this.#part = part;
    return part;
  }

  #begin(states: readonly FileSinkState[]): void {
    this.#states = states;
    this.#next = states[0]?.next ?? 0;
    const early = this.#early;
    this.#early = [];
    for (const value of early) this.write(value);
    if (this.#part !== undefined && this.#waiters.length > 0) this.#finishPart(this.#part);
    this.#settle();
  }

  /** Hands what is encoded to the file, and ends it when it is large enough. */
  #append(part: OpenPart<T>, more?: Uint8Array): void {
    const text = this.#takeText();
    for (const bytes of more === undefined ? [text] : [text, more]) {
      if (bytes.length === 0) continue;
      part.bytes += bytes.length;
      this.#bytesWaiting += bytes.length;
      part.file.append(bytes);
    }
    if (part.bytes >= this.#options.rollBytes) this.#finishPart(part);
    else this.#balance();
  }

  #takeText(): Uint8Array {
    const bytes = Buffer.from(this.#text, "utf8");
    this.#text = "";
    this.#textBytes = 0;
    return bytes;
  }

  #finishPart(part: OpenPart<T>): void {
    this.#part = undefined;
    part.cancelRoll();
    const bytes = this.#takeText();
    this.#bytesWaiting += bytes.length;
    if (bytes.length > 0) part.file.append(bytes);
    part.file.finish();
    this.#closing.set(part.file, part.committable);
    this.#balance();
  }

  #written(bytes: number): void {
    this.#bytesWaiting -= bytes;
    this.#balance();
  }

  #finished(file: PartFile): void {
    const committable = this.#closing.get(file);
    this.#closing.delete(file);
    if (committable !== undefined) this.#committables.push(committable);
    this.#settle();
  }

  #isSettled(): boolean {
    return this.#states !== undefined && this.#closing.size === 0;
  }

  #settle(): void {
    this.#balance();
    if (!this.#isSettled()) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.resolve();
  }

  /** Takes records while the file system keeps up. */
  #balance(): void {
    const full =
      this.#states === undefined || this.#bytesWaiting > BYTES_WAITING_MAX || this.#closing.size > FILES_CLOSING_MAX;
    if (full === this.#blocked) return;
    this.#blocked = full;
    if (full) this.#ctx.block();
    else this.#ctx.unblock();
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(error);
    this.#ctx.fail(error);
  }

  #mail(mail: () => void): void {
    if (this.#closed) return;
    this.#ctx.execute(() => {
      if (!this.#closed) mail();
    });
  }
}
