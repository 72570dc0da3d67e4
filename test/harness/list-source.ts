/**
 * A source made of lists, for tests of the source operator: each split is a list of records, read in turns or one after the other.
 *
 * The reader emits at most `recordsMax` records per poll and stops when busy; its position lies in its splits, as the contract demands.
 */
import type {
  ReaderOutput,
  Source,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
} from "../../core/operators/contracts/source.ts";

export interface ListSplit extends SourceSplit {
  readonly records: readonly (readonly [value: string, timestampMs: number])[];
  readonly position: number;
}

export interface ListSourceOptions {
  /** Main: all records go through the main output. */
  readonly output?: "split" | "main";
  readonly order?: "in-turns" | "one-by-one";
  /** It can pause splits. Default: false. */
  readonly pausing?: boolean;
}

export function listSplit(splitId: string, timestamps: readonly number[]): ListSplit {
  return {
    splitId,
    position: 0,
    records: timestamps.map((timestampMs, at) => [`${splitId}${at}`, timestampMs] as const),
  };
}

export class ListReader implements SourceReader<string, ListSplit> {
  readonly ctx: SourceReaderContext;
  readonly events: unknown[] = [];
  readonly completed: number[] = [];
  /** What it was told, as `-split` and `+split`. */
  readonly pauses: string[] = [];
  readonly pauseOrResumeSplits?: (pause: readonly string[], resume: readonly string[]) => void;
  started = false;
  closed = false;
  readonly #options: ListSourceOptions;
  #splits: ListSplit[] = [];
  #noMore = false;
  #turn = 0;
  readonly #paused = new Set<string>();

  constructor(ctx: SourceReaderContext, options: ListSourceOptions) {
    this.ctx = ctx;
    this.#options = options;
    if (options.pausing === true) this.pauseOrResumeSplits = (pause, resume) => this.#pauseOrResume(pause, resume);
  }

  start(): void {
    this.started = true;
    if (this.#splits.length === 0) this.ctx.requestSplit();
  }

  pollNext(output: ReaderOutput<string>, recordsMax: number): "more-available" | "nothing-available" | "end-of-input" {
    for (let emitted = 0; emitted < recordsMax && this.#isReadable() && !output.busy; emitted++) this.#emitOne(output);
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

  checkpointCompleted(checkpointId: number): void {
    this.completed.push(checkpointId);
  }

  handleEvent(event: unknown): void {
    this.events.push(event);
  }

  close(): void {
    this.closed = true;
  }

  #isReadable(): boolean {
    return this.#splits.some(({ splitId }) => !this.#paused.has(splitId));
  }

  #pauseOrResume(pause: readonly string[], resume: readonly string[]): void {
    this.pauses.push(...pause.map((splitId) => `-${splitId}`), ...resume.map((splitId) => `+${splitId}`));
    for (const splitId of pause) this.#paused.add(splitId);
    for (const splitId of resume) this.#paused.delete(splitId);
  }

  #emitOne(output: ReaderOutput<string>): void {
    const at = this.#options.order === "one-by-one" ? 0 : this.#turn++ % this.#splits.length;
    if (this.#paused.has(this.#splits[at]?.splitId ?? "")) return;
    const split = this.#splits[at];
    const record = split?.records[split.position];
    if (split === undefined) return;
    if (record !== undefined)
      (this.#options.output === "main" ? output : output.forSplit(split.splitId)).collect(record[0], record[1]);
    const next = { ...split, position: split.position + 1 };
    if (next.position < next.records.length) {
      this.#splits[at] = next;
      return;
    }
    this.#splits.splice(at, 1);
    output.release(split.splitId);
  }
}

/** `readers` collects what was created, for tests that look inside. */
export function listSource(options: ListSourceOptions = {}, readers: ListReader[] = []): Source<string, ListSplit> {
  return {
    boundedness: "bounded",
    createReader(ctx) {
      const reader = new ListReader(ctx, options);
      readers.push(reader);
      return reader;
    },
    createEnumerator() {
      throw new Error("the test plays the enumerator");
    },
  };
}
