/**
 * Runs a source without an engine: its enumerator and its readers, for tests of connectors.
 *
 * In:    the source, the parallelism, what an earlier harness saved. `turn()` lets everything that waits run once; real I/O goes on between turns.
 * Out:   the records with their splits, in order; `snapshot()` at any time between two turns; the first failure.
 * State: mails, which run in order; which readers are to be polled.
 */
import type {
  ReaderOutput,
  Source,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
  SplitEnumerator,
  SplitEnumeratorContext,
} from "../../core/operators/contracts/source.ts";
import type { OutputTag } from "../../core/operators/contracts/functions.ts";
import { KeptForJob } from "../../core/operators/kept-for-job.ts";
import type { TimeMs } from "../../core/time/clock.ts";
import { Config } from "../../core/util/config.ts";
import { asError } from "../../core/util/errors.ts";
import { HarnessMetrics } from "./harness-metrics.ts";
import { ManualClock } from "./manual-clock.ts";

export interface SourceSnapshot<S, E> {
  readonly enumerator: E;
  /** Of all readers, which a restore deals out to the new ones. */
  readonly splits: readonly S[];
}

export interface EmittedRecord<T> {
  readonly subtask: number;
  /** Undefined: emitted by the reader as a whole. */
  readonly splitId: string | undefined;
  readonly value: T;
}

export interface PutAsideRecord {
  readonly subtask: number;
  /** Its id. */
  readonly tag: string;
  readonly value: unknown;
  readonly timestampMs: TimeMs | undefined;
}

export interface SourceHarnessOptions<T, S extends SourceSplit, E> {
  readonly source: Source<T, S, E>;
  /** Default: 1. */
  readonly parallelism?: number;
  readonly restored?: SourceSnapshot<S, E> | undefined;
  /** Of the harness that was the attempt before. Default: this is the only attempt, and closing it ends the job. */
  readonly kept?: KeptForJob | undefined;
  /** What enumerators of one job keep, in `value`. Default: as `kept`. */
  readonly keptOnMaster?: { value?: unknown };
  /** Called for every record; true makes the output busy for the rest of the call. */
  readonly onRecord?: (record: EmittedRecord<T>) => boolean;
}

interface ReaderSlot<T, S extends SourceSplit> {
  readonly reader: SourceReader<T, S>;
  readonly output: HarnessOutput<T>;
  awake: boolean;
  ended: boolean;
}

export class SourceHarness<T, S extends SourceSplit, E> {
  readonly clock: ManualClock = new ManualClock();
  readonly metrics: HarnessMetrics = new HarnessMetrics();
  readonly records: EmittedRecord<T>[] = [];
  /** What went to side outputs. */
  readonly aside: PutAsideRecord[] = [];
  readonly warnings: string[] = [];
  failure: Error | undefined;
  readonly #kept: KeptForJob;
  readonly #isOnlyAttempt: boolean;
  readonly #mails: (() => void)[] = [];
  readonly #slots: ReaderSlot<T, S>[] = [];
  readonly #enumerator: SplitEnumerator<S, E>;

