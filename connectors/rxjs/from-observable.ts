/**
 * An Observable as a source: one subtask subscribes when the job starts and unsubscribes when it ends.
 *
 * In:    values, whenever the Observable pushes them, into a bounded buffer. Out: records, in their order.
 * State: how many values were emitted to the job, or dropped, before the next one. It helps only a factory, which can begin there; a plain Observable
 *        cannot go back, so what it pushed before a failure is lost.
 */
import type { Counter } from "../../core/metrics/registry.ts";
import type {
  PollResult,
  ReaderOutput,
  Source,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
} from "../../core/operators/contracts/source.ts";
import type { SplitEnumerator, SplitEnumeratorContext } from "../../core/operators/contracts/source.ts";
import { MillraceError, asError } from "../../core/util/errors.ts";
import { ValueBuffer } from "./buffer.ts";
import type { AnyObservable } from "./observable-like.ts";

const CAPACITY = 65_536;

/** What happens to a value that arrives when the buffer is full. */
export type OnFull = "fail" | "drop-oldest" | "drop-newest";

export interface FromObservableOptions {
  readonly buffer?: {
    /** Values that may wait for the job. Default: 65,536. */
    readonly capacity?: number;
    /** Default: `"fail"`. Dropped values are counted in the metric `numRecordsDropped`. */
    readonly onFull?: OnFull;
  };
}

export interface ObservableSplit extends SourceSplit {
  /** Values before the next one. */
  readonly position: number;
}

/** Makes the Observable of all values from the `position`-th on, counted from 0. Called at the start and after each restart. */
export type ObservableFactory<T> = (position: number) => AnyObservable<T>;

/**
 * Reads an Observable, in one subtask. Its completion ends the input, its error fails the job.
 *
 * Shape:  `Source<T>`, unbounded as far as the job knows, parallelism 1.
 * State:  one number.
 * Errors: `MR6201` the job takes values more slowly than the Observable pushes them, and the buffer is full; `MR6202` the Observable failed; `MR6203` it is
 *         no Observable, or a wrong option. An Observable that pushes without a pause fills the buffer, since nobody can tell it to wait. A factory is
 *         exactly once over restarts; a plain Observable is subscribed again: a hot one at most once, a cold one repeats all that it pushed before.
 *
 * @example
 * const ticks = env.fromSource(fromObservable((position) => range(position, 10_000 - position)), WatermarkStrategy.noWatermarks(), "ticks");
 */
export function fromObservable<T>(
  input: AnyObservable<T> | ObservableFactory<T>,
  options: FromObservableOptions = {},
): Source<T, ObservableSplit, readonly ObservableSplit[]> {
  const { capacity = CAPACITY, onFull = "fail" } = options.buffer ?? {};
  const isFactory = typeof input === "function" && !isObservable(input);
  if (!isFactory && !isObservable(input)) throw notObservable("fromObservable", input);
  if (!(Number.isSafeInteger(capacity) && capacity >= 1)) {
    throw new MillraceError(
      "MR6203",
      `buffer.capacity of fromObservable must be a whole number, 1 or more, but is ${capacity}`,
      { retryable: false },
    );
  }
  const observableFrom = isFactory ? (input as ObservableFactory<T>) : () => input as AnyObservable<T>; // as just found out
  return {
    boundedness: "continuous-unbounded",
    replayable: isFactory,
    parallelismMax: 1,
    createReader: (ctx) => new ObservableReader<T>(ctx, { observableFrom, capacity, onFull }),
    createEnumerator: (ctx, restored) => new ObservableEnumerator(ctx, restored ?? [WHOLE]),
  };
}

function isObservable(input: unknown): boolean {
  return (
    (typeof input === "object" || typeof input === "function") &&
    input !== null &&
    "subscribe" in input &&
    typeof input.subscribe === "function"
  );
}

function notObservable(where: string, input: unknown): MillraceError {
  return new MillraceError(
    "MR6203",
    `${where} needs an Observable, which has a method subscribe, but got ${String(input)}`,
    { retryable: false },
  );
}

const WHOLE: ObservableSplit = { splitId: "observable", position: 0 };

/** Has one split to give. */
class ObservableEnumerator implements SplitEnumerator<ObservableSplit, readonly ObservableSplit[]> {
  readonly #ctx: SplitEnumeratorContext<ObservableSplit>;
  #pending: readonly ObservableSplit[];

