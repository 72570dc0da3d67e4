/**
 * The contract of sources, after Flink's FLIP-27: an enumerator on the master finds and assigns splits, readers in the tasks read them.
 *
 * All progress of a reader lies in the splits that it returns from `snapshot`; the enumerator saves what it has not assigned. Splits and enumerator
 * states are plain values, encoded by the engine. Promises stay inside connectors: results come back through `execute`.
 */
import type { MetricGroup } from "../../metrics/registry.ts";
import type { Cancel, TimeMs } from "../../time/clock.ts";
import type { Config } from "../../util/config.ts";
import type { OutputTag } from "./functions.ts";

export interface SourceSplit {
  readonly splitId: string;
}

export interface Source<T, S extends SourceSplit, E = unknown> {
  readonly boundedness: "bounded" | "continuous-unbounded";
  /** False: records read before a failure are lost after it; checkpointing such a source logs a warning. Default: true. */
  readonly replayable?: boolean;
  /** More readers than this are refused while the graph is built. Default: no limit. */
  readonly parallelismMax?: number;
  createReader(ctx: SourceReaderContext): SourceReader<T, S>;
  /** `restored`: what `snapshot` returned, undefined on a fresh start. */
  createEnumerator(ctx: SplitEnumeratorContext<S>, restored: E | undefined): SplitEnumerator<S, E>;
}

/** Emits records of one split (or of the reader as a whole). */
export interface SourceOutput<T> {
  /** Without a timestamp, the record has none until a timestamp assigner gives it one. */
  collect(value: T, timestampMs?: TimeMs): void;
  /**
   * Collects `valueOf(i)` for each whole number from `from` to before `end`, and stops early when downstream cannot take more. Returns where it
   * stopped. Faster than a loop of `collect` in the reader, since this loop belongs to one position in the graph only.
   */
  collectRange(from: number, end: number, valueOf: (index: number) => T): number;
  /** No more records until the next one: watermarks need not wait for this split. Of the reader as a whole, while it has no split: not for it either, until it has one. */
  markIdle(): void;
}

export interface ReaderOutput<T> extends SourceOutput<T> {
  /** True: downstream cannot take more; a reader that emits several records per call stops. */
  readonly busy: boolean;
  /** The output of one split, with its own watermark. The same object for the same id until released. */
  forSplit(splitId: string): SourceOutput<T>;
  /** The split is read to its end: nobody waits for its watermark any more. A paused one may be released too. */
  release(splitId: string): void;
  /**
   * Puts something aside, such as a record that cannot be decoded, for whoever reads `stream.getSideOutput(tag)` of the stream that `fromSource` returned; dropped if nobody
   * does. It has the timestamp that is given here and no other, says nothing about the time of its split, and counts as one of `recordsMax`.
   */
  sideOutput<X>(tag: OutputTag<X>, value: X, timestampMs?: TimeMs): void;
}

export type PollResult = "more-available" | "nothing-available" | "end-of-input";

export interface SourceReader<T, S extends SourceSplit> {
  start?(): void;
  /** Emits at most `recordsMax` records and never waits. After `nothing-available` it is called again only after `ctx.wake()`. */
  pollNext(output: ReaderOutput<T>, recordsMax: number): PollResult;
  addSplits(splits: readonly S[]): void;
  noMoreSplits(): void;
  /** The splits at hand with their positions: exactly the records emitted so far are done. Must not be changed afterwards. */
  snapshot(checkpointId: number): readonly S[];
  checkpointCompleted?(checkpointId: number): void;
  handleEvent?(event: unknown): void;
  /**
   * With watermark alignment: nothing is to be emitted of the splits in `pause`, which are too far ahead, until they are in `resume`; what is fetched of them already is kept. Never called from within
   * `pollNext`. A split is read until it is paused, also one that was released and is added again. If all active splits are paused, the reader is not polled. A reader that
   * cannot do this needs to have one split at a time, or `pipeline.watermark-alignment.allow-unaligned-source-splits`.
   */
  pauseOrResumeSplits?(pause: readonly string[], resume: readonly string[]): void;
  /**
   * The job is stopped: `pollNext` is not called any more. With `drain`, what the reader holds and has promised to somebody may be emitted now, before the last watermark; without, the
   * savepoint has its splits already, and nothing may be emitted.
   */
  stop?(options: { readonly drain: boolean }, output: ReaderOutput<T>): void;
  close?(): void | Promise<void>;
}

/** See `SourceReaderContext.keepForJob`. */
export interface KeptThing {
  close(): void;
}

export interface SourceReaderContext {
  readonly subtaskIndex: number;
  readonly parallelism: number;
  readonly metrics: MetricGroup;
  readonly config: Config;
  /** Wall-clock time, virtual under simulation. */
  nowMs(): TimeMs;
  /** Asks the enumerator for a split; answered by `addSplits` or `noMoreSplits`. */
  requestSplit(): void;
  sendEvent(event: unknown): void;
  /** There is something to poll again. Call it in the task only (from `execute` or `schedule` callbacks, or from reader methods). */
  wake(): void;
  /** Runs `mail` in the task, between records. */
  execute(mail: () => void): void;
  schedule(delayMs: number, mail: () => void): Cancel;
  /**
   * For what has to outlive an attempt, such as a subscription that would begin anew: the first call in a job makes it, and the same subtask of each
   * later attempt is given the same one. Closed when the job is over, and lost with the process: a checkpoint does not contain it.
   */
  keepForJob<K extends KeptThing>(create: () => K): K;
  /** A sentence for people, said with the names of job and operator: something is wrong, and the task goes on. */
  warn(sentence: string): void;
  /** Fails the task. */
  fail(error: unknown): void;
}

export interface SplitEnumerator<S extends SourceSplit, E> {
  start?(): void;
  addReader?(subtask: number): void;
  handleSplitRequest(subtask: number): void;
  /** Splits that were assigned and not taken over by any reader. */
  addSplitsBack(splits: readonly S[], subtask: number): void;
  snapshot(checkpointId: number): E;
  checkpointCompleted?(checkpointId: number): void;
  handleEvent?(subtask: number, event: unknown): void;
  close?(): void | Promise<void>;
}

export interface SplitEnumeratorContext<S extends SourceSplit> {
  readonly parallelism: number;
  readonly metrics: MetricGroup;
  readonly config: Config;
  nowMs(): TimeMs;
  registeredReaders(): readonly number[];
  assignSplits(subtask: number, splits: readonly S[]): void;
  signalNoMoreSplits(subtask: number): void;
  sendEvent(subtask: number, event: unknown): void;
  /** Runs `mail` on the master, in the enumerator's turn. The only way from a callback into the enumerator. */
  execute(mail: () => void): void;
  schedule(delayMs: number, mail: () => void): Cancel;
  /**
   * What an enumerator found out once and must not find out anew while no checkpoint has it, such as where the input ended at the start of the job: the
   * first call in a job makes it, and enumerators after a restart are given the same one. In memory of this master only.
   */
  keepForJob<K>(create: () => K): K;
  /** A sentence for people, said with the names of job and operator: something is wrong, and the job goes on. */
  warn(sentence: string): void;
  /** Fails the job. */
  fail(error: unknown): void;
}
