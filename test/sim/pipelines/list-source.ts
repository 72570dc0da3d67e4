/**
 * A bounded source over arrays of records, one per split.
 *
 * In:    the arrays, with timestamps. Out: the records of each split in order, the splits of a reader in turns.
 * State: the position of each split, in the split; the enumerator keeps those that it has not dealt.
 */
import type {
  PollResult,
  ReaderOutput,
  Source,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
  SplitEnumerator,
  SplitEnumeratorContext,
} from "../../../core/index.ts";

export interface TimedRecord<T> {
  readonly value: T;
  readonly timestampMs: number;
}

/** As `TimedRecord`; without a timestamp, where an assigner gives it one. */
type ListRecord<T> = Pick<TimedRecord<T>, "value"> & { readonly timestampMs: number | undefined };

export interface ListSplit extends SourceSplit {
  readonly ordinal: number;
  readonly position: number;
}

/** `at-once`: each reader gets its splits by ordinal when it starts. `on-demand`: one at a time, a while after it asked; the others hold no watermark back. */
export type Dealing = "at-once" | "on-demand";

export function listSource<T>(
  name: string,
  splits: readonly (readonly ListRecord<T>[])[],
  dealing: Dealing = "at-once",
): Source<T, ListSplit, readonly ListSplit[]> {
  return {
    boundedness: "bounded",
    createReader: (ctx) => new ListReader<T>(ctx, splits, dealing),
    createEnumerator: (ctx, restored) => {
      const pending = restored ?? splits.map((_, ordinal) => ({ splitId: `${name}-${ordinal}`, ordinal, position: 0 }));
      return new ListEnumerator(ctx, pending, dealing);
    },
  };
}

class ListEnumerator implements SplitEnumerator<ListSplit, readonly ListSplit[]> {
  readonly #ctx: SplitEnumeratorContext<ListSplit>;
  readonly #dealing: Dealing;
  #pending: readonly ListSplit[];

  constructor(ctx: SplitEnumeratorContext<ListSplit>, pending: readonly ListSplit[], dealing: Dealing) {
    this.#ctx = ctx;
    this.#pending = pending;
    this.#dealing = dealing;
  }

  handleSplitRequest(subtask: number): void {
    if (this.#dealing === "on-demand") this.#ctx.schedule(subtask % 3, () => this.#dealOne(subtask));
    else this.#dealOwn(subtask);
  }

  addSplitsBack(splits: readonly ListSplit[]): void {
    this.#pending = [...this.#pending, ...splits];
  }

  snapshot(): readonly ListSplit[] {
    return this.#pending;
  }

  #dealOwn(subtask: number): void {
    const own = this.#pending.filter(({ ordinal }) => ordinal % this.#ctx.parallelism === subtask);
    this.#pending = this.#pending.filter((split) => !own.includes(split));
    if (own.length > 0) this.#ctx.assignSplits(subtask, own);
    this.#ctx.signalNoMoreSplits(subtask);
  }

  #dealOne(subtask: number): void {
    const [next, ...others] = this.#pending;
    this.#pending = others;
    if (next === undefined) this.#ctx.signalNoMoreSplits(subtask);
    else this.#ctx.assignSplits(subtask, [next]);
  }
}

class ListReader<T> implements SourceReader<T, ListSplit> {
  readonly #ctx: SourceReaderContext;
  readonly #records: readonly (readonly ListRecord<T>[])[];
  readonly #dealing: Dealing;
  #splits: ListSplit[] = [];
  readonly #paused = new Set<string>();
  #noMore = false;
  #turn = 0;

  constructor(ctx: SourceReaderContext, records: readonly (readonly ListRecord<T>[])[], dealing: Dealing) {
    this.#ctx = ctx;
    this.#records = records;
    this.#dealing = dealing;
  }

  /** Also with splits at hand: the enumerator may hold others for it. */
  start(): void {
    this.#ctx.requestSplit();
  }

  pollNext(output: ReaderOutput<T>, recordsMax: number): PollResult {
    for (let emitted = 0; emitted < recordsMax && this.#isReadable() && !output.busy; emitted += 1)
      this.#emitOne(output);
    if (this.#isReadable()) return "more-available";
    return this.#noMore && this.#splits.length === 0 ? "end-of-input" : "nothing-available";
  }

  addSplits(splits: readonly ListSplit[]): void {
    this.#splits.push(...splits);
  }

  noMoreSplits(): void {
    this.#noMore = true;
  }

  snapshot(): readonly ListSplit[] {
    return [...this.#splits];
  }

  pauseOrResumeSplits(pause: readonly string[], resume: readonly string[]): void {
    for (const splitId of pause) this.#paused.add(splitId);
    for (const splitId of resume) this.#paused.delete(splitId);
  }

  #isReadable(): boolean {
    return this.#paused.size === 0
      ? this.#splits.length > 0
      : this.#splits.some((split) => !this.#paused.has(split.splitId));
  }

  #emitOne(output: ReaderOutput<T>): void {
    this.#turn = (this.#turn + 1) % this.#splits.length;
    const split = this.#splits[this.#turn];
    if (split === undefined || this.#paused.has(split.splitId)) return;
    const records = this.#records[split.ordinal] ?? [];
    const record = records[split.position];
    if (record !== undefined) output.forSplit(split.splitId).collect(record.value, record.timestampMs);
    if (split.position + 1 < records.length) {
      this.#splits[this.#turn] = { ...split, position: split.position + 1 };
      return;
    }
    this.#splits.splice(this.#turn, 1);
    this.#paused.delete(split.splitId);
    output.release(split.splitId);
    if (this.#dealing === "on-demand" && !this.#noMore) this.#ctx.requestSplit();
  }
}
