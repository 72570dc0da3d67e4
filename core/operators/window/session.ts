/**
 * Session windows with their default trigger, in event or processing time: the fast path of windows that merge.
 *
 * In:    records and watermarks of one keyed input.
 * Out:   a `WindowResult`, or what the process function emits, per key, session and firing; stamped with the last ms of the session. Late records to
 *        a side output.
 * State: per key the list of its sessions, sorted, neither overlapping nor touching; per key and session its contents (an accumulator, or the
 *        records), under a number that no other session of the key has. One timer per session.
 *
 * A session that grows does not move its timer: the timer finds out when it fires, and registers the next. So a record costs no timer.
 *
 * Self-contained, since the task runs a fresh copy per position.
 */
import type { Counter } from "../../metrics/registry.ts";
import type { AggregateFunction, ReduceFunction } from "../../state/descriptors.ts";
import { list as listState, value as valueState } from "../../state/descriptors.ts";
import type { ListState, ValueState } from "../../state/handles.ts";
import type { KeyedState } from "../../state/keyed-state.ts";
import type { InternalTimers, TimerTarget } from "../../state/timers.ts";
import type { Clock, TimeMs } from "../../time/clock.ts";
import { MillraceError, assert } from "../../util/errors.ts";
import { EventTime } from "../event-time.ts";
import type { Input, Operator, OperatorServices, Output, Pending } from "../operator.ts";
import type { SessionAssigner, TimeWindow } from "./assigners.ts";
import type { WindowOperatorOptions, WindowResult } from "./functions.ts";
import { emittable } from "./owned.ts";
import { ProcessCall } from "./process-call.ts";

interface Session {
  startMs: TimeMs;
  endMs: TimeMs;
  /** The namespace of contents and timer; small, since a time would be boxed anew per record. */
  readonly number: number;
  /** When its timer fires; `Infinity` without one. */
  timerMs: TimeMs;
}

type ReduceOption<A> = ReduceFunction<A> | { reduce(left: A, right: A): A } | undefined;

class SessionWindowOperator<K, T, A, R, O> implements Operator, Input<T>, TimerTarget {
  readonly inputs: readonly Input<never>[];
  readonly #keyOf: (value: T) => K;
  readonly #gapOf: (value: T) => number;
  /** Event time, or else processing time. */
  readonly #event: boolean;
  readonly #reduce: ReduceFunction<A> | undefined;
  readonly #aggregate: AggregateFunction<T, A, R> | undefined;
  readonly #process: ProcessCall<K, O> | undefined;
  readonly #latenessMs: number;
  readonly #restored: boolean;
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
    const { assigner, reduce, aggregate } = options;
    assert(
      assigner.kind === "session" && options.trigger === undefined,
      "these are sessions with their default trigger",
    );
    const folds = reduce !== undefined || aggregate !== undefined;
    this.inputs = [this];
    this.#keyOf = options.keyOf;
    const sessions = assigner as SessionAssigner<T>; // its kind says so
    this.#gapOf = (value) => sessions.gapOf(value);
    this.#event = assigner.time === "event";
    this.#reduce = reduceFunction(reduce as ReduceOption<A>); // with reduce, records are the accumulators
    this.#aggregate = aggregate;
    this.#latenessMs = options.allowedLatenessMs ?? 0;
    this.#restored = services.restored;
    this.#clock = services.clock;
    this.#state = services.keyedState;
    this.#sessions = services.keyedState.value("window:sessions", valueState<Session[]>());
    const namespaced = { namespaced: true };
    this.#folded = folds ? services.keyedState.value("window:contents", valueState<A>(), namespaced) : undefined;
    this.#collected = folds ? undefined : services.keyedState.list("window:contents", listState<T>(), namespaced);
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

