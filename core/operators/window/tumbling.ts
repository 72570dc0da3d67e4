/**
 * Windows that do not overlap, in event time, folded by reduce or aggregate, fired at their end: the fast path of tumbling windows, and of sliding
 * ones whose slide is not below their size.
 *
 * In:    records and watermarks of one keyed input.
 * Out:   a `WindowResult`, or what the process function emits, per key, window and firing; stamped with the last ms of the window. Late records to
 *        a side output.
 * State: one cell per key and window: the accumulator. One timer per key and window: the end of the window, after that the end of its lateness. The
 *        namespace is the number of the window on its grid, which for windows of a second or more is a small integer, while a time would be
 *        boxed anew per record. Fields here are caches, or copies of options.
 *
 * Hot: `bench` measures it as "tumbling". Self-contained, since the task runs a fresh copy per position.
 */
import type { AggregateFunction, ReduceFunction } from "../../state/descriptors.ts";
import { value as valueState } from "../../state/descriptors.ts";
import type { ValueState } from "../../state/handles.ts";
import type { KeyedState } from "../../state/keyed-state.ts";
import type { InternalTimers, TimerTarget } from "../../state/timers.ts";
import type { Counter } from "../../metrics/registry.ts";
import type { TimeMs } from "../../time/clock.ts";
import { MillraceError, assert } from "../../util/errors.ts";
import { EventTime } from "../event-time.ts";
import type { Input, Operator, OperatorServices, Output, Pending } from "../operator.ts";
import { gridNumber } from "./assigners.ts";
import type { WindowOperatorOptions, WindowResult } from "./functions.ts";
import { emittable } from "./owned.ts";
import { ProcessCall } from "./process-call.ts";

type ReduceOption<A> = ReduceFunction<A> | { reduce(left: A, right: A): A } | undefined;

class TumblingWindowOperator<K, T, A, R, O> implements Operator, Input<T>, TimerTarget {
  readonly inputs: readonly Input<never>[];
  readonly #keyOf: (value: T) => K;
  readonly #reduce: ReduceFunction<A> | undefined;
  readonly #aggregate: AggregateFunction<T, A, R> | undefined;
  readonly #process: ProcessCall<K, O> | undefined;
  readonly #sizeMs: number;
  readonly #slideMs: number;
  readonly #offsetMs: number;
  readonly #latenessMs: number;
  readonly #restored: boolean;
  readonly #state: KeyedState;
  readonly #contents: ValueState<A>;
  readonly #timers: InternalTimers;
  readonly #eventTime: EventTime;
  readonly #output: Output<WindowResult<K, { startMs: TimeMs; endMs: TimeMs }, R>>;
  readonly #late: Output<unknown> | undefined;
  readonly #lateDropped: Counter;
  /** The window of the record before: most records belong to the same. */
  #number = 0;
  #startMs = Infinity;
  #endMs = -Infinity;

