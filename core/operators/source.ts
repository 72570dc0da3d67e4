/**
 * The operator behind `env.fromSource(source, strategy)`: polls a reader, stamps its records and makes their watermarks, per split.
 *
 * In:    `poll` of the task, while downstream takes more; events of the split enumerator (`contracts/source-events.ts`).
 * Out:   the records, and what the reader puts aside; the minimum of the splits' watermarks, after a record or every `pipeline.auto-watermark-interval`; at the end the last watermark.
 * State: the list `splits`: each split with its position, its generator and its watermark. The list `main`: the same for records of no split.
 *
 * A split counts from its assignment, also before its first record: a split that waits to be read must not be overtaken by the watermarks of the others.
 * A reader that emits through the main output ignores splits, and then only those count that it asks an output for.
 */
import type { Counter } from "../metrics/registry.ts";
import type { OperatorListState } from "../state/handles.ts";
import type { TimeMs } from "../time/clock.ts";
import { IdleClock } from "../time/idle-clock.ts";
import { QuietTime } from "../time/quiet-time.ts";
import type { CombinedPart } from "../time/watermark-combiner.ts";
import { isTimestamp, notATimestamp } from "../time/watermark-strategy.ts";
import type { WatermarkGenerator, WatermarkOutput, WatermarkStrategy } from "../time/watermark-strategy.ts";
import { WATERMARK_MIN } from "../time/watermark.ts";
import { OPTIONS } from "../util/config.ts";
import { assert } from "../util/errors.ts";
import type { OutputTag } from "./contracts/functions.ts";
import type { CoordinatorToReader, ReaderToCoordinator } from "./contracts/source-events.ts";
import type { ReaderOutput, Source, SourceOutput, SourceReader, SourceSplit } from "./contracts/source.ts";
import { KeptForJob } from "./kept-for-job.ts";
import { NO_TIMESTAMP } from "./operator.ts";
import type { Availability, Operator, OperatorServices, Output, SourceStatus } from "./operator.ts";
import { SourceAlignment } from "./source-alignment.ts";
import type { AlignedOutput } from "./source-alignment.ts";
import { takeOverGenerator } from "./saved-generator.ts";
import type { SavedGenerator, SavedSplit } from "./saved-generator.ts";
import { sourceReaderContext } from "./source-reader-context.ts";
import { SourceTime } from "./source-time.ts";

export interface SourceOptions<T, S extends SourceSplit> {
  readonly source: Source<T, S>;
  readonly strategy: WatermarkStrategy<T>;
  /** Of the job. Default: nothing outlives the operator. */
  readonly kept?: KeptForJob;
}

/** What all outputs of one source share. */
interface Shared<T> {
  readonly time: SourceTime;
  readonly services: OperatorServices<T>;
  readonly strategy: WatermarkStrategy<T>;
  readonly assign: (value: T, timestampMs: TimeMs) => TimeMs;
  readonly records: Counter;
  readonly idleClock: IdleClock;
}

/** One split, or all records of no split. */
class SplitOutput<T> implements SourceOutput<T>, WatermarkOutput, AlignedOutput {
  readonly splitId: string | undefined;
  readonly generator: WatermarkGenerator<T>;
  readonly part: CombinedPart<string>;
  /** The reader has asked for it. */
  claimed = false;
  readonly #assign: (value: T, timestampMs: TimeMs) => TimeMs;
  readonly #output: Output<T>;
  readonly #records: Counter;
  readonly #time: SourceTime;
  readonly #availability: Availability;
  readonly #quiet: QuietTime;
  #idle = false;
  /** A record came since the last tick. */
  #touched = false;

  constructor(shared: Shared<T>, splitId: string | undefined, savedGenerator: unknown) {
    this.splitId = splitId;
    this.generator = shared.strategy.createGenerator(savedGenerator);
    this.part = shared.time.combiner.register(splitId === undefined ? "main" : `split ${splitId}`);
    this.#assign = shared.assign;
    this.#output = shared.services.output;
    this.#records = shared.records;
    this.#time = shared.time;
    this.#availability = shared.services.availability;
    this.#quiet = new QuietTime(shared.idleClock);
  }

