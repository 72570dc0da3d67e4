/**
 * Bounded sources that stutter: they emit few records, let the rest of the world have its turn, and go on, so that checkpoints fall in the middle.
 *
 * In:    `listSource`: arrays of records, one per split; `stuttering`: any source. Out: the same records, in the same order per split.
 * State: the position of each split, in the split. The gate, shared by all readers of a job, stops them at a number of records until it is opened.
 */
import type {
  PollResult,
  ReaderOutput,
  Source,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
  SplitEnumerator,
  SplitEnumeratorContext,
} from "../../core/index.ts";
import type { Random } from "../../core/util/random.ts";
import type { Faults } from "./faults.ts";

export interface TimedRecord<T> {
  readonly value: T;
  readonly timestampMs: number;
}

export interface ListSplit extends SourceSplit {
  readonly ordinal: number;
  readonly position: number;
}

/** Stops the readers of a job at a number of records, counted over all of them and all attempts. */
export class Gate {
  emitted = 0;
  #limit = Infinity;
  #waiting: (() => void)[] = [];
  #watchers: { readonly at: number; readonly tell: () => void }[] = [];

  /** How many more records may pass. */
  get room(): number {
    return this.#limit - this.emitted;
  }

  closeAt(limit: number): void {
    this.#limit = limit;
  }

  open(): void {
    this.#limit = Infinity;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  passed(records: number): void {
    this.emitted += records;
    const due = this.#watchers.filter(({ at }) => at <= this.emitted);
    this.#watchers = this.#watchers.filter(({ at }) => at > this.emitted);
    for (const { tell } of due) tell();
  }

