/**
 * The data generator: the record of every index comes from a function of the index, so any position can be generated again.
 *
 * In:    indices, dealt out to the splits like cards: split 1 of 3 has 1, 4, 7, … So all subtasks are at about the same index at a time, which keeps
 *        event time together where it follows the index. (Contiguous ranges would have the last subtask begin days ahead of the first.)
 * Out:   records, each through the output of its split; a reader with several splits takes the smallest index first.
 * State: the next index of each split.
 */
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
import { RateLimiter } from "../rate-limiter.ts";

export interface DataGeneratorOptions<T> {
  /** The record of an index from 0. Must return the same record for the same index, or a restart changes the past. */
  readonly generate: (index: number) => T;
  /** How many records there are. Default: no end. */
  readonly count?: number;
  /** Of all subtasks together. Default: as fast as the job takes them. */
  readonly ratePerSecond?: number;
  /** Parts that a restart with another parallelism may move; subtasks beyond this number have nothing to do. Default: the parallelism of the first start. */
  readonly splits?: number;
}

/** The indices `next`, `next + step`, … below the source's count. */
export interface DataGeneratorSplit extends SourceSplit {
  readonly ordinal: number;
  readonly next: number;
  readonly step: number;
}

/**
 * Generates records from their index, exactly once across restarts.
 *
 * Shape:  `Source<T>`; bounded with `count`, unbounded without.
 * Units:  `ratePerSecond` in records per second, over all subtasks; may be a fraction.
 * State:  one number per split.
 * Errors: `MR6301` an option that makes no sense. What `generate` throws fails the task.
 * Source: Flink's `DataGeneratorSource`.
 *
 * @example
 * const cards = env.fromSource(
 *   dataGenerator({ count: 1_000_000, ratePerSecond: 5_000, generate: (index) => ({ card: index % 97, cents: (index * 7) % 5_000 }) }),
 *   WatermarkStrategy.noWatermarks(),
 *   "cards",
 * );
 */
export function dataGenerator<T>(
  options: DataGeneratorOptions<T>,
): Source<T, DataGeneratorSplit, readonly DataGeneratorSplit[]> {
  const { count, generate, ratePerSecond, splits } = options;
  if (typeof generate !== "function")
    throw new MillraceError(
      "MR6301",
      "generate of dataGenerator must be a function that makes the record of an index",
      {
        retryable: false,
      },
    );
  check("count", count, (value) => Number.isSafeInteger(value) && value >= 0, "a whole number, 0 or more");
  check("ratePerSecond", ratePerSecond, (value) => value > 0 && Number.isFinite(value), "a number above zero");
  check("splits", splits, (value) => Number.isSafeInteger(value) && value >= 1, "a whole number, 1 or more");
  return {
    boundedness: count === undefined ? "continuous-unbounded" : "bounded",
    createReader: (ctx) => new DataGeneratorReader<T>(ctx, options),
    createEnumerator: (ctx, restored) => new DataGeneratorEnumerator(ctx, restored ?? dealt(splits ?? ctx.parallelism)),
  };
}

function check(name: string, value: number | undefined, isValid: (value: number) => boolean, wanted: string): void {
  if (value === undefined || isValid(value)) return;
  throw new MillraceError("MR6301", `${name} of dataGenerator must be ${wanted}, but is ${value}`, {
    retryable: false,
  });
}

function dealt(step: number): readonly DataGeneratorSplit[] {
  return Array.from({ length: step }, (_, ordinal) => ({ splitId: String(ordinal), ordinal, next: ordinal, step }));
}

/** Hands each reader its part at once, by ordinal, so that a fast one does not take what another has not yet asked for. */
class DataGeneratorEnumerator implements SplitEnumerator<DataGeneratorSplit, readonly DataGeneratorSplit[]> {
  readonly #ctx: SplitEnumeratorContext<DataGeneratorSplit>;
  #pending: readonly DataGeneratorSplit[];

  constructor(ctx: SplitEnumeratorContext<DataGeneratorSplit>, pending: readonly DataGeneratorSplit[]) {
    this.#ctx = ctx;
    this.#pending = pending;
  }

