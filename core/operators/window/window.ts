/**
 * Windows of any kind that do not merge, with any trigger and any function: the general path. `choose.ts` says when a faster one serves.
 *
 * In:    records and watermarks of one keyed input.
 * Out:   a `WindowResult`, or what the process function emits, per key, window and firing; stamped with the last ms of the window, and for global
 *        windows with the time of the record or timer that fired. Late records to a side output.
 * State: per key and window its contents (an accumulator, or the records), the trigger's and the function's state, and timers: the trigger's, and one
 *        at the end of the window's life. The namespace is the start of the window, 0 for global ones, `start,end` for custom ones.
 *
 * Self-contained, since the task runs a fresh copy per position.
 */
import type { Counter } from "../../metrics/registry.ts";
import type { AggregateFunction, ReduceFunction } from "../../state/descriptors.ts";
import { list as listState, value as valueState } from "../../state/descriptors.ts";
import type { ListState, ValueState } from "../../state/handles.ts";
import type { KeyedState, Namespace } from "../../state/keyed-state.ts";
import type { InternalTimers, TimerTarget } from "../../state/timers.ts";
import type { Clock, TimeMs } from "../../time/clock.ts";
import { MillraceError, assert } from "../../util/errors.ts";
import { EventTime } from "../event-time.ts";
import type { Input, Operator, OperatorServices, Output, Pending } from "../operator.ts";
import { GLOBAL_WINDOW } from "./assigners.ts";
import type { TimeWindow, WindowAssigner } from "./assigners.ts";
import type { WindowOperatorOptions, WindowResult } from "./functions.ts";
import { emittable } from "./owned.ts";
import { ProcessCall } from "./process-call.ts";
import { TriggerCall } from "./trigger-call.ts";
import type { TriggerResult } from "./trigger.ts";
import { eventTime, never, processingTime } from "./triggers.ts";

type ReduceOption<A> = ReduceFunction<A> | { reduce(left: A, right: A): A } | undefined;

class WindowOperator<K, T, A, R, O> implements Operator, Input<T>, TimerTarget {
  readonly inputs: readonly Input<never>[];
  readonly #keyOf: (value: T) => K;
  readonly #assigner: WindowAssigner<T>;
  /** Event time, or else processing time. */
  readonly #event: boolean;
  readonly #trigger: TriggerCall<T>;
  readonly #reduce: ReduceFunction<A> | undefined;
  readonly #aggregate: AggregateFunction<T, A, R> | undefined;
  readonly #process: ProcessCall<K, O> | undefined;
  readonly #latenessMs: number;
  readonly #clock: Clock;
  readonly #state: KeyedState;
  /** One of the two: what is folded, or what is collected. */
  readonly #folded: ValueState<A> | undefined;
  readonly #collected: ListState<T> | undefined;
  readonly #timers: InternalTimers;
  readonly #eventTime: EventTime;
  readonly #output: Output<WindowResult<K, TimeWindow, R>>;
  readonly #late: Output<unknown> | undefined;
  readonly #lateDropped: Counter;
  /** Of the record at hand; one array for all. */
  readonly #windows: TimeWindow[] = [];