  constructor(options: SourceHarnessOptions<T, S, E>) {
    const { source, parallelism = 1, restored, kept, keptOnMaster = {}, onRecord = () => false } = options;
    this.#kept = kept ?? new KeptForJob();
    this.#isOnlyAttempt = kept === undefined;
    this.#enumerator = source.createEnumerator(
      this.#enumeratorContext(parallelism, keptOnMaster),
      restored?.enumerator,
    );
    for (let subtask = 0; subtask < parallelism; subtask++) {
      const take = (record: EmittedRecord<T>): boolean => {
        this.records.push(record);
        return onRecord(record);
      };
      const output = new HarnessOutput<T>(subtask, take, (record) => void this.aside.push(record));
      this.#slots.push({
        reader: source.createReader(this.#readerContext(subtask, parallelism)),
        output,
        awake: true,
        ended: false,
      });
    }
    this.#guard(() => this.#enumerator.start?.());
    for (const [subtask, { reader }] of this.#slots.entries()) {
      const own = restored?.splits.filter((_, index) => index % parallelism === subtask) ?? [];
      if (own.length > 0) this.#guard(() => reader.addSplits(own));
      this.#guard(() => this.#enumerator.addReader?.(subtask));
      this.#guard(() => reader.start?.());
    }
  }

  get ended(): boolean {
    return this.#slots.every(({ ended }) => ended);
  }

  get values(): readonly T[] {
    return this.records.map(({ value }) => value);
  }

  /** Runs the mails and polls each reader that is awake once. False: nothing was to be done. */
  turn(recordsMax = 100): boolean {
    let didSomething = this.#mails.length > 0;
    for (let mail = this.#mails.shift(); mail !== undefined; mail = this.#mails.shift()) this.#guard(mail);
    for (const slot of this.#slots) {
      if (!slot.awake || slot.ended || this.failure !== undefined) continue;
      didSomething = true;
      slot.awake = false;
      this.#guard(() => {
        slot.output.busy = false;
        const result = slot.reader.pollNext(slot.output, recordsMax);
        if (result === "more-available") slot.awake = true;
        if (result === "end-of-input") slot.ended = true;
      });
    }
    return didSomething;
  }

  /** Turns until all readers ended or something failed; between turns, real I/O or `pump` may go on. Throws the failure. */
  async run(
    options: { readonly recordsMax?: number; readonly pump?: () => void; readonly until?: () => boolean } = {},
  ): Promise<void> {
    while (!this.ended && this.failure === undefined && options.until?.() !== true) {
      if (this.turn(options.recordsMax)) continue;
      if (options.pump === undefined) await new Promise((resolve) => setImmediate(resolve));
      else options.pump();
    }
    if (this.failure !== undefined) throw this.failure;
  }

  /** As when watermark alignment holds splits back. False: the reader cannot pause any. */
  pauseOrResume(
    subtask: number,
    change: { readonly pause?: readonly string[]; readonly resume?: readonly string[] },
  ): boolean {
    const slot = this.#slots[subtask];
    if (slot?.reader.pauseOrResumeSplits === undefined) return false;
    this.#guard(() => slot.reader.pauseOrResumeSplits?.(change.pause ?? [], change.resume ?? []));
    slot.awake = true;
    return true;
  }

  snapshot(checkpointId = 1): SourceSnapshot<S, E> {
    return {
      enumerator: this.#enumerator.snapshot(checkpointId),
      splits: this.#slots.flatMap(({ reader }) => reader.snapshot(checkpointId)),
    };
  }

  /** The checkpoint is complete, and all hear of it. */
  complete(checkpointId: number): void {
    this.#guard(() => this.#enumerator.checkpointCompleted?.(checkpointId));
    for (const { reader } of this.#slots) this.#guard(() => reader.checkpointCompleted?.(checkpointId));
  }

  /** As when the job is stopped: no reader is polled any more. */
  stop(options: { readonly drain: boolean }): void {
    for (const slot of this.#slots) {
      slot.ended = true;
      this.#guard(() => slot.reader.stop?.(options, slot.output));
    }
  }

  /** As when the reader is lost and comes back: the enumerator gets splits back. */
  giveBack(splits: readonly S[], subtask: number): void {
    this.#enumerator.addSplitsBack(splits, subtask);
  }

  async close(): Promise<void> {
    await this.#enumerator.close?.();
    for (const { reader } of this.#slots) await reader.close?.();
    if (this.#isOnlyAttempt) this.#kept.close();
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.failure ??= asError(error);
    }
  }

  #shared(): Pick<SourceReaderContext, "metrics" | "config" | "nowMs" | "execute" | "schedule" | "warn" | "fail"> {
    return {
      metrics: this.metrics,
      config: new Config(),
      nowMs: () => this.clock.nowMs(),
      execute: (mail) => void this.#mails.push(mail),
      schedule: (delayMs, mail) => this.clock.schedule(delayMs, () => this.#mails.push(mail)),
      warn: (sentence) => void this.warnings.push(sentence),
      fail: (error) => {
        this.failure ??= asError(error);
      },
    };
  }

  #readerContext(subtaskIndex: number, parallelism: number): SourceReaderContext {
    return {
      ...this.#shared(),
      subtaskIndex,
      parallelism,
      keepForJob: (create) => this.#kept.keep(subtaskIndex, create),
      requestSplit: () => void this.#mails.push(() => this.#enumerator.handleSplitRequest(subtaskIndex)),
      sendEvent: (event) => void this.#mails.push(() => this.#enumerator.handleEvent?.(subtaskIndex, event)),
      wake: () => {
        const slot = this.#slots[subtaskIndex];
        if (slot !== undefined) slot.awake = true;
      },
    };
  }

  #enumeratorContext(parallelism: number, kept: { value?: unknown }): SplitEnumeratorContext<S> {
    const toReader = (subtask: number, mail: (reader: SourceReader<T, S>) => void): void => {
      const slot = this.#slots[subtask];
      if (slot === undefined) return;
      this.#mails.push(() => {
        mail(slot.reader);
        slot.awake = true;
      });
    };
    return {
      ...this.#shared(),
      parallelism,
      keepForJob: <K>(create: () => K) => (kept.value ??= create()) as K, // enumerators of one source keep one kind of thing
      registeredReaders: () => [...this.#slots.keys()],
      assignSplits: (subtask, splits) => toReader(subtask, (reader) => reader.addSplits(splits)),
      signalNoMoreSplits: (subtask) => toReader(subtask, (reader) => reader.noMoreSplits()),
      sendEvent: (subtask, event) => toReader(subtask, (reader) => reader.handleEvent?.(event)),
    };
  }
}

