/**
 * What `fromData` and `fromSequence` share: splits that are ranges of whole numbers, their enumerator, and their reader.
 *
 * In:   the range as a whole, cut into one split per subtask; each subtask reads its own from the first number to the last.
 * Out:  what an emit function makes of each number. It holds the loop, so that each kind of source has its own.
 * State: a split is its own position; the enumerator keeps what nobody asked for yet.
 */
import type {
  PollResult,
  ReaderOutput,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
  SplitEnumerator,
  SplitEnumeratorContext,
} from "../../operators/contracts/source.ts";

/** The numbers from `next` to before `end`. */
export interface RangeSplit extends SourceSplit {
  /** Which part of the range this is: subtask `ordinal % parallelism` reads it. */
  readonly ordinal: number;
  readonly next: number;
  readonly end: number;
}

/** Equal parts, the longer ones first; parts without numbers are left out. */
export function cutRange(from: number, end: number, parts: number): readonly RangeSplit[] {
  const total = Math.max(0, end - from);
  const shorter = Math.floor(total / parts);
  const longer = total % parts;
  const splits: RangeSplit[] = [];
  let next = from;
  for (let ordinal = 0; ordinal < parts; ordinal += 1) {
    const length = ordinal < longer ? shorter + 1 : shorter;
    if (length > 0) splits.push({ splitId: String(ordinal), ordinal, next, end: next + length });
    next += length;
  }
  return splits;
}

export class RangeEnumerator implements SplitEnumerator<RangeSplit, readonly RangeSplit[]> {
  readonly #ctx: SplitEnumeratorContext<RangeSplit>;
  #pending: readonly RangeSplit[];
  /** Came back from a reader that failed: for whoever asks first, since all others may have been told that there is no more. */
  #returned: readonly RangeSplit[] = [];

  constructor(ctx: SplitEnumeratorContext<RangeSplit>, pending: readonly RangeSplit[]) {
    this.#ctx = ctx;
    this.#pending = pending;
  }

  /** A subtask reads only its own parts: a fast one that took another's would have read past it already, in event time. */
  handleSplitRequest(subtask: number): void {
    const own = this.#pending.find((split) => split.ordinal % this.#ctx.parallelism === subtask);
    const split = own ?? this.#returned[0];
    if (split === undefined) {
      this.#ctx.signalNoMoreSplits(subtask);
      return;
    }
    this.#pending = this.#pending.filter((other) => other !== split);
    this.#returned = this.#returned.filter((other) => other !== split);
    this.#ctx.assignSplits(subtask, [split]);
  }

  addSplitsBack(splits: readonly RangeSplit[]): void {
    this.#returned = [...this.#returned, ...splits];
  }

  snapshot(): readonly RangeSplit[] {
    return [...this.#pending, ...this.#returned];
  }
}

export class RangeReader<T> implements SourceReader<T, RangeSplit> {
  readonly #ctx: SourceReaderContext;
  readonly #valueOf: (index: number) => T;
  /** Behind the current split. */
  #queue: readonly RangeSplit[] = [];
  #current: RangeSplit | undefined;
  /** The output of the current split, from its first record on. */
  #target: SourceOutput<T> | undefined;
  #next = 0;
  #asked = false;
  #noMore = false;

  constructor(ctx: SourceReaderContext, valueOf: (index: number) => T) {
    this.#ctx = ctx;
    this.#valueOf = valueOf;
  }

  start(): void {
    if (this.#current === undefined) this.#ask();
  }

  addSplits(splits: readonly RangeSplit[]): void {
    this.#asked = false;
    this.#queue = [...this.#queue, ...splits];
    if (this.#current === undefined) this.#advance();
    this.#ctx.wake();
  }

  noMoreSplits(): void {
    this.#noMore = true;
    this.#ctx.wake();
  }

  pollNext(output: ReaderOutput<T>, recordsMax: number): PollResult {
    const split = this.#current;
    if (split === undefined) {
      if (this.#noMore) return "end-of-input";
      this.#ask();
      return "nothing-available";
    }
    this.#target ??= output.forSplit(split.splitId);
    this.#next = this.#target.collectRange(this.#next, Math.min(this.#next + recordsMax, split.end), this.#valueOf);
    if (this.#next === split.end) {
      output.release(split.splitId);
      this.#advance();
      if (this.#current === undefined) this.#ask();
    }
    return "more-available";
  }

  snapshot(): readonly RangeSplit[] {
    return this.#current === undefined ? [] : [{ ...this.#current, next: this.#next }, ...this.#queue];
  }

  #advance(): void {
    this.#target = undefined;
    this.#current = this.#queue[0];
    this.#queue = this.#queue.slice(1);
    if (this.#current !== undefined) this.#next = this.#current.next;
  }

  #ask(): void {
    if (this.#asked || this.#noMore) return;
    this.#asked = true;
    this.#ctx.requestSplit();
  }
}