  /** Settles once that many records have passed. */
  reached(at: number): Promise<void> {
    if (at <= this.emitted) return Promise.resolve();
    return new Promise((tell) => this.#watchers.push({ at, tell }));
  }

  whenOpen(wake: () => void): void {
    this.#waiting.push(wake);
  }
}

export interface StutterOptions {
  readonly gate: Gate;
  readonly random: Random;
  /** Records per poll, at most. */
  readonly burst: number;
  readonly faults: Faults;
}

/** `at-once`: each reader gets its splits by ordinal when it starts. `on-demand`: one at a time, a while after it asked; the others hold no watermark back. */
export type Dealing = "at-once" | "on-demand";

export function listSource<T>(
  name: string,
  splits: readonly (readonly TimedRecord<T>[])[],
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
  readonly #records: readonly (readonly TimedRecord<T>[])[];
  readonly #dealing: Dealing;
  #splits: ListSplit[] = [];
  #noMore = false;
  #turn = 0;

  constructor(ctx: SourceReaderContext, records: readonly (readonly TimedRecord<T>[])[], dealing: Dealing) {
    this.#ctx = ctx;
    this.#records = records;
    this.#dealing = dealing;
  }

  /** Also with splits at hand: the enumerator may hold others for it. */
  start(): void {
    this.#ctx.requestSplit();
  }

  pollNext(output: ReaderOutput<T>, recordsMax: number): PollResult {
    for (let emitted = 0; emitted < recordsMax && this.#splits.length > 0 && !output.busy; emitted += 1) this.#emitOne(output);
    if (this.#splits.length > 0) return "more-available";
    return this.#noMore ? "end-of-input" : "nothing-available";
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

  #emitOne(output: ReaderOutput<T>): void {
    this.#turn = (this.#turn + 1) % this.#splits.length;
    const split = this.#splits[this.#turn];
    if (split === undefined) return;
    const records = this.#records[split.ordinal] ?? [];
    const record = records[split.position];
    if (record !== undefined) output.forSplit(split.splitId).collect(record.value, record.timestampMs);
    if (split.position + 1 < records.length) {
      this.#splits[this.#turn] = { ...split, position: split.position + 1 };
      return;
    }
    this.#splits.splice(this.#turn, 1);
    output.release(split.splitId);
    if (this.#dealing === "on-demand" && !this.#noMore) this.#ctx.requestSplit();
  }
}

/** The same source, emitting a few records at a time. */
export function stuttering<T, S extends SourceSplit, E>(source: Source<T, S, E>, options: StutterOptions): Source<T, S, E> {
  return {
    ...source,
    createReader: (ctx) => new StutteringReader<T, S>(source.createReader(ctx), ctx, options),
    createEnumerator: (ctx, restored) => {
      const enumerator = source.createEnumerator(ctx, restored);
      const snapshot = (checkpointId: number): E => {
        options.faults.throwAt("enumerator");
        return enumerator.snapshot(checkpointId);
      };
      return {
        start: () => enumerator.start?.(),
        addReader: (subtask) => enumerator.addReader?.(subtask),
        handleSplitRequest: (subtask) => enumerator.handleSplitRequest(subtask),
        addSplitsBack: (splits, subtask) => enumerator.addSplitsBack(splits, subtask),
        snapshot,
        checkpointCompleted: (checkpointId) => enumerator.checkpointCompleted?.(checkpointId),
        handleEvent: (subtask, event) => enumerator.handleEvent?.(subtask, event),
        close: () => enumerator.close?.(),
      };
    },
  };
}

/** Counts what passes. */
class CountingOutput<T> implements ReaderOutput<T> {
  count = 0;
  target: ReaderOutput<T> | undefined = undefined;
  readonly #splits = new Map<string, SourceOutput<T>>();

  get busy(): boolean {
    return this.target?.busy ?? true;
  }

  collect(value: T, timestampMs?: number): void {
    this.count += 1;
    this.target?.collect(value, timestampMs);
  }

  collectRange(from: number, end: number, valueOf: (index: number) => T): number {
    return this.#counted(from, this.target?.collectRange(from, end, valueOf) ?? from);
  }

  markIdle(): void {
    this.target?.markIdle();
  }

  forSplit(splitId: string): SourceOutput<T> {
    const known = this.#splits.get(splitId);
    if (known !== undefined) return known;
    const split: SourceOutput<T> = {
      collect: (value, timestampMs) => {
        this.count += 1;
        this.target?.forSplit(splitId).collect(value, timestampMs);
      },
      collectRange: (from, end, valueOf) => this.#counted(from, this.target?.forSplit(splitId).collectRange(from, end, valueOf) ?? from),
      markIdle: () => this.target?.forSplit(splitId).markIdle(),
    };
    this.#splits.set(splitId, split);
    return split;
  }

  release(splitId: string): void {
    this.#splits.delete(splitId);
    this.target?.release(splitId);
  }

  #counted(from: number, stoppedAt: number): number {
    this.count += stoppedAt - from;
    return stoppedAt;
  }
}

class StutteringReader<T, S extends SourceSplit> implements SourceReader<T, S> {
  readonly #inner: SourceReader<T, S>;
  readonly #ctx: SourceReaderContext;
  readonly #options: StutterOptions;
  readonly #output = new CountingOutput<T>();

  constructor(inner: SourceReader<T, S>, ctx: SourceReaderContext, options: StutterOptions) {
    this.#inner = inner;
    this.#ctx = ctx;
    this.#options = options;
  }

  start(): void {
    this.#inner.start?.();
  }

  pollNext(output: ReaderOutput<T>, recordsMax: number): PollResult {
    const { gate, random, burst } = this.#options;
    const allowed = Math.min(recordsMax, 1 + Math.floor(random.next() * burst), gate.room);
    if (allowed <= 0) {
      gate.whenOpen(() => this.#wakeLater(0));
      return "nothing-available";
    }
    this.#output.target = output;
    this.#output.count = 0;
    const result = this.#inner.pollNext(this.#output, allowed);
    gate.passed(this.#output.count);
    if (result !== "more-available") return result;
    this.#wakeLater(random.next() < 0.9 ? 0 : random.next() * 2);
    return "nothing-available";
  }

  addSplits(splits: readonly S[]): void {
    this.#inner.addSplits(splits);
  }

  noMoreSplits(): void {
    this.#inner.noMoreSplits();
  }

  snapshot(checkpointId: number): readonly S[] {
    return this.#inner.snapshot(checkpointId);
  }

  checkpointCompleted(checkpointId: number): void {
    this.#inner.checkpointCompleted?.(checkpointId);
  }

  handleEvent(event: unknown): void {
    this.#inner.handleEvent?.(event);
  }

  close(): void | Promise<void> {
    return this.#inner.close?.();
  }

  #wakeLater(delayMs: number): void {
    this.#ctx.schedule(delayMs, () => this.#ctx.wake());
  }
}
