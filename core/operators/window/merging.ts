/**
 * Session windows with a trigger of the user's: the general path of windows that merge. `session.ts` serves the default trigger.
 *
 * In:    records and watermarks of one keyed input.
 * Out:   a `WindowResult`, or what the process function emits, per key, session and firing; stamped with the last ms of the session. Late records to
 *        a side output.
 * State: per key the list of its sessions, sorted, neither overlapping nor touching; per key and session its contents and the trigger's state, under
 *        the session's name: the start that it was born with. Timers: the trigger's, and one at the end of the session's life.
 *
 * When a session grows or swallows others, the trigger clears each old window and is then told of the new one, as in Flink.
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
import type { SessionAssigner, TimeWindow } from "./assigners.ts";
import type { WindowOperatorOptions, WindowResult } from "./functions.ts";
import { emittable } from "./owned.ts";
import { ProcessCall } from "./process-call.ts";
import { TriggerCall } from "./trigger-call.ts";
import type { TriggerResult } from "./trigger.ts";

interface Session extends TimeWindow {
  /** The namespace of contents, trigger state and timers. */
  readonly name: TimeMs;
}

type ReduceOption<A> = ReduceFunction<A> | { reduce(left: A, right: A): A } | undefined;

class MergingWindowOperator<K, T, A, R, O> implements Operator, Input<T>, TimerTarget {
  readonly inputs: readonly Input<never>[];
  readonly #keyOf: (value: T) => K;
  readonly #gapOf: (value: T) => number;
  /** Event time, or else processing time. */
  readonly #event: boolean;
  readonly #trigger: TriggerCall<T>;
  readonly #reduce: ReduceFunction<A> | undefined;
  readonly #aggregate: AggregateFunction<T, A, R> | undefined;
  readonly #process: ProcessCall<K, O> | undefined;
  readonly #latenessMs: number;
  readonly #clock: Clock;
  readonly #state: KeyedState;
  readonly #sessions: ValueState<Session[]>;
  /** One of the two: what is folded, or what is collected. */
  readonly #folded: ValueState<A> | undefined;
  readonly #collected: ListState<T> | undefined;
  readonly #timers: InternalTimers;
  readonly #eventTime: EventTime;
  readonly #output: Output<WindowResult<K, TimeWindow, R>>;
  readonly #late: Output<unknown> | undefined;
  readonly #lateDropped: Counter;