  /** Hot. */
  processRecord(value: T, timestampMs: TimeMs): void {
    const startMs = this.#event ? timestampMs : this.#clock.nowMs();
    if (!Number.isFinite(startMs)) {
      throw new MillraceError(
        "MR1210",
        "a record without timestamp reached an event-time window: call assignTimestampsAndWatermarks before it",
      );
    }
    const endMs = startMs + this.#gap(value);
    this.#state.setCurrentKey(this.#keyOf(value));
    const reachedMs = this.#reachedMs();
    const sessions = this.#sessions.value() ?? [];
    const at = firstTouching(sessions, startMs);
    const touched = sessions[at];
    if (touched === undefined || touched.startMs > endMs) {
      if (endMs - 1 + this.#latenessMs <= reachedMs) return this.#tooLate(value, timestampMs);
      const born: Session = { startMs, endMs, number: firstFree(sessions), timerMs: Infinity };
      sessions.splice(at, 0, born);
      this.#sessions.update(sessions);
      return this.#add(value, born, reachedMs);
    }
    const behind = firstBeyond(sessions, at, endMs);
    const reachEndMs = Math.max(endMs, sessions[behind - 1]?.endMs ?? endMs);
    if (reachEndMs - 1 + this.#latenessMs <= reachedMs) return this.#tooLate(value, timestampMs);
    touched.startMs = Math.min(touched.startMs, startMs);
    touched.endMs = reachEndMs;
    // Most records touch one session only: an empty splice would still make an array for each.
    if (behind > at + 1) for (const other of sessions.splice(at + 1, behind - at - 1)) this.#absorb(touched, other);
    this.#add(value, touched, reachedMs);
  }

  onEventTimer(timeMs: TimeMs, namespace: number | string): void {
    const session = this.#sessions.value()?.find(({ number }) => number === namespace);
    if (session === undefined) return;
    session.timerMs = Infinity;
    const lastMs = session.endMs - 1;
    if (timeMs < lastMs) return this.#wake(session, lastMs);
    if (timeMs === lastMs) this.#fire(session, this.#latenessMs > 0);
    if (timeMs < lastMs + this.#latenessMs) return this.#wake(session, lastMs + this.#latenessMs);
    this.#forget(session);
  }

  onProcessingTimer(timeMs: TimeMs, namespace: number | string): void {
    const session = this.#sessions.value()?.find(({ number }) => number === namespace);
    if (session === undefined) return;
    session.timerMs = Infinity;
    if (timeMs < session.endMs) return this.#wake(session, session.endMs);
    this.#fire(session, false);
    this.#forget(session);
  }

  #gap(value: T): number {
    const gapMs = this.#gapOf(value);
    if (gapMs > 0 && gapMs < Infinity) return gapMs;
    throw new MillraceError(
      "MR1211",
      `the gap of a session must be a number of ms above zero, but the gap function returned ${String(gapMs)}`,
    );
  }

  /** The watermark of the current key: its group may have been further before the restore than this subtask is now. Never, in processing time. */
  #reachedMs(): TimeMs {
    if (!this.#event) return -Infinity;
    const { watermarkMs } = this.#eventTime;
    return this.#restored ? Math.max(watermarkMs, this.#state.restoredWatermarkMs()) : watermarkMs;
  }

  #add(value: T, session: Session, reachedMs: TimeMs): void {
    this.#state.setCurrentNamespace(session.number);
    this.#collected?.add(value);
    const before = this.#folded?.value();
    const after = this.#added(value, before);
    if (after !== before || typeof after !== "object") this.#folded?.update(after as A); // undefined only when collecting
    const lastMs = session.endMs - 1;
    const ended = lastMs <= reachedMs;
    const nextMs = ended ? lastMs + this.#latenessMs : this.#event ? lastMs : session.endMs;
    if (session.timerMs > nextMs || (ended && session.timerMs <= lastMs)) {
      this.#sleep(session);
      this.#wake(session, nextMs);
    }
    if (ended) this.#fire(session, true);
  }

  #added(value: T, before: A | undefined): A | undefined {
    if (this.#reduce !== undefined) {
      const record = value as unknown as A; // with reduce, records are the accumulators
      return before === undefined ? record : this.#reduce(before, record);
    }
    const aggregate = this.#aggregate;
    return aggregate?.add(value, before === undefined ? aggregate.createAccumulator() : before);
  }

