/**
 * Sources that stutter: they emit few records, let the rest of the world have its turn, and go on, so that checkpoints fall in the middle.
 *
 * In:    any source. Out: the same records, in the same order per split. State: the source's own. The gate stops all readers of a job.
 */
import type {
  OutputTag,
  PollResult,
  ReaderOutput,
  Source,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
} from "../../core/index.ts";
import type { Random } from "../../core/util/random.ts";
import { throwAt } from "./fault-sites.ts";
import type { JobFaults } from "./fault-sites.ts";
import type { Gate } from "./gate.ts";

export interface StutterOptions {
  readonly gate: Gate;
  readonly random: Random;
  /** Records per poll, at most. */
  readonly burst: number;
  /** Now and then it has nothing for so long, at most. Default: 2. */
  readonly pauseMs?: number;
  /** How often. Default: once in ten polls. */
  readonly pauses?: number;
  readonly faults: JobFaults;
}

/** The same source, emitting a few records at a time. */
export function stuttering<T, S extends SourceSplit, E>(
  source: Source<T, S, E>,
  options: StutterOptions,
): Source<T, S, E> {
  return {
    ...source,
    createReader: (ctx) => new StutteringReader<T, S>(source.createReader(ctx), ctx, options),
    createEnumerator: (ctx, restored) => {
      const enumerator = source.createEnumerator(ctx, restored);
      const snapshot = (checkpointId: number): E => {
        throwAt(options.faults, "enumerator");
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
      collectRange: (from, end, valueOf) =>
        this.#counted(from, this.target?.forSplit(splitId).collectRange(from, end, valueOf) ?? from),
      markIdle: () => this.target?.forSplit(splitId).markIdle(),
    };
    this.#splits.set(splitId, split);
    return split;
  }

  release(splitId: string): void {
    this.#splits.delete(splitId);
    this.target?.release(splitId);
  }

  sideOutput<X>(tag: OutputTag<X>, value: X, timestampMs?: number): void {
    this.count += 1;
    this.target?.sideOutput(tag, value, timestampMs);
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
  readonly pauseOrResumeSplits?: (pause: readonly string[], resume: readonly string[]) => void;

  constructor(inner: SourceReader<T, S>, ctx: SourceReaderContext, options: StutterOptions) {
    this.#inner = inner;
    this.#ctx = ctx;
    this.#options = options;
    if (inner.pauseOrResumeSplits !== undefined)
      this.pauseOrResumeSplits = (pause, resume) => inner.pauseOrResumeSplits?.(pause, resume);
  }

  start(): void {
    this.#inner.start?.();
  }

  pollNext(output: ReaderOutput<T>, recordsMax: number): PollResult {
    const { gate, random, burst, pauseMs = 2, pauses = 0.1 } = this.#options;
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
    this.#wakeLater(random.next() < pauses ? random.next() * pauseMs : 0);
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