class HarnessOutput<T> implements ReaderOutput<T> {
  busy = false;
  readonly released: string[] = [];
  readonly #subtask: number;
  readonly #take: (record: EmittedRecord<T>) => boolean;
  readonly #putAside: (record: PutAsideRecord) => void;
  readonly #splits = new Map<string, SourceOutput<T>>();

  constructor(
    subtask: number,
    take: (record: EmittedRecord<T>) => boolean,
    putAside: (record: PutAsideRecord) => void,
  ) {
    this.#subtask = subtask;
    this.#take = take;
    this.#putAside = putAside;
  }

  collect(value: T): void {
    this.#emit(undefined, value);
  }

  collectRange(from: number, end: number, valueOf: (index: number) => T): number {
    return this.#range(undefined, { from, end }, valueOf);
  }

  markIdle(): void {
    // nobody waits here
  }

  forSplit(splitId: string): SourceOutput<T> {
    const output: SourceOutput<T> = this.#splits.get(splitId) ?? {
      collect: (value) => this.#emit(splitId, value),
      collectRange: (from, end, valueOf) => this.#range(splitId, { from, end }, valueOf),
      markIdle: () => undefined,
    };
    this.#splits.set(splitId, output);
    return output;
  }

  release(splitId: string): void {
    this.#splits.delete(splitId);
    this.released.push(splitId);
  }

  sideOutput<X>(tag: OutputTag<X>, value: X, timestampMs?: TimeMs): void {
    this.#putAside({ subtask: this.#subtask, tag: tag.id, value, timestampMs });
  }

  #range(
    splitId: string | undefined,
    range: { readonly from: number; readonly end: number },
    valueOf: (index: number) => T,
  ): number {
    let index = range.from;
    for (; index < range.end && !this.busy; index += 1) this.#emit(splitId, valueOf(index));
    return index;
  }

  #emit(splitId: string | undefined, value: T): void {
    if (this.#take({ subtask: this.#subtask, splitId, value })) this.busy = true;
  }
}