  /** `other`, later than `session`, is no session of its own any more. */
  #absorb(session: Session, other: Session): void {
    this.#sleep(other);
    this.#state.setCurrentNamespace(other.number);
    const records = this.#collected?.get() ?? [];
    const right = this.#folded?.value();
    this.#collected?.clear();
    this.#folded?.clear();
    this.#state.setCurrentNamespace(session.number);
    this.#collected?.addAll(records);
    const left = this.#folded?.value();
    if (left === undefined || right === undefined) return;
    const merged = this.#reduce === undefined ? this.#aggregate?.merge?.(left, right) : this.#reduce(left, right);
    this.#folded?.update(merged as A); // sessions are refused aggregates without merge
  }

  #wake(session: Session, timeMs: TimeMs): void {
    session.timerMs = timeMs;
    if (this.#event) this.#timers.registerEvent(session.number, timeMs);
    else this.#timers.registerProcessing(session.number, timeMs);
  }

  #sleep(session: Session): void {
    if (session.timerMs === Infinity) return;
    if (this.#event) this.#timers.deleteEvent(session.number, session.timerMs);
    else this.#timers.deleteProcessing(session.number, session.timerMs);
    session.timerMs = Infinity;
  }

  #fire(session: Session, stays: boolean): void {
    const window = { startMs: session.startMs, endMs: session.endMs };
    this.#state.setCurrentNamespace(session.number);
    if (this.#folded === undefined) {
      this.#process?.call(window, window.endMs - 1, this.#collected?.get() ?? []);
      return;
    }
    const contents = this.#folded.value() as A; // a session has contents
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
    const sessions = (this.#sessions.value() ?? []).filter(({ number }) => number !== session.number);
    if (sessions.length === 0) this.#sessions.clear();
    else this.#sessions.update(sessions);
    this.#state.setCurrentNamespace(session.number);
    this.#folded?.clear();
    this.#collected?.clear();
    this.#process?.clear({ startMs: session.startMs, endMs: session.endMs }, session.endMs - 1);
  }

  #tooLate(value: T, timestampMs: TimeMs): void {
    if (this.#late === undefined) this.#lateDropped.count++;
    else this.#late.processRecord(value as never, timestampMs); // side outputs are untyped
  }
}

/** The index of the first session that a window from `startMs` on overlaps or touches, or stands before. */
function firstTouching(sessions: readonly Session[], startMs: TimeMs): number {
  let at = sessions.length;
  while (at > 0 && (sessions[at - 1]?.endMs ?? -Infinity) >= startMs) at--;
  return at;
}

/** The index behind the last session, from `at` on, that a window until `endMs` overlaps or touches. */
function firstBeyond(sessions: readonly Session[], at: number, endMs: TimeMs): number {
  let beyond = at;
  while (beyond < sessions.length && (sessions[beyond]?.startMs ?? Infinity) <= endMs) beyond++;
  return beyond;
}

/** A number that no session has. */
function firstFree(sessions: readonly Session[]): number {
  let free = 0;
  for (const { number } of sessions) if (number >= free) free = number + 1;
  return free;
}

function reduceFunction<A>(reduce: ReduceOption<A>): ReduceFunction<A> | undefined {
  return typeof reduce === "object" ? (left, right) => reduce.reduce(left, right) : reduce;
}

export function createOperator<K, T, A, R, O>(
  services: OperatorServices<O>,
  options: WindowOperatorOptions<K, T, A, R, O>,
): Operator {
  return new SessionWindowOperator(services, options);
}