  constructor(services: OperatorServices<O>, options: WindowOperatorOptions<K, T, A, R, O>) {
    const { assigner, trigger, reduce, aggregate } = options;
    assert(
      assigner.kind === "session" && trigger?.onMerge !== undefined,
      "these are sessions with a trigger that can merge",
    );
    const folds = reduce !== undefined || aggregate !== undefined;
    const namespaced = { namespaced: true };
    this.inputs = [this];
    this.#keyOf = options.keyOf;
    const sessions = assigner as SessionAssigner<T>; // its kind says so
    this.#gapOf = (value) => sessions.gapOf(value);
    this.#event = assigner.time === "event";
    this.#reduce = reduceFunction(reduce as ReduceOption<A>); // with reduce, records are the accumulators
    this.#aggregate = aggregate;
    this.#latenessMs = options.allowedLatenessMs ?? 0;
    this.#clock = services.clock;
    this.#state = services.keyedState;
    this.#sessions = services.keyedState.value("window:sessions", valueState<Session[]>());
    this.#folded = folds ? services.keyedState.value("window:contents", valueState<A>(), namespaced) : undefined;
    this.#collected = folds ? undefined : services.keyedState.list("window:contents", listState<T>(), namespaced);
    const untyped = services as unknown as OperatorServices<never>; // for parts that emit no records
    this.#timers = services.timers("window", this);
    this.#eventTime = new EventTime(untyped, this.#timers);
    this.#trigger = new TriggerCall(untyped, trigger, { timers: this.#timers, eventTime: this.#eventTime });
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

  processRecord(value: T, timestampMs: TimeMs): void {
    const startMs = this.#event ? timestampMs : this.#clock.nowMs();
    if (!Number.isFinite(startMs)) {
      throw new MillraceError(
        "MR1210",
        "a record without timestamp reached an event-time window: call assignTimestampsAndWatermarks before it",
      );
    }
    const own: Session = { startMs, endMs: startMs + this.#gap(value), name: startMs };
    this.#state.setCurrentKey(this.#keyOf(value));
    const sessions = this.#sessions.value() ?? [];
    const touched = sessions.filter((session) => session.startMs <= own.endMs && session.endMs >= own.startMs);
    const union = touched.reduce(unionOf, own);
    const reachedMs = this.#event ? this.#trigger.currentWatermarkMs : -Infinity;
    if (union.endMs - 1 + this.#latenessMs <= reachedMs) return this.#tooLate(value, timestampMs);
    const session = this.#joined(sessions, touched, union);
    this.#enter(session);
    this.#add(value, session);
    this.#act(this.#trigger.trigger.onElement(value, timestampMs, session, this.#trigger), session, true);
  }

  onEventTimer(timeMs: TimeMs, namespace: Namespace): void {
    const session = this.#sessions.value()?.find(({ name }) => name === namespace);
    if (session === undefined) return;
    const ends = this.#event && timeMs === this.#cleanupMs(session);
    this.#enter(session);
    this.#act(this.#trigger.trigger.onEventTime(timeMs, session, this.#trigger), session, !ends);
    if (ends) this.#forget(session);
  }

  onProcessingTimer(timeMs: TimeMs, namespace: Namespace): void {
    const session = this.#sessions.value()?.find(({ name }) => name === namespace);
    if (session === undefined) return;
    const ends = !this.#event && timeMs === this.#cleanupMs(session);
    this.#enter(session);
    this.#act(this.#trigger.trigger.onProcessingTime(timeMs, session, this.#trigger), session, !ends);
    if (ends) this.#forget(session);
  }

  #gap(value: T): number {
    const gapMs = this.#gapOf(value);
    if (gapMs > 0 && gapMs < Infinity) return gapMs;
    throw new MillraceError(
      "MR1211",
      `the gap of a session must be a number of ms above zero, but the gap function returned ${String(gapMs)}`,
    );
  }

  /** The session that the record belongs to, in the list, with what the touched ones held. */
  #joined(sessions: readonly Session[], touched: readonly Session[], union: Session): Session {
    const [kept] = touched;
    if (kept === undefined) {
      const behind = sessions.findIndex(({ startMs }) => startMs > union.startMs);
      this.#sessions.update(sessions.toSpliced(behind === -1 ? sessions.length : behind, 0, union));
      this.#awaitCleanup(union);
      return union;
    }
    if (touched.length === 1 && kept.startMs === union.startMs && kept.endMs === union.endMs) return kept;
    const session: Session = { startMs: union.startMs, endMs: union.endMs, name: kept.name };
    this.#sessions.update(sessions.toSpliced(sessions.indexOf(kept), touched.length, session));
    for (const old of touched) this.#dissolve(old);
    for (const old of touched) if (old !== kept) this.#moveContents(old, kept);
    this.#enter(session);
    this.#trigger.release();
    this.#awaitCleanup(session);
    this.#trigger.trigger.onMerge?.(session, this.#trigger);
    return session;
  }

  /** Timers and trigger state of a window that is about to be part of another one. */
  #dissolve(old: Session): void {
    this.#enter(old);
    this.#trigger.gather();
    this.#trigger.clear();
    if (this.#event) this.#timers.deleteEvent(old.name, this.#cleanupMs(old));
    else this.#timers.deleteProcessing(old.name, this.#cleanupMs(old));
  }

  /** From a later session to an earlier one; either may have been purged. */
  #moveContents(from: Session, to: Session): void {
    this.#state.setCurrentNamespace(from.name);
    const records = this.#collected?.get() ?? [];
    const right = this.#folded?.value();
    this.#collected?.clear();
    this.#folded?.clear();
    this.#state.setCurrentNamespace(to.name);
    this.#collected?.addAll(records);
    if (right === undefined) return;
    const left = this.#folded?.value();
    this.#folded?.update(left === undefined ? right : this.#merged(left, right));
  }