  constructor(services: OperatorServices<O>, options: WindowOperatorOptions<K, T, A, R, O>) {
    const { sizeMs, slideMs, offsetMs } = options.assigner;
    assert(sizeMs !== undefined && slideMs !== undefined && slideMs >= sizeMs, "these windows do not overlap");
    assert(options.reduce !== undefined || options.aggregate !== undefined, "this path folds its records");
    this.inputs = [this];
    this.#keyOf = options.keyOf;
    this.#reduce = reduceFunction(options.reduce as ReduceOption<A>); // with reduce, records are the accumulators
    this.#aggregate = options.aggregate;
    this.#sizeMs = sizeMs;
    this.#slideMs = slideMs;
    this.#offsetMs = offsetMs;
    this.#latenessMs = options.allowedLatenessMs ?? 0;
    this.#restored = services.restored;
    this.#state = services.keyedState;
    this.#contents = services.keyedState.value("window:contents", valueState<A>(), {
      namespaced: true,
    });
    this.#timers = services.timers("window", this);
    this.#eventTime = new EventTime(services as unknown as OperatorServices<never>, this.#timers); // it emits no records
    this.#process = options.process && new ProcessCall(services, options.process, this.#eventTime);
    this.#output = services.output as unknown as Output<WindowResult<K, { startMs: TimeMs; endMs: TimeMs }, R>>; // O, unless there is a process function
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

  /** Hot: one key lookup, one cell. */
  processRecord(value: T, timestampMs: TimeMs): void {
    if (!(timestampMs >= this.#startMs && timestampMs < this.#endMs) && !this.#place(value, timestampMs)) return;
    const { watermarkMs } = this.#eventTime;
    const lastMs = this.#endMs - 1;
    if (lastMs + this.#latenessMs <= watermarkMs) {
      this.#tooLate(value, timestampMs);
      return;
    }
    this.#state.setCurrentKey(this.#keyOf(value));
    this.#state.setCurrentNamespace(this.#number);
    const before = this.#contents.value();
    if (before === undefined && !this.#open(value, timestampMs)) return;
    const after = this.#added(value, before);
    if (after !== before || typeof after !== "object") this.#contents.update(after);
    if (this.#latenessMs > 0 && this.#hasEnded(lastMs)) this.#fire(this.#startMs, after, true);
  }

  onEventTimer(timeMs: TimeMs, namespace: number | string): void {
    const number = namespace as number; // no other namespaces are used
    const startMs = number * this.#slideMs + this.#offsetMs;
    const lastMs = startMs + this.#sizeMs - 1;
    const contents = this.#contents.value();
    if (timeMs === lastMs && contents !== undefined) this.#fire(startMs, contents, this.#latenessMs > 0);
    if (timeMs < lastMs + this.#latenessMs) {
      this.#timers.registerEvent(number, lastMs + this.#latenessMs);
      return;
    }
    this.#state.setCurrentNamespace(number);
    this.#contents.clear();
    this.#process?.clear({ startMs, endMs: startMs + this.#sizeMs }, lastMs);
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

  /** Finds the record's window; false if there is none: in the gap between two windows, where only a record behind the watermark counts as late. */
  #place(value: T, timestampMs: TimeMs): boolean {
    if (!Number.isFinite(timestampMs)) {
      throw new MillraceError(
        "MR1210",
        "a record without timestamp reached an event-time window: call assignTimestampsAndWatermarks before it",
      );
    }
    const number = gridNumber(timestampMs, this.#slideMs, this.#offsetMs);
    const startMs = number * this.#slideMs + this.#offsetMs;
    if (timestampMs >= startMs + this.#sizeMs) {
      this.#state.setCurrentKey(this.#keyOf(value));
      if (timestampMs + this.#latenessMs <= this.#reachedMs()) this.#tooLate(value, timestampMs);
      return false;
    }
    this.#number = number;
    this.#startMs = startMs;
    this.#endMs = startMs + this.#sizeMs;
    return true;
  }

  /** The first record of a key and window; false if a subtask before the restore had already forgotten the window. */
  #open(value: T, timestampMs: TimeMs): boolean {
    const lastMs = this.#endMs - 1;
    const reachedMs = this.#reachedMs();
    if (lastMs + this.#latenessMs <= reachedMs) {
      this.#tooLate(value, timestampMs);
      return false;
    }
    this.#timers.registerEvent(this.#number, lastMs > reachedMs ? lastMs : lastMs + this.#latenessMs);
    return true;
  }

  /** The watermark of the current key: its group may have been further before the restore than this subtask is now. */
  #reachedMs(): TimeMs {
    const { watermarkMs } = this.#eventTime;
    return this.#restored ? Math.max(watermarkMs, this.#state.restoredWatermarkMs()) : watermarkMs;
  }

  /** Whether the window has fired on time, so that one more record fires it again. */
  #hasEnded(lastMs: TimeMs): boolean {
    return lastMs <= this.#eventTime.watermarkMs || (this.#restored && lastMs <= this.#state.restoredWatermarkMs());
  }

  #fire(startMs: TimeMs, contents: A, stays: boolean): void {
    const window = { startMs, endMs: startMs + this.#sizeMs };
    const made = this.#aggregate === undefined ? (contents as unknown as R) : this.#aggregate.getResult(contents); // reduce: the record is the result
    const result = stays && this.#aggregate !== undefined ? emittable(made, contents) : made;
    if (this.#process === undefined) {
      const key = this.#state.getCurrentKey() as K; // set from the key selector
      this.#output.processRecord({ key, window, value: result }, window.endMs - 1);
    } else {
      this.#process.call(window, window.endMs - 1, [result]);
    }
  }

  #tooLate(value: T, timestampMs: TimeMs): void {
    if (this.#late === undefined) this.#lateDropped.count++;
    else this.#late.processRecord(value as never, timestampMs); // side outputs are untyped
  }
}

function reduceFunction<A>(reduce: ReduceOption<A>): ReduceFunction<A> | undefined {
  return typeof reduce === "object" ? (left, right) => reduce.reduce(left, right) : reduce;
}

export function createOperator<K, T, A, R, O>(
  services: OperatorServices<O>,
  options: WindowOperatorOptions<K, T, A, R, O>,
): Operator {
  return new TumblingWindowOperator(services, options);
}
