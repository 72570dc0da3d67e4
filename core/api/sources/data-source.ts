/**
 * The source behind `fromData`: values that the job module holds, in equal parts per subtask.
 *
 * Every thread builds the graph and so has the values; splits carry only indices.
 */
import type {
  Source,
  SourceReader,
  SourceReaderContext,
  SplitEnumerator,
  SplitEnumeratorContext,
} from "../../operators/contracts/source.ts";
import { RangeEnumerator, RangeReader, cutRange } from "./range-splits.ts";
import type { RangeSplit } from "./range-splits.ts";

export class DataSource<T> implements Source<T, RangeSplit, readonly RangeSplit[]> {
  readonly boundedness = "bounded";
  readonly #values: readonly T[];

  constructor(values: readonly T[]) {
    this.#values = values;
  }

  createReader(ctx: SourceReaderContext): SourceReader<T, RangeSplit> {
    const values = this.#values;
    return new RangeReader(ctx, (index) => values[index] as T); // splits stay within the values
  }

  createEnumerator(
    ctx: SplitEnumeratorContext<RangeSplit>,
    restored: readonly RangeSplit[] | undefined,
  ): SplitEnumerator<RangeSplit, readonly RangeSplit[]> {
    return new RangeEnumerator(ctx, restored ?? cutRange(0, this.#values.length, ctx.parallelism));
  }
}