  handleSplitRequest(subtask: number): void {
    const isOwn = (split: DataGeneratorSplit): boolean => split.ordinal % this.#ctx.parallelism === subtask;
    const own = this.#pending.filter(isOwn);
    this.#pending = this.#pending.filter((split) => !isOwn(split));
    if (own.length > 0) this.#ctx.assignSplits(subtask, own);
    this.#ctx.signalNoMoreSplits(subtask);
  }

  addSplitsBack(splits: readonly DataGeneratorSplit[], subtask: number): void {
    // The subtask asks again when it is back, and takes whatever it had, its own by ordinal or not.
    this.#pending = [...this.#pending, ...splits.map((split) => ({ ...split, ordinal: subtask }))];
  }

  snapshot(): readonly DataGeneratorSplit[] {
    return this.#pending;
  }
}

/** A split while it is read. */
interface Progress {
  readonly split: DataGeneratorSplit;
  next: number;
}

class DataGeneratorReader<T> implements SourceReader<T, DataGeneratorSplit> {
  readonly #ctx: SourceReaderContext;
  readonly #generate: (index: number) => T;
  readonly #count: number;
  readonly #limiter: RateLimiter | undefined;
  #reading: Progress[] = [];
  #noMoreSplits = false;
  /** A timer of the limiter runs. */
  #wakes = false;

  constructor(ctx: SourceReaderContext, { generate, count, ratePerSecond }: DataGeneratorOptions<T>) {
    this.#ctx = ctx;
    this.#generate = generate;
    this.#count = count ?? Infinity;
    this.#limiter =
      ratePerSecond === undefined ? undefined : new RateLimiter(ratePerSecond / ctx.parallelism, ctx.nowMs());
  }

  /** Also after a restore, since only the enumerator knows whether more splits come. */
  start(): void {
    this.#ctx.requestSplit();
  }

  pollNext(output: ReaderOutput<T>, recordsMax: number): PollResult {
    let left = this.#limiter === undefined ? recordsMax : this.#allowed(this.#limiter, recordsMax);
    while (left > 0 && !output.busy) {
      const first = this.#smallest();
      if (first === undefined) return this.#noMoreSplits ? "end-of-input" : "nothing-available";
      // With one split, all the rest in one go; with several, one record of each in turn.
      const emitted = this.#emit(first, output, this.#reading.length === 1 ? left : 1);
      left -= emitted;
      this.#limiter?.take(emitted);
      if (first.next >= this.#count) {
        this.#reading = this.#reading.filter((progress) => progress !== first);
        output.release(first.split.splitId);
      }
    }
    return this.#limiter !== undefined && left === 0 && this.#mustWait(this.#limiter)
      ? "nothing-available"
      : "more-available";
  }

  addSplits(splits: readonly DataGeneratorSplit[]): void {
    for (const split of splits) this.#reading.push({ split, next: split.next });
    this.#ctx.wake();
  }

  noMoreSplits(): void {
    this.#noMoreSplits = true;
    this.#ctx.wake();
  }

  snapshot(): readonly DataGeneratorSplit[] {
    return this.#reading.map(({ split, next }) => ({ ...split, next }));
  }

  /** Hot. Returns how many records it emitted. */
  #emit(progress: Progress, output: ReaderOutput<T>, recordsMax: number): number {
    const target = output.forSplit(progress.split.splitId);
    const generate = this.#generate;
    const step = progress.split.step;
    const start = progress.next;
    const end = Math.min(this.#count, start + recordsMax * step);
    let index = start;
    while (index < end && !output.busy) {
      target.collect(generate(index));
      index += step;
    }
    progress.next = index;
    return (index - start) / step;
  }

  #smallest(): Progress | undefined {
    let smallest = this.#reading[0];
    for (const progress of this.#reading)
      if (smallest === undefined || progress.next < smallest.next) smallest = progress;
    return smallest;
  }

  #allowed(limiter: RateLimiter, recordsMax: number): number {
    return Math.min(recordsMax, limiter.available(this.#ctx.nowMs()));
  }

  /** True after it arranged to be woken. */
  #mustWait(limiter: RateLimiter): boolean {
    if (this.#allowed(limiter, 1) === 1) return false;
    if (!this.#wakes) {
      this.#wakes = true;
      this.#ctx.schedule(limiter.waitMs(), () => {
        this.#wakes = false;
        this.#ctx.wake();
      });
    }
    return true;
  }
}
