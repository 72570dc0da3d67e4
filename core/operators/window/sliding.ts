/**
 * Sliding event-time windows that share slices: the fast path of windows that overlap and are folded by reduce, or by an aggregate with `merge`.
 *
 * A slice is a stretch of time that no window's edge cuts: with a size of 10 s and a slide of 3 s, slices of 1 s and 2 s take turns. Each record
 * changes the accumulator of one slice, whatever size and slide are; a window's result is the merge of its slices when it fires. Windows and slices
 * are numbered: with one or two slices per slide, window `w` consists of the slices `w * perSlide` to `w * perSlide + span - 1`.
 *
 * In:    records and watermarks of one keyed input.
 * Out:   a `WindowResult`, or what the process function emits, per key, window and firing; stamped with the last ms of the window. Late records to
 *        a side output.
 * State: per key and slice one accumulator, under the slice's number; per key the sorted numbers of its slices, touched when a slice comes or goes.
 *        Two chains of timers per key, each timer registering the next: FIRE at the ends of windows, and CLEAN where lateness keeps slices beyond.
 *
 * Invariant: for each slice with a window that has not ended yet, a FIRE timer waits at the end of the first such window or before.
 *
 * Hot: `bench` measures it as "sliding". Self-contained, since the task runs a fresh copy per position.
 */
import type { Counter } from "../../metrics/registry.ts";
import type { AggregateFunction, ReduceFunction } from "../../state/descriptors.ts";
import { value as valueState } from "../../state/descriptors.ts";
import type { KeyedState, OperatorValueState } from "../../state/keyed-state.ts";
import type { InternalTimers, TimerTarget } from "../../state/timers.ts";
import type { TimeMs } from "../../time/clock.ts";
import { MillraceError, assert } from "../../util/errors.ts";
import { EventTime } from "../event-time.ts";
import type { Input, Operator, OperatorServices, Output, Pending } from "../operator.ts";
import { gridNumber } from "./assigners.ts";
import type { TimeWindow } from "./assigners.ts";
import type { WindowOperatorOptions, WindowResult } from "./functions.ts";
import { apart, mergeable } from "./owned.ts";
import { ProcessCall } from "./process-call.ts";

/** Namespaces of the timers. */
const FIRE = 0;
const CLEAN = 1;

type ReduceOption<A> = ReduceFunction<A> | { reduce(left: A, right: A): A } | undefined;

class SlidingWindowOperator<K, T, A, R, O> implements Operator, Input<T>, TimerTarget {
  readonly inputs: readonly Input<never>[];
  readonly #keyOf: (value: T) => K;
  readonly #reduce: ReduceFunction<A> | undefined;
  readonly #aggregate: AggregateFunction<T, A, R> | undefined;
  readonly #process: ProcessCall<K, O> | undefined;
  readonly #sizeMs: number;
  readonly #slideMs: number;
  readonly #offsetMs: number;
  /** From a window's start to the end of an earlier window that cuts the slide in two; 0 if size is a multiple of slide. */
  readonly #cutMs: number;
  /** Slices per slide. */
  readonly #perSlide: number;
  /** Slices per window. */
  readonly #span: number;
  readonly #latenessMs: number;
  readonly #restored: boolean;
  readonly #state: KeyedState;
  readonly #slices: OperatorValueState<A>;
  readonly #numbers: OperatorValueState<number[]>;
  readonly #timers: InternalTimers;
  readonly #eventTime: EventTime;
  readonly #output: Output<WindowResult<K, TimeWindow, R>>;
  readonly #late: Output<unknown> | undefined;
  readonly #lateDropped: Counter;
  /** The slice of the record before, and the last ms of its first and its last window. */
  #slice = 0;
  #sliceMs = Infinity;
  #sliceEndMs = -Infinity;
  #firstEndsMs = 0;
  #lastEndsMs = 0;

  constructor(services: OperatorServices<O>, options: WindowOperatorOptions<K, T, A, R, O>) {
    const { sizeMs, slideMs, offsetMs } = options.assigner;
    assert(sizeMs !== undefined && slideMs !== undefined && slideMs < sizeMs, "these windows overlap");
    assert(options.reduce !== undefined || options.aggregate?.merge !== undefined, "slices can be merged");
    this.inputs = [this];
    this.#keyOf = options.keyOf;
    this.#reduce = reduceFunction(options.reduce as ReduceOption<A>); // with reduce, records are the accumulators
    this.#aggregate = options.aggregate;
    this.#sizeMs = sizeMs;
    this.#slideMs = slideMs;
    this.#offsetMs = offsetMs;
    this.#cutMs = sizeMs % slideMs;
    this.#perSlide = this.#cutMs > 0 ? 2 : 1;
    this.#span = Math.floor(sizeMs / slideMs) * this.#perSlide + (this.#cutMs > 0 ? 1 : 0);
    this.#latenessMs = options.allowedLatenessMs ?? 0;
    this.#restored = services.restored;
    this.#state = services.keyedState;
    this.#slices = services.keyedState.value("window:slices", valueState<A>(), { namespaced: true });
    this.#numbers = services.keyedState.value("window:slice-numbers", valueState<number[]>());
    this.#timers = services.timers("window", this);
    this.#eventTime = new EventTime(services as unknown as OperatorServices<never>, this.#timers); // it emits no records
    this.#process = options.process && new ProcessCall(services, options.process, this.#eventTime);
    this.#output = services.output as unknown as Output<WindowResult<K, TimeWindow, R>>; // O, unless there is a process function
    this.#late = options.lateTag === undefined ? undefined : services.sideOutput(options.lateTag);
    this.#lateDropped = services.metrics.counter("numLateRecordsDropped");
  }

