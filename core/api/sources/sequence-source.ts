/** The source behind `fromSequence`: the whole numbers of a range, in equal parts per subtask. */
import type {
  Source,
  SourceReader,
  SourceReaderContext,
  SplitEnumerator,
  SplitEnumeratorContext,
} from "../../operators/contracts/source.ts";
import { refuse } from "../refuse.ts";
import { RangeEnumerator, RangeReader, cutRange } from "./range-splits.ts";
import type { RangeSplit } from "./range-splits.ts";

export class SequenceSource implements Source<number, RangeSplit, readonly RangeSplit[]> {
  readonly boundedness = "bounded";
  readonly #from: number;
  readonly #to: number;

  /** Both ends inclusive; nothing at all if `from` is above `to`. */
  constructor(from: number, to: number) {
    if (![from, to, to - from].every(Number.isSafeInteger))
      refuse(
        "MR1063",
        `fromSequence takes two whole numbers up to 2^53 - 1, and no further apart, not ${String(from)} and ${String(to)}`,
      );
    this.#from = from;
    this.#to = to;
  }

  createReader(ctx: SourceReaderContext): SourceReader<number, RangeSplit> {
    return new RangeReader(ctx, itself);
  }

  createEnumerator(
    ctx: SplitEnumeratorContext<RangeSplit>,
    restored: readonly RangeSplit[] | undefined,
  ): SplitEnumerator<RangeSplit, readonly RangeSplit[]> {
    return new RangeEnumerator(ctx, restored ?? cutRange(this.#from, this.#to + 1, ctx.parallelism));
  }
}

/** Hot: feeds the chain benchmarks of `bench/`. */
function itself(number: number): number {
  return number;
}