  constructor(ctx: SplitEnumeratorContext<ObservableSplit>, pending: readonly ObservableSplit[]) {
    this.#ctx = ctx;
    this.#pending = pending;
  }

  handleSplitRequest(subtask: number): void {
    if (this.#pending.length > 0) this.#ctx.assignSplits(subtask, this.#pending);
    this.#pending = [];
    this.#ctx.signalNoMoreSplits(subtask);
  }

  addSplitsBack(splits: readonly ObservableSplit[]): void {
    this.#pending = splits;
  }

  snapshot(): readonly ObservableSplit[] {
    return this.#pending;
  }
}

interface ObservableReaderOptions<T> {
  readonly observableFrom: ObservableFactory<T>;
  readonly capacity: number;
  readonly onFull: OnFull;
}

class ObservableReader<T> implements SourceReader<T, ObservableSplit> {
  readonly #ctx: SourceReaderContext;
  readonly #options: ObservableReaderOptions<T>;
  readonly #buffer: ValueBuffer<T>;
  readonly #dropped: Counter;
  #split: ObservableSplit | undefined;
  #subscription: { unsubscribe(): void } | undefined;
  #pushed = 0;
  #emitted = 0;
  #asksToWake = false;
  #completed = false;
  #noMoreSplits = false;
  #closed = false;

  constructor(ctx: SourceReaderContext, options: ObservableReaderOptions<T>) {
    this.#ctx = ctx;
    this.#options = options;
    this.#buffer = new ValueBuffer(options.capacity);
    this.#dropped = ctx.metrics.counter("numRecordsDropped");
  }

  start(): void {
    this.#ctx.requestSplit();
  }

  pollNext(output: ReaderOutput<T>, recordsMax: number): PollResult {
    const split = this.#split;
    if (split === undefined) return this.#noMoreSplits ? "end-of-input" : "nothing-available";
    const target = output.forSplit(split.splitId);
    const collect = (value: T, ordinal: number): void => {
      this.#emitted = ordinal + 1;
      target.collect(value);
    };
    for (let left = recordsMax; left > 0 && this.#buffer.size > 0 && !output.busy; left--) this.#buffer.shift(collect);
    if (this.#buffer.size > 0) return "more-available";
    if (!this.#completed) return "nothing-available";
    output.release(split.splitId);
    this.#split = undefined;
    return this.#noMoreSplits ? "end-of-input" : "nothing-available";
  }

  addSplits(splits: readonly ObservableSplit[]): void {
    this.#split = splits[0];
    if (this.#split === undefined || this.#subscription !== undefined) return;
    this.#pushed = this.#emitted = this.#split.position;
    const observable = this.#options.observableFrom(this.#split.position);
    if (!isObservable(observable)) throw notObservable("the factory of fromObservable", observable);
    this.#subscription = observable.subscribe({
      next: (value) => this.#push(value),
      error: (error) =>
        this.#fail(new MillraceError("MR6202", `the Observable failed: ${asError(error).message}`, { cause: error })),
      complete: () => {
        this.#completed = true;
        this.#wake();
      },
    });
    this.#ctx.wake();
  }

  noMoreSplits(): void {
    this.#noMoreSplits = true;
    this.#ctx.wake();
  }

  snapshot(): readonly ObservableSplit[] {
    return this.#split === undefined ? [] : [{ ...this.#split, position: this.#emitted }];
  }

  close(): void {
    this.#closed = true;
    this.#subscription?.unsubscribe();
  }

  /** Called by the Observable, at any time, also while a record is on its way through the job. */
  #push(value: T): void {
    if (this.#closed) return;
    const ordinal = this.#pushed++;
    if (this.#buffer.full) {
      const { capacity, onFull } = this.#options;
      if (onFull === "fail") {
        const sentence = `the Observable pushes faster than the job takes, and its buffer of ${capacity} values is full: raise buffer.capacity or choose an onFull that drops`;
        return this.#fail(new MillraceError("MR6201", sentence));
      }
      this.#dropped.count++;
      if (onFull === "drop-newest") return;
      this.#buffer.shift(() => undefined);
    }
    this.#buffer.push(value, ordinal);
    this.#wake();
  }

  #wake(): void {
    if (this.#asksToWake) return;
    this.#asksToWake = true;
    this.#ctx.execute(() => {
      this.#asksToWake = false;
      this.#ctx.wake();
    });
  }

  #fail(error: MillraceError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ctx.execute(() => this.#ctx.fail(error));
  }
}