  constructor(services: OperatorServices<O>, options: WindowOperatorOptions<K, T, A, R, O>) {
    const { assigner, reduce, aggregate } = options;
    assert(assigner.kind !== "session", "sessions merge, and have operators of their own");
    const folds = reduce !== undefined || aggregate !== undefined;
    assert(folds || options.process !== undefined, "windows have a function");
    const namespaced = { namespaced: true };
    this.inputs = [this];
    this.#keyOf = options.keyOf;
    this.#assigner = assigner;
    this.#event = assigner.time === "event";
    this.#reduce = reduceFunction(reduce as ReduceOption<A>); // with reduce, records are the accumulators
    this.#aggregate = aggregate;
    this.#latenessMs = options.allowedLatenessMs ?? 0;
    this.#clock = services.clock;
    this.#state = services.keyedState;
    this.#folded = folds ? services.keyedState.value("window:contents", valueState<A>(), namespaced) : undefined;
    this.#collected = folds ? undefined : services.keyedState.list("window:contents", listState<T>(), namespaced);
    const untyped = services as unknown as OperatorServices<never>; // for parts that emit no records
    this.#timers = services.timers("window", this);
    this.#eventTime = new EventTime(untyped, this.#timers);
    this.#trigger = new TriggerCall(untyped, options.trigger ?? usualTrigger(assigner), {
      timers: this.#timers,
      eventTime: this.#eventTime,
    });
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

  /** Hot, though slower than the other paths: it goes through every window of the record. */
  processRecord(value: T, timestampMs: TimeMs): void {
    if (this.#event && !Number.isFinite(timestampMs)) {
      throw new MillraceError(
        "MR1210",
        "a record without timestamp reached an event-time window: call assignTimestampsAndWatermarks before it",
      );
    }
    const windows = this.#windows;
    windows.length = 0;
    this.#assigner.assign(value, this.#event ? timestampMs : this.#clock.nowMs(), windows);
    this.#state.setCurrentKey(this.#keyOf(value));
    const reachedMs = this.#event ? this.#trigger.currentWatermarkMs : -Infinity;
    let taken = false;
    for (const window of windows) {
      if (window.endMs - 1 + this.#latenessMs <= reachedMs) continue;
      taken = true;
      this.#enter(window, this.#namespaceOf(window));
      this.#add(value, window);
      this.#act(this.#trigger.trigger.onElement(value, timestampMs, window, this.#trigger), window, {
        atMs: timestampMs,
        stays: true,
      });
    }
    if (!taken && timestampMs + this.#latenessMs <= reachedMs) this.#tooLate(value, timestampMs);
  }

  onEventTimer(timeMs: TimeMs, namespace: Namespace): void {
    const window = this.#windowOf(namespace);
    const cleanupMs = this.#cleanupMs(window);
    if (this.#event ? timeMs > cleanupMs : this.#clock.nowMs() >= cleanupMs) return;
    const ends = this.#event && timeMs === cleanupMs;
    this.#enter(window, namespace);
    this.#act(this.#trigger.trigger.onEventTime(timeMs, window, this.#trigger), window, { atMs: timeMs, stays: !ends });
    if (ends) this.#forget(window, namespace);
  }

  onProcessingTimer(timeMs: TimeMs, namespace: Namespace): void {
    const window = this.#windowOf(namespace);
    const cleanupMs = this.#cleanupMs(window);
    if (this.#event ? cleanupMs <= this.#trigger.currentWatermarkMs : timeMs > cleanupMs) return;
    const ends = !this.#event && timeMs === cleanupMs;
    this.#enter(window, namespace);
    this.#act(this.#trigger.trigger.onProcessingTime(timeMs, window, this.#trigger), window, {
      atMs: timeMs,
      stays: !ends,
    });
    if (ends) this.#forget(window, namespace);
  }

  #namespaceOf(window: TimeWindow): Namespace {
    if (this.#assigner.sizeMs !== undefined) return window.startMs;
    return this.#assigner.kind === "global" ? 0 : `${window.startMs},${window.endMs}`;
  }

  #windowOf(namespace: Namespace): TimeWindow {
    const { sizeMs } = this.#assigner;
    if (typeof namespace === "string") {
      const [startMs, endMs] = namespace.split(",").map(Number);
      return { startMs: startMs ?? NaN, endMs: endMs ?? NaN };
    }
    return sizeMs === undefined ? GLOBAL_WINDOW : { startMs: namespace, endMs: namespace + sizeMs };
  }

  /** When nothing is left of the window: in event time behind its lateness, in processing time at its end. */
  #cleanupMs(window: TimeWindow): TimeMs {
    return this.#event ? window.endMs - 1 + this.#latenessMs : window.endMs;
  }

  #enter(window: TimeWindow, namespace: Namespace): void {
    const cleanupMs = this.#cleanupMs(window);
    this.#trigger.enter(window, namespace, {
      eventMs: this.#event ? cleanupMs : NaN,
      processingMs: this.#event ? NaN : cleanupMs,
    });
  }

  #add(value: T, window: TimeWindow): void {
    if (this.#folded === undefined) {
      if (this.#collected?.isEmpty() === true) this.#awaitCleanup(window);
      this.#collected?.add(value);
      return;
    }
    const before = this.#folded.value();
    if (before === undefined) this.#awaitCleanup(window);
    const after = this.#added(value, before);
    if (after !== before || typeof after !== "object") this.#folded.update(after);
  }

  #added(value: T, before: A | undefined): A {
    if (this.#reduce !== undefined) {
      const record = value as unknown as A; // with reduce, records are the accumulators
      return before === undefined ? record : this.#reduce(before, record);
    }
    const aggregate = this.#aggregate as AggregateFunction<T, A, R>; // what folds is one of the two
    return aggregate.add(value, before === undefined ? aggregate.createAccumulator() : before);
  }

  #awaitCleanup(window: TimeWindow): void {
    const cleanupMs = this.#cleanupMs(window);
    if (cleanupMs === Infinity) return;
    if (this.#event) this.#timers.registerEvent(this.#namespaceOf(window), cleanupMs);
    else this.#timers.registerProcessing(this.#namespaceOf(window), cleanupMs);
  }

  #act(result: TriggerResult, window: TimeWindow, when: { readonly atMs: TimeMs; readonly stays: boolean }): void {
    if (result === "continue") return;
    if (result !== "purge") this.#fire(window, when);
    if (result === "fire") return;
    this.#state.setCurrentNamespace(this.#namespaceOf(window));
    this.#folded?.clear();
    this.#collected?.clear();
  }

  /** Emits nothing for a window that was purged and has got nothing since. */
  #fire(window: TimeWindow, when: { readonly atMs: TimeMs; readonly stays: boolean }): void {
    const timestampMs = window.endMs === Infinity ? when.atMs : window.endMs - 1;
    if (this.#folded === undefined) {
      const elements = this.#collected?.get() ?? [];
      if (elements.length > 0) this.#process?.call(window, timestampMs, elements);
      return;
    }
    const contents = this.#folded.value();
    if (contents === undefined) return;
    const made = this.#aggregate === undefined ? (contents as unknown as R) : this.#aggregate.getResult(contents); // reduce: the record is the result
    const result = when.stays && this.#aggregate !== undefined ? emittable(made, contents) : made;
    if (this.#process === undefined) {
      const key = this.#state.getCurrentKey() as K; // set from the key selector
      this.#output.processRecord({ key, window, value: result }, timestampMs);
    } else {
      this.#process.call(window, timestampMs, [result]);
    }
  }

  #forget(window: TimeWindow, namespace: Namespace): void {
    this.#state.setCurrentNamespace(namespace);
    this.#folded?.clear();
    this.#collected?.clear();
    this.#trigger.clear();
    this.#process?.clear(window, window.endMs - 1);
  }

  #tooLate(value: T, timestampMs: TimeMs): void {
    if (this.#late === undefined) this.#lateDropped.count++;
    else this.#late.processRecord(value as never, timestampMs); // side outputs are untyped
  }
}

function usualTrigger<T>(assigner: WindowAssigner<T>): ReturnType<typeof eventTime<T>> {
  if (assigner.kind === "global") return never<T>();
  return assigner.time === "event" ? eventTime<T>() : processingTime<T>();
}

function reduceFunction<A>(reduce: ReduceOption<A>): ReduceFunction<A> | undefined {
  return typeof reduce === "object" ? (left, right) => reduce.reduce(left, right) : reduce;
}

export function createOperator<K, T, A, R, O>(
  services: OperatorServices<O>,
  options: WindowOperatorOptions<K, T, A, R, O>,
): Operator {
  return new WindowOperator(services, options);
}