  #merged(left: A, right: A): A {
    if (this.#reduce !== undefined) return this.#reduce(left, right);
    return this.#aggregate?.merge?.(left, right) as A; // sessions are refused aggregates without merge
  }

  #cleanupMs(window: TimeWindow): TimeMs {
    return this.#event ? window.endMs - 1 + this.#latenessMs : window.endMs;
  }

  #enter(session: Session): void {
    const cleanupMs = this.#cleanupMs(session);
    this.#trigger.enter(session, session.name, {
      eventMs: this.#event ? cleanupMs : NaN,
      processingMs: this.#event ? NaN : cleanupMs,
    });
  }

  #awaitCleanup(session: Session): void {
    if (this.#event) this.#timers.registerEvent(session.name, this.#cleanupMs(session));
    else this.#timers.registerProcessing(session.name, this.#cleanupMs(session));
  }

  #add(value: T, session: Session): void {
    this.#state.setCurrentNamespace(session.name);
    this.#collected?.add(value);
    if (this.#folded !== undefined) this.#folded.update(this.#added(value, this.#folded.value()));
  }

  #added(value: T, before: A | undefined): A {
    if (this.#reduce !== undefined) {
      const record = value as unknown as A; // with reduce, records are the accumulators
      return before === undefined ? record : this.#reduce(before, record);
    }
    const aggregate = this.#aggregate as AggregateFunction<T, A, R>; // what folds is one of the two
    return aggregate.add(value, before === undefined ? aggregate.createAccumulator() : before);
  }

  #act(result: TriggerResult, session: Session, stays: boolean): void {
    if (result === "continue") return;
    if (result !== "purge") this.#fire(session, stays);
    if (result === "fire") return;
    this.#state.setCurrentNamespace(session.name);
    this.#folded?.clear();
    this.#collected?.clear();
  }

  /** Emits nothing for a session that was purged and has got nothing since. */
  #fire(session: Session, stays: boolean): void {
    const window = { startMs: session.startMs, endMs: session.endMs };
    if (this.#folded === undefined) {
      const elements = this.#collected?.get() ?? [];
      if (elements.length > 0) this.#process?.call(window, window.endMs - 1, elements);
      return;
    }
    const contents = this.#folded.value();
    if (contents === undefined) return;
    const made = this.#aggregate === undefined ? (contents as unknown as R) : this.#aggregate.getResult(contents); // reduce: the record is the result
    const result = stays && this.#aggregate !== undefined ? emittable(made, contents) : made;
    if (this.#process === undefined) {
      const key = this.#state.getCurrentKey() as K; // set from the key selector
      this.#output.processRecord({ key, window, value: result }, window.endMs - 1);
    } else {
      this.#process.call(window, window.endMs - 1, [result]);
    }
  }

  #forget(session: Session): void {
    const sessions = (this.#sessions.value() ?? []).filter(({ name }) => name !== session.name);
    if (sessions.length === 0) this.#sessions.clear();
    else this.#sessions.update(sessions);
    this.#enter(session);
    this.#folded?.clear();
    this.#collected?.clear();
    this.#trigger.clear();
    this.#process?.clear({ startMs: session.startMs, endMs: session.endMs }, session.endMs - 1);
  }

  #tooLate(value: T, timestampMs: TimeMs): void {
    if (this.#late === undefined) this.#lateDropped.count++;
    else this.#late.processRecord(value as never, timestampMs); // side outputs are untyped
  }
}

function unionOf(left: Session, right: Session): Session {
  return { startMs: Math.min(left.startMs, right.startMs), endMs: Math.max(left.endMs, right.endMs), name: left.name };
}

function reduceFunction<A>(reduce: ReduceOption<A>): ReduceFunction<A> | undefined {
  return typeof reduce === "object" ? (left, right) => reduce.reduce(left, right) : reduce;
}

export function createOperator<K, T, A, R, O>(
  services: OperatorServices<O>,
  options: WindowOperatorOptions<K, T, A, R, O>,
): Operator {
  return new MergingWindowOperator(services, options);
}
