/**
 * An Observable as a source, read by one subtask. `observable-feed.ts` is a subscription; here is how long it lives.
 *
 * In:    values, whenever the Observable pushes them, into a bounded buffer. Out: records, in their order.
 * State: how many values were emitted to the job, or dropped, before the next one. It helps only a factory, which can begin there, in each attempt; a
 *        plain Observable cannot go back, so its one subscription outlives the attempts, and what it pushed before a failure is lost.
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
import { MillraceError } from "../../core/util/errors.ts";
import { ObservableFeed } from "./observable-feed.ts";
import type { FeedReader, OnFull } from "./observable-feed.ts";
import type { AnyObservable } from "./observable-like.ts";

const CAPACITY = 65_536;
const ON_FULL: readonly OnFull[] = ["fail", "drop-oldest", "drop-newest"];

export interface FromObservableOptions {
  readonly buffer?: BufferOptions;
}

export interface BufferOptions {
  /** Values that may wait for the job. Default: 65,536. */
  readonly capacity?: number;
  /** Default: `"fail"`. Dropped values are counted in the metric `numRecordsDropped`. */
  readonly onFull?: OnFull;
}

export interface ObservableSplit extends SourceSplit {
  /** Values before the next one. */
  readonly position: number;
}

/** Makes the Observable of all values from the `position`-th on, counted from 0. Called at the start and after each restart or restore. */
export type ObservableFactory<T> = (position: number) => AnyObservable<T>;

/**
 * Reads an Observable, in one subtask. Its completion ends the input, its error fails the job.
 *
 * Shape:  `Source<T>`, unbounded as far as the job knows, parallelism 1.
 * State:  of a factory `(position) => Observable` the position: exactly once, since each attempt subscribes where the checkpoint was.
 *         A plain Observable is subscribed once per job and unsubscribed when the job is over: at most once. Restarts go on with that subscription;
 *         what it pushes meanwhile waits in the buffer, and what was under way in the job at the failure is lost. A job that starts from a savepoint
 *         subscribes anew and has a cold Observable from its start, wherever the savepoint was.
 * Cost:   the buffer. An Observable that pushes without a pause fills it, since nobody can tell it to wait.
 * Errors: `MR6201` the job takes values more slowly than the Observable pushes them, and the buffer is full; `MR6202` the Observable failed; `MR6203` it is
 *         no Observable, or a wrong option. With a plain Observable the first two end the job: no restart brings back what is lost.
 * Source: rxjs's `Observable`; Flink has no such source.
 *
 * @example
 * const ticks = env.fromSource(fromObservable((position) => range(position, 10_000 - position)), WatermarkStrategy.noWatermarks(), "ticks");
 */
export function fromObservable<T>(
  input: AnyObservable<T> | ObservableFactory<T>,
  options: FromObservableOptions = {},
): Source<T, ObservableSplit, readonly ObservableSplit[]> {
  const { capacity = CAPACITY, onFull = "fail" } = options.buffer ?? {};
  if (!ON_FULL.includes(onFull)) {
    throw new MillraceError(
      "MR6203",
      `buffer.onFull of fromObservable must be one of ${ON_FULL.map((word) => `"${word}"`).join(", ")}, but is ${JSON.stringify(onFull)}; an Observable cannot be told to wait`,
      { retryable: false },
    );
  }
  const isFactory = typeof input === "function" && !isObservable(input);
  if (!isFactory && !isObservable(input)) throw notObservable("fromObservable", input);
  if (!(Number.isSafeInteger(capacity) && capacity >= 1)) {
    throw new MillraceError(
      "MR6203",
      `buffer.capacity of fromObservable must be a whole number, 1 or more, but is ${capacity}`,
      { retryable: false },
    );
  }
  const buffer = { capacity, onFull };
  const feeds = isFactory
    ? oneForEachAttempt(input as ObservableFactory<T>, buffer) // as just found out
    : oneForTheJob(input as AnyObservable<T>, buffer); // as above
  return {
    boundedness: "continuous-unbounded",
    replayable: isFactory,
    parallelismMax: 1,
    createReader: (ctx) => new ObservableReader<T>(ctx, feeds),
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

/** How long a subscription lives. */
interface Feeds<T> {
  open(ctx: SourceReaderContext, position: number): ObservableFeed<T>;
  /** The attempt is over. */
  left(feed: ObservableFeed<T>): void;
}

/** A plain Observable is subscribed once in a job: a cold one would begin anew, and repeat what the job has taken. */
function oneForTheJob<T>(observable: AnyObservable<T>, buffer: Required<BufferOptions>): Feeds<T> {
  return {
    open: (ctx) => ctx.keepForJob(() => new ObservableFeed(observable, { ...buffer, position: 0, replayable: false })),
    left: () => undefined,
  };
}

function oneForEachAttempt<T>(observableFrom: ObservableFactory<T>, buffer: Required<BufferOptions>): Feeds<T> {
  return {
    open: (_ctx, position) => {
      const observable = observableFrom(position);
      if (!isObservable(observable)) throw notObservable("the factory of fromObservable", observable);
      return new ObservableFeed(observable, { ...buffer, position, replayable: true });
    },
    left: (feed) => feed.close(),
  };
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

class ObservableReader<T> implements SourceReader<T, ObservableSplit>, FeedReader {
  readonly #ctx: SourceReaderContext;
  readonly #feeds: Feeds<T>;
  readonly #dropped: Counter;
  #split: ObservableSplit | undefined;
  #feed: ObservableFeed<T> | undefined;
  #asksToWake = false;
  #noMoreSplits = false;

  constructor(ctx: SourceReaderContext, feeds: Feeds<T>) {
    this.#ctx = ctx;
    this.#feeds = feeds;
    this.#dropped = ctx.metrics.counter("numRecordsDropped");
  }

  start(): void {
    this.#ctx.requestSplit();
  }

  pollNext(output: ReaderOutput<T>, recordsMax: number): PollResult {
    const [split, feed] = [this.#split, this.#feed];
    if (split === undefined || feed === undefined) return this.#noMoreSplits ? "end-of-input" : "nothing-available";
    const target = output.forSplit(split.splitId);
    const collect = (value: T): void => target.collect(value);
    for (let left = recordsMax; left > 0 && feed.size > 0 && !output.busy; left--) feed.take(collect);
    if (feed.size > 0) return "more-available";
    if (!feed.ended) return "nothing-available";
    output.release(split.splitId);
    this.#split = undefined;
    return this.#noMoreSplits ? "end-of-input" : "nothing-available";
  }

  addSplits(splits: readonly ObservableSplit[]): void {
    const [split] = splits;
    if (split === undefined || this.#feed !== undefined) return;
    this.#split = split;
    this.#feed = this.#feeds.open(this.#ctx, split.position);
    this.#feed.attach(this);
  }

  noMoreSplits(): void {
    this.#noMoreSplits = true;
    this.#ctx.wake();
  }

  snapshot(): readonly ObservableSplit[] {
    const [split, feed] = [this.#split, this.#feed];
    return split === undefined ? [] : [{ ...split, position: feed?.position ?? split.position }];
  }

  close(): void {
    if (this.#feed === undefined) return;
    this.#feed.detach(this);
    this.#feeds.left(this.#feed);
  }

  wake(): void {
    if (this.#asksToWake) return;
    this.#asksToWake = true;
    this.#ctx.execute(() => {
      this.#asksToWake = false;
      this.#ctx.wake();
    });
  }

  dropped(count: number): void {
    this.#dropped.count = count;
  }

  fail(error: MillraceError): void {
    this.#ctx.execute(() => this.#ctx.fail(error));
  }
}
