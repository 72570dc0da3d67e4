/**
 * One subscription to an Observable, with the values that it pushed and no reader has taken yet.
 *
 * In:    what the Observable pushes, at any time, also while nobody reads. Out: values with their ordinals, to the reader that is attached; it is told
 *        when there is something new.
 * State: the buffer; where the reader is; whether the Observable has completed or failed. What it missed is told to the next reader.
 */
import { MillraceError, asError } from "../../core/util/errors.ts";
import { ValueBuffer } from "./buffer.ts";
import type { AnyObservable } from "./observable-like.ts";

/** What happens to a value that arrives when the buffer is full. */
export type OnFull = "fail" | "drop-oldest" | "drop-newest";

export interface FeedOptions {
  /** Values before the first one that the Observable pushes. */
  readonly position: number;
  readonly capacity: number;
  readonly onFull: OnFull;
  /** Somebody can subscribe again and get the lost values, so that another attempt may help. */
  readonly replayable: boolean;
}

/** Called at any time, also while a record is on its way through the job. */
export interface FeedReader {
  /** There is something to take, or the end. */
  wake(): void;
  fail(error: MillraceError): void;
  /** So many values in all found the buffer full. */
  dropped(count: number): void;
}

export class ObservableFeed<T> {
  readonly #options: FeedOptions;
  readonly #buffer: ValueBuffer<T>;
  #reader: FeedReader | undefined;
  #subscription: { unsubscribe(): void } | undefined;
  #pushed: number;
  #position: number;
  #dropped = 0;
  #completed = false;
  #failure: MillraceError | undefined;
  #closed = false;

  /** Subscribes. What the Observable pushes meanwhile waits for the first reader. */
  constructor(observable: AnyObservable<T>, options: FeedOptions) {
    this.#options = options;
    this.#buffer = new ValueBuffer(options.capacity);
    this.#pushed = this.#position = options.position;
    this.#subscription = observable.subscribe({
      next: (value) => this.#push(value),
      error: (error) => this.#fail(observableFailed(error, options)),
      complete: () => {
        this.#completed = true;
        this.#reader?.wake();
      },
    });
  }

  /** Values that wait. */
  get size(): number {
    return this.#buffer.size;
  }

  /** Nothing waits, and nothing will come. */
  get ended(): boolean {
    return this.#completed && this.#buffer.size === 0;
  }

  /** Values before the next one to take. */
  get position(): number {
    return this.#position;
  }

  /** In place of the reader before. */
  attach(reader: FeedReader): void {
    this.#reader = reader;
    reader.dropped(this.#dropped);
    if (this.#failure !== undefined) reader.fail(this.#failure);
    else reader.wake();
  }

  /** The subscription stays, and what it pushes waits for the next reader. */
  detach(reader: FeedReader): void {
    if (this.#reader === reader) this.#reader = undefined;
  }

  /** The oldest value; there must be one. */
  take(collect: (value: T) => void): void {
    this.#buffer.shift((value, ordinal) => {
      this.#position = ordinal + 1;
      collect(value);
    });
  }

  close(): void {
    this.#closed = true;
    this.#reader = undefined;
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
  }

  #push(value: T): void {
    if (this.#closed || this.#failure !== undefined) return;
    const ordinal = this.#pushed++;
    if (this.#buffer.full) {
      if (this.#options.onFull === "fail") return this.#fail(bufferFull(this.#options));
      this.#dropped++;
      this.#reader?.dropped(this.#dropped);
      if (this.#options.onFull === "drop-newest") return;
      this.#buffer.shift(() => undefined);
    }
    this.#buffer.push(value, ordinal);
    this.#reader?.wake();
  }

  #fail(error: MillraceError): void {
    if (this.#closed || this.#failure !== undefined) return;
    this.#failure = error;
    this.#reader?.fail(error);
  }
}

function bufferFull({ capacity, replayable }: FeedOptions): MillraceError {
  const sentence = `the Observable pushes faster than the job takes, and its buffer of ${capacity} values is full: raise buffer.capacity or choose an onFull that drops`;
  return new MillraceError("MR6201", sentence, { retryable: replayable });
}

function observableFailed(error: unknown, { replayable }: FeedOptions): MillraceError {
  const cure = replayable ? "" : "; to subscribe again after errors, pipe it through rxjs's retry, or pass a factory";
  return new MillraceError("MR6202", `the Observable failed: ${asError(error).message}${cure}`, {
    cause: error,
    retryable: replayable,
  });
}