  /** Hot. */
  collect(value: T, recordTimestampMs: TimeMs = NO_TIMESTAMP): void {
    this.#touched = true;
    if (this.#idle) this.markActive();
    this.#records.count++;
    this.#emit(value, recordTimestampMs);
  }

  /** Hot: the loop of all generated sources. */
  collectRange(from: number, end: number, valueOf: (index: number) => T): number {
    const availability = this.#availability;
    if (from >= end || availability.busy) return from;
    this.#touched = true;
    if (this.#idle) this.markActive();
    let index = from;
    do {
      this.#emit(valueOf(index), NO_TIMESTAMP);
      index += 1;
    } while (index < end && !availability.busy);
    this.#records.count += index - from;
    return index;
  }

  #emit(value: T, recordTimestampMs: TimeMs): void {
    const timestampMs = this.#assign(value, recordTimestampMs);
    if (!isTimestamp(timestampMs)) throw notATimestamp(timestampMs);
    this.#output.processRecord(value, timestampMs);
    this.generator.onEvent(value, timestampMs, this);
  }

  emitWatermark(watermarkMs: TimeMs): void {
    if (!(watermarkMs > this.part.watermarkMs)) return;
    if (this.#idle) this.markActive();
    if (this.#time.combiner.update(this.part, watermarkMs)) this.#time.tell();
  }

  markIdle(): void {
    this.#idle = true;
    if (this.#time.combiner.setIdle(this.part, true)) this.#time.tell();
  }

  markActive(): void {
    this.#idle = false;
    if (this.#time.combiner.setIdle(this.part, false)) this.#time.tell();
  }

  setPaused(paused: boolean): boolean {
    return this.#quiet.setPaused(paused);
  }

  /** The generator of an idle split is not asked: one that follows the clock would end the idleness with every tick. */
  tick(nowMs: number, idlenessMs: number | undefined): void {
    if (this.#touched) {
      this.#touched = false;
      this.#quiet.active(nowMs);
    }
    if (idlenessMs !== undefined && this.#quiet.lasts(nowMs, idlenessMs)) this.markIdle();
    else this.generator.onPeriodicEmit(this);
  }
}

/** What the reader emits to. */
class MainOutput<T> implements ReaderOutput<T> {
  readonly #shared: Shared<T>;
  readonly #splits = new Map<string, SplitOutput<T>>();
  #main: SplitOutput<T> | undefined;
  /** Since there is no split. */
  readonly #empty: QuietTime;

  constructor(shared: Shared<T>, restoredMain: SavedGenerator | undefined) {
    this.#shared = shared;
    this.#main = restoredMain && new SplitOutput(shared, undefined, restoredMain.generator);
    this.#main?.emitWatermark(restoredMain?.watermarkMs ?? WATERMARK_MIN);
    this.#empty = new QuietTime(shared.idleClock);
  }

  get busy(): boolean {
    return this.#shared.services.availability.busy;
  }

  get main(): SplitOutput<T> | undefined {
    return this.#main;
  }

  collect(value: T, timestampMs: TimeMs = NO_TIMESTAMP): void {
    (this.#main ?? this.#openMain()).collect(value, timestampMs);
  }

  collectRange(from: number, end: number, valueOf: (index: number) => T): number {
    return (this.#main ?? this.#openMain()).collectRange(from, end, valueOf);
  }

  markIdle(): void {
    if (this.#main === undefined && this.#splits.size === 0) this.#shared.time.nobody();
    else (this.#main ?? this.#openMain()).markIdle();
  }

  forSplit(splitId: string): SourceOutput<T> {
    const output = this.#splits.get(splitId) ?? this.#open(splitId, undefined);
    output.claimed = true;
    return output;
  }

  release(splitId: string): void {
    const output = this.#splits.get(splitId);
    if (output === undefined) return;
    this.#splits.delete(splitId);
    this.#empty.active(this.#shared.idleClock.nowMs());
    if (this.#shared.time.combiner.remove(output.part)) this.#shared.time.tell();
  }

  sideOutput<X>(tag: OutputTag<X>, value: X, timestampMs: TimeMs = NO_TIMESTAMP): void {
    if (!isTimestamp(timestampMs)) throw notATimestamp(timestampMs);
    this.#shared.services.sideOutput(tag.id)?.processRecord(value, timestampMs);
  }

  *outputs(): Iterable<SplitOutput<T>> {
    if (this.#main !== undefined) yield this.#main;
    yield* this.#splits.values();
  }

  /** The split was assigned; `saved` if it was read before. */
  assigned(splitId: string, saved?: SavedSplit<SourceSplit>): void {
    if (this.#main === undefined && !this.#splits.has(splitId)) this.#open(splitId, saved?.generator);
  }

  /** From the saved watermark. After all restored splits were assigned: the first alone would raise the minimum. */
  goOn(splitId: string, watermarkMs: TimeMs): void {
    this.#splits.get(splitId)?.emitWatermark(watermarkMs);
  }

  save<S extends SourceSplit>(split: S): SavedSplit<S> {
    const output = this.#splits.get(split.splitId);
    return { split, watermarkMs: output?.part.watermarkMs ?? WATERMARK_MIN, generator: output?.generator.snapshot?.() };
  }

  tick(nowMs: number, idlenessMs: number | undefined): void {
    for (const output of this.outputs()) output.tick(nowMs, idlenessMs);
    if (this.#shared.time.combiner.size > 0 || idlenessMs === undefined) return;
    if (this.#empty.lasts(nowMs, idlenessMs)) this.#shared.time.nobody();
  }

  #open(splitId: string, savedGenerator: unknown): SplitOutput<T> {
    const output = new SplitOutput(this.#shared, splitId, savedGenerator);
    this.#splits.set(splitId, output);
    this.#shared.time.somebody();
    return output;
  }

  #openMain(): SplitOutput<T> {
    const main = new SplitOutput(this.#shared, undefined, undefined);
    this.#main = main;
    for (const [splitId, output] of this.#splits) {
      if (!output.claimed) this.release(splitId);
    }
    this.#shared.time.somebody();
    return main;
  }
}

class SourceOperator<T, S extends SourceSplit> implements Operator {
  readonly inputs: readonly [] = [];
  readonly #services: OperatorServices<T>;
  readonly #time: SourceTime;
  readonly #idleClock: IdleClock;
  readonly #idlenessMs: number | undefined;
  readonly #output: MainOutput<T>;
  readonly #reader: SourceReader<T, S>;
  readonly #alignment: SourceAlignment | undefined;
  readonly #savedSplits: OperatorListState<SavedSplit<S>>;
  readonly #savedMain: OperatorListState<SavedGenerator>;
  #stopped = false;
  /** The reader called `wake` while it was polled. */
  #woken = false;

  constructor(services: OperatorServices<T>, options: SourceOptions<T, S>) {
    const { strategy, kept = new KeptForJob() } = options;
    this.#services = services;
    this.#time = new SourceTime(services.restoredWatermarkMs, services.output);
    this.#idleClock = new IdleClock(services.clock);
    this.#idlenessMs = strategy.idlenessMs;
    this.#savedSplits = services.operatorState.list("splits", "split");
    this.#savedMain = services.operatorState.list("main", "union");
    const shared: Shared<T> = {
      time: this.#time,
      services,
      strategy,
      assign: strategy.timestampAssigner ?? ((_value, timestampMs) => timestampMs),
      records: services.metrics.counter("numRecordsIn"),
      idleClock: this.#idleClock,
    };
    this.#output = new MainOutput(shared, takeOverGenerator(this.#savedMain.get(), services.task));
    this.#reader = options.source.createReader(sourceReaderContext(services, kept, () => (this.#woken = true)));
    const { combiner } = this.#time;
    const readable = { combiner, reader: this.#reader, outputs: () => this.#output.outputs() };
    this.#alignment = strategy.alignment && new SourceAlignment(strategy.alignment, services, readable);
    services.metrics.gauge("currentOutputWatermark", () => this.watermarkMs);
    this.#restore();
    services.execute(() => this.#start());
  }

  get watermarkMs(): TimeMs {
    return this.#time.watermarkMs;
  }

  get #isHeld(): boolean {
    return this.#alignment?.held ?? false;
  }

  poll(recordsMax: number): SourceStatus {
    if (this.#stopped || this.#time.ended) return "finished";
    if (this.#isHeld) return "waiting";
    this.#idleClock.resume();
    this.#woken = false;
    const result = this.#reader.pollNext(this.#output, recordsMax);
    if (this.#services.availability.busy) this.#idleClock.pause();
    if (result === "end-of-input") {
      this.#time.end();
      this.#alignment?.end();
      return "finished";
    }
    if (this.#alignment?.check() === true) this.#woken = true;
    return (result === "more-available" || this.#woken) && !this.#isHeld ? "more" : "waiting";
  }

  stop(options: { readonly drain: boolean }): void {
    this.#reader.stop?.(options, this.#output);
    this.#stopped = true;
    if (options.drain) this.#time.end();
  }

  snapshot(checkpointId: number): void {
    const { subtaskIndex, parallelism } = this.#services.task;
    const { main } = this.#output;
    this.#savedSplits.update(this.#reader.snapshot(checkpointId).map((split) => this.#output.save(split)));
    if (main === undefined) return;
    const { watermarkMs } = main.part;
    this.#savedMain.update([{ subtaskIndex, parallelism, watermarkMs, generator: main.generator.snapshot?.() }]);
  }

  checkpointCompleted(checkpointId: number): void {
    this.#reader.checkpointCompleted?.(checkpointId);
  }

  handleEvent(received: unknown): void {
    const event = received as CoordinatorToReader; // only the coordinator of this source sends here
    switch (event.type) {
      case "add-splits": {
        const splits = event.splits as readonly S[]; // the enumerator of the same source made them
        this.#time.batch(() => splits.forEach((split) => this.#output.assigned(split.splitId)));
        this.#reader.addSplits(splits);
        this.#alignment?.report();
        break;
      }
      case "no-more-splits":
        this.#reader.noMoreSplits();
        break;
      case "source-event":
        this.#reader.handleEvent?.(event.event);
        break;
      case "align-watermarks":
        this.#alignment?.heard(event.lowestMs);
        break;
      default:
        assert(false, `a source reader knows no event ${JSON.stringify(received)}`);
    }
    this.#services.wake();
  }

  close(): void | Promise<void> {
    return this.#reader.close?.();
  }

  #restore(): void {
    const saved = this.#savedSplits.get();
    for (const one of saved) this.#output.assigned(one.split.splitId, one);
    for (const one of saved) this.#output.goOn(one.split.splitId, one.watermarkMs);
    if (saved.length > 0) this.#reader.addSplits(saved.map((one) => one.split));
  }

  /** In the task's turn, when everything downstream stands. */
  #start(): void {
    const register: ReaderToCoordinator = { type: "register-reader" };
    this.#time.start();
    this.#services.sendEvent(register);
    this.#reader.start?.();
    this.#alignment?.start(() => !this.#stopped && !this.#time.ended);
    this.#tickLater(this.#services.config.get(OPTIONS.autoWatermarkInterval));
  }

  #tickLater(intervalMs: number): void {
    if (intervalMs === 0) return;
    this.#services.schedule(intervalMs, () => {
      if (this.#stopped || this.#time.ended) return;
      if (this.#services.availability.busy) this.#idleClock.pause();
      else this.#idleClock.resume();
      this.#time.batch(() => this.#output.tick(this.#idleClock.nowMs(), this.#idlenessMs));
      if (this.#alignment?.check() === true) this.#services.wake();
      this.#tickLater(intervalMs);
    });
  }
}

export function createOperator<T, S extends SourceSplit>(
  services: OperatorServices<T>,
  options: SourceOptions<T, S>,
): Operator {
  return new SourceOperator(services, options);
}