  get watermarkMs(): TimeMs {
    return this.#eventTime.watermarkMs;
  }

  get pending(): Pending {
    return this.#eventTime.pending;
  }

  resume(): void {
    this.#eventTime.resume();
  }

  processWatermark(watermarkMs: TimeMs): void {
    this.#eventTime.advance(watermarkMs);
  }

  processIdle(idle: boolean): void {
    this.#eventTime.processIdle(idle);
  }

  /** Hot: one key lookup, one cell, for any number of windows. */
  processRecord(value: T, timestampMs: TimeMs): void {
    if (!(timestampMs >= this.#sliceMs && timestampMs < this.#sliceEndMs)) this.#place(timestampMs);
    const { watermarkMs } = this.#eventTime;
    if (this.#lastEndsMs + this.#latenessMs <= watermarkMs) {
      this.#tooLate(value, timestampMs);
      return;
    }
    this.#state.setCurrentKey(this.#keyOf(value));
    this.#state.setCurrentNamespace(this.#slice);
    const before = this.#slices.value();
    if (before === undefined && !this.#open(value, timestampMs)) return;
    const after = this.#added(value, before);
    if (after !== before || typeof after !== "object") this.#slices.update(after);
    if (this.#latenessMs > 0 && (this.#restored || this.#firstEndsMs <= watermarkMs)) this.#fireEndedWindows();
  }

  onEventTimer(timeMs: TimeMs, namespace: number | string): void {
    const slices = this.#numbers.value();
    if (slices === undefined) return;
    if (namespace === CLEAN) {
      this.#forget(slices, this.#windowEndingAt(timeMs - this.#latenessMs));
      this.#awaitClean(slices[0]);
      return;
    }
    const window = this.#windowEndingAt(timeMs);
    this.#fire(window, slices);
    if (this.#latenessMs === 0) this.#forget(slices, window);
    const next = slices[firstFrom(slices, (window + 1) * this.#perSlide)];
    if (next !== undefined)
      this.#timers.registerEvent(FIRE, this.#lastMsOf(Math.max(this.#firstWindow(next), window + 1)));
  }

  onProcessingTimer(): void {
    assert(false, "event-time windows register no processing timers");
  }

  #added(value: T, before: A | undefined): A {
    if (this.#reduce !== undefined) {
      const record = value as unknown as A; // with reduce, records are the accumulators
      return before === undefined ? record : this.#reduce(before, record);
    }
    const aggregate = this.#aggregate as AggregateFunction<T, A, R>; // one of the two is there, as the constructor checked
    return aggregate.add(value, before === undefined ? aggregate.createAccumulator() : before);
  }

  /** Finds the record's slice and the windows that contain it. */
  #place(timestampMs: TimeMs): void {
    if (!Number.isFinite(timestampMs)) {
      throw new MillraceError(
        "MR1210",
        "a record without timestamp reached an event-time window: call assignTimestampsAndWatermarks before it",
      );
    }
    const window = gridNumber(timestampMs, this.#slideMs, this.#offsetMs);
    const windowMs = window * this.#slideMs + this.#offsetMs;
    const behindCut = this.#cutMs > 0 && timestampMs >= windowMs + this.#cutMs;
    this.#slice = window * this.#perSlide + (behindCut ? 1 : 0);
    this.#sliceMs = behindCut ? windowMs + this.#cutMs : windowMs;
    this.#sliceEndMs = behindCut || this.#cutMs === 0 ? windowMs + this.#slideMs : windowMs + this.#cutMs;
    this.#firstEndsMs = this.#lastMsOf(this.#firstWindow(this.#slice));
    this.#lastEndsMs = this.#lastMsOf(window);
  }

  /** The first record of a key and slice; false if a subtask before the restore had already forgotten the last window of the slice. */
  #open(value: T, timestampMs: TimeMs): boolean {
    const reachedMs = this.#reachedMs();
    if (this.#lastEndsMs + this.#latenessMs <= reachedMs) {
      this.#tooLate(value, timestampMs);
      return false;
    }
    const slices = this.#numbers.value() ?? [];
    const at = firstFrom(slices, this.#slice);
    const before = slices[at - 1];
    slices.splice(at, 0, this.#slice);
    this.#numbers.update(slices);
    const chained = before !== undefined && this.#lastMsOf(this.#lastWindow(before)) > reachedMs;
    if (!chained && this.#lastEndsMs > reachedMs) this.#timers.registerEvent(FIRE, this.#firstEndBeyond(reachedMs));
    if (this.#latenessMs > 0 && at === 0) this.#awaitClean(this.#slice);
    return true;
  }

  /** The last ms of the first window of the current slice that ends beyond `reachedMs`; there is one. */
  #firstEndBeyond(reachedMs: TimeMs): TimeMs {
    const ended = Math.max(Math.floor((reachedMs - this.#firstEndsMs) / this.#slideMs) + 1, 0);
    return this.#firstEndsMs + ended * this.#slideMs;
  }

  /** A late record, allowed: every window that has fired on time and is still kept fires again. */
  #fireEndedWindows(): void {
    const reachedMs = this.#reachedMs();
    if (this.#firstEndsMs > reachedMs) return;
    const slices = this.#numbers.value() ?? [];
    const untilMs = Math.min(reachedMs, this.#lastEndsMs);
    for (let endsMs = this.#firstEndsMs; endsMs <= untilMs; endsMs += this.#slideMs) {
      if (endsMs + this.#latenessMs > reachedMs) this.#fire(this.#windowEndingAt(endsMs), slices);
    }
  }

  /** Merges the slices of a window into a fresh accumulator, since they serve other windows too. */
  #fire(number: number, slices: readonly number[]): void {
    const behind = number * this.#perSlide + this.#span;
    let at = firstFrom(slices, number * this.#perSlide);
    if ((slices[at] ?? Infinity) >= behind) return;
    let merged = this.#aggregate === undefined ? undefined : this.#aggregate.createAccumulator();
    for (let slice = slices[at]; slice !== undefined && slice < behind; slice = slices[++at]) {
      this.#state.setCurrentNamespace(slice);
      merged = this.#merged(merged, this.#slices.peek());
    }
    const startMs = number * this.#slideMs + this.#offsetMs;
    const window = { startMs, endMs: startMs + this.#sizeMs };
    const contents = merged as A; // a window with a slice has contents
    const result = this.#aggregate === undefined ? (contents as unknown as R) : this.#aggregate.getResult(contents); // reduce: the record is the result
    if (this.#process === undefined) {
      const key = this.#state.getCurrentKey() as K; // set from the key selector
      this.#output.processRecord({ key, window, value: result }, window.endMs - 1);
    } else {
      this.#process.call(window, window.endMs - 1, [result]);
    }
  }

  #merged(left: A | undefined, right: A | undefined): A | undefined {
    if (right === undefined) return left;
    if (this.#reduce !== undefined) return left === undefined ? right : this.#reduce(left, right);
    const other = mergeable(right);
    const merged = this.#aggregate?.merge?.(left as A, other); // an aggregate's left side begins with a fresh accumulator
    return apart(merged, other);
  }

  /** Drops the slices whose last window is `window` or an earlier one. */
  #forget(slices: number[], window: number): void {
    const kept = firstFrom(slices, (window + 1) * this.#perSlide);
    for (let at = 0; at < kept; at++) {
      this.#state.setCurrentNamespace(slices[at] ?? 0);
      this.#slices.clear();
    }
    slices.splice(0, kept);
    if (slices.length === 0) this.#numbers.clear();
    else this.#numbers.update(slices);
  }

  #awaitClean(slice: number | undefined): void {
    if (slice !== undefined)
      this.#timers.registerEvent(CLEAN, this.#lastMsOf(this.#lastWindow(slice)) + this.#latenessMs);
  }

  /** The number of the first window that contains a slice, and of the last. */
  #firstWindow(slice: number): number {
    return Math.floor((slice - this.#span) / this.#perSlide) + 1;
  }

  #lastWindow(slice: number): number {
    return Math.floor(slice / this.#perSlide);
  }

  #lastMsOf(window: number): TimeMs {
    return window * this.#slideMs + this.#offsetMs + this.#sizeMs - 1;
  }

  #windowEndingAt(lastMs: TimeMs): number {
    return (lastMs + 1 - this.#sizeMs - this.#offsetMs) / this.#slideMs;
  }

  /** The watermark of the current key: its group may have been further before the restore than this subtask is now. */
  #reachedMs(): TimeMs {
    const { watermarkMs } = this.#eventTime;
    return this.#restored ? Math.max(watermarkMs, this.#state.restoredWatermarkMs()) : watermarkMs;
  }

  #tooLate(value: T, timestampMs: TimeMs): void {
    if (this.#late === undefined) this.#lateDropped.count++;
    else this.#late.processRecord(value as never, timestampMs); // side outputs are untyped
  }
}

/** The index of the first of the sorted `slices` that is not below `from`. */
function firstFrom(slices: readonly number[], from: number): number {
  let low = 0;
  let high = slices.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((slices[middle] ?? Infinity) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function reduceFunction<A>(reduce: ReduceOption<A>): ReduceFunction<A> | undefined {
  return typeof reduce === "object" ? (left, right) => reduce.reduce(left, right) : reduce;
}

export function createOperator<K, T, A, R, O>(
  services: OperatorServices<O>,
  options: WindowOperatorOptions<K, T, A, R, O>,
): Operator {
  return new SlidingWindowOperator(services, options);
}
