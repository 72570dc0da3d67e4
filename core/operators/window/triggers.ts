/**
 * The built-in triggers. What users hand to `windowed.trigger(...)`.
 *
 * In:    numbers, durations and functions, checked here, while the graph is built.
 * Out:   plain immutable objects, see `trigger.ts`.
 * State: declared under `state`; nothing is kept in the objects, which all keys and windows share.
 */
import type { StateDeclarations } from "../../state/descriptors.ts";
import { reducing, value as valueState } from "../../state/descriptors.ts";
import type { ReducingState, ValueState } from "../../state/handles.ts";
import type { TimeMs } from "../../time/clock.ts";
import { toMs } from "../../util/duration.ts";
import type { Duration } from "../../util/duration.ts";
import { MillraceError } from "../../util/errors.ts";
import type { TimeWindow } from "./assigners.ts";
import type { Trigger, TriggerContext, TriggerResult } from "./trigger.ts";

/**
 * Fires when the watermark passes the end of the window, and again for each record that comes later but is still allowed. The default of
 * event-time windows; on global windows it fires at the end of the input.
 *
 * Shape:  `Trigger<T>` for windows of event time of any kind, and for global ones.
 * Cost:   one timer per key and window.
 * Errors: none of its own; `trigger` refuses it with `MR1209` on processing-time windows.
 * Source: Flink's `EventTimeTrigger`.
 *
 * @example
 * windowed.trigger(eventTime());
 */
export function eventTime<T = unknown>(): Trigger<T> {
  return {
    time: "event",
    onElement(_value, _timestampMs, window, ctx) {
      if (lastMs(window) <= ctx.currentWatermarkMs) return "fire";
      ctx.registerEventTime(lastMs(window));
      return "continue";
    },
    onEventTime: (timeMs, window) => (timeMs === lastMs(window) ? "fire" : "continue"),
    onProcessingTime: () => "continue",
    onMerge(window, ctx) {
      if (lastMs(window) > ctx.currentWatermarkMs) ctx.registerEventTime(lastMs(window));
    },
    clear: (window, ctx) => ctx.deleteEventTime(lastMs(window)),
  };
}

/**
 * Fires when the machine's clock reaches the end of the window. The default of processing-time windows.
 *
 * Shape:  `Trigger<T>` for windows of processing time that end. What is still open at the end of a bounded input is not emitted.
 * Cost:   one timer per key and window.
 * Errors: none of its own; `trigger` refuses it with `MR1209` on event-time and global windows.
 * Source: Flink's `ProcessingTimeTrigger`.
 *
 * @example
 * clicks.keyBy((click) => click.page).window(tumbling("1m", { time: "processing" })).trigger(purging(processingTime()));
 */
export function processingTime<T = unknown>(): Trigger<T> {
  return {
    time: "processing",
    onElement(_value, _timestampMs, window, ctx) {
      ctx.registerProcessingTime(window.endMs);
      return "continue";
    },
    onEventTime: () => "continue",
    onProcessingTime: (timeMs, window) => (timeMs === window.endMs ? "fire" : "continue"),
    onMerge: (window, ctx) => ctx.registerProcessingTime(window.endMs),
    clear: (window, ctx) => ctx.deleteProcessingTime(window.endMs),
  };
}

/**
 * Never fires. The default of global windows, which keep what they hold until a trigger of yours fires.
 *
 * Shape:  `Trigger<T>` for windows of any kind; nothing is emitted.
 * State:  none of its own. The window's grows for as long as the window is open; that of global windows for ever.
 * Errors: none.
 * Source: Flink's `NeverTrigger`.
 *
 * @example
 * const silent = keyed.window(global()).trigger(never());
 */
export function never<T = unknown>(): Trigger<T> {
  return {
    onElement: () => "continue",
    onEventTime: () => "continue",
    onProcessingTime: () => "continue",
    onMerge: () => {},
  };
}

type CountState = { readonly count: ReturnType<typeof reducing<number>> };

/**
 * Fires with every `n`-th record of a key and window. Records stay in the window: wrap it in {@link purging} to start anew each time.
 *
 * Shape:  `Trigger<T>`. It replaces the default, so an incomplete count at the end of the window is not emitted.
 * State:  one number per key and window.
 * Errors: `MR1213` if `n` is no whole number above zero.
 * Source: Flink's `CountTrigger`.
 *
 * @example
 * clicks.keyBy((click) => click.user).window(global()).trigger(purging(count(100)));
 */
export function count<T = unknown>(n: number): Trigger<T, TimeWindow, CountState> {
  if (!Number.isInteger(n) || n < 1)
    throw new MillraceError("MR1213", `count needs a whole number of records above zero, but got ${n}`);
  return {
    state: { count: reducing<number>((left, right) => left + right) },
    onElement(_value, _timestampMs, _window, ctx) {
      ctx.state.count.add(1);
      if ((ctx.state.count.get() ?? 0) < n) return "continue";
      ctx.state.count.clear();
      return "fire";
    },
    onEventTime: () => "continue",
    onProcessingTime: () => "continue",
    onMerge: () => {},
  };
}

type NextState = { readonly next: ReturnType<typeof reducing<number>> };

function earliest(): NextState {
  return { next: reducing<number>((left, right) => Math.min(left, right)) };
}

/**
 * Fires whenever the watermark passes a multiple of `interval`, and at the end of the window: early results every so often.
 *
 * Shape:  `Trigger<T>`. A watermark that leaps over several multiples fires once, since nothing has changed in between.
 * Units:  `interval` in whole ms, or text such as `"30s"`.
 * State:  one number and up to two timers per key and window.
 * Errors: `MR1213` if the interval is no whole number of ms above zero.
 * Source: Flink's `ContinuousEventTimeTrigger`.
 *
 * @example
 * windowed.trigger(continuousEventTime("10s"));
 */
export function continuousEventTime<T = unknown>(interval: Duration): Trigger<T, TimeWindow, NextState> {
  const intervalMs = intervalOf(interval, "continuousEventTime");
  const schedule = (afterMs: TimeMs, window: TimeWindow, ctx: TriggerContext<NextState>): void => {
    const fromMs = Math.max(afterMs, ctx.currentWatermarkMs);
    const nextMs = Math.min(Math.floor(fromMs / intervalMs) * intervalMs + intervalMs, lastMs(window));
    ctx.state.next.add(nextMs);
    ctx.registerEventTime(nextMs);
  };
  return {
    time: "event",
    state: earliest(),
    onElement(_value, timestampMs, window, ctx) {
      if (lastMs(window) <= ctx.currentWatermarkMs) return "fire";
      ctx.registerEventTime(lastMs(window));
      if (ctx.state.next.get() === undefined) schedule(timestampMs, window, ctx);
      return "continue";
    },
    onEventTime(timeMs, window, ctx) {
      if (timeMs === lastMs(window)) return "fire";
      if (timeMs !== ctx.state.next.get()) return "continue";
      ctx.state.next.clear();
      schedule(timeMs, window, ctx);
      return "fire";
    },
    onProcessingTime: () => "continue",
    onMerge(window, ctx) {
      const nextMs = ctx.state.next.get();
      if (nextMs !== undefined) ctx.registerEventTime(nextMs);
      if (lastMs(window) > ctx.currentWatermarkMs) ctx.registerEventTime(lastMs(window));
    },
    clear(window, ctx) {
      ctx.deleteEventTime(lastMs(window));
      const nextMs = ctx.state.next.get();
      if (nextMs !== undefined) ctx.deleteEventTime(nextMs);
    },
  };
}

/**
 * Fires whenever the machine's clock reaches a multiple of `interval`, and at the end of a processing-time window.
 *
 * Shape:  `Trigger<T>`. On event-time windows it gives early results only: what came last may never be emitted.
 * Units:  `interval` in whole ms, or text such as `"30s"`.
 * State:  one number and one timer per key and window.
 * Errors: `MR1213` if the interval is no whole number of ms above zero.
 * Source: Flink's `ContinuousProcessingTimeTrigger`.
 *
 * @example
 * windowed.trigger(continuousProcessingTime("10s"));
 */
export function continuousProcessingTime<T = unknown>(interval: Duration): Trigger<T, TimeWindow, NextState> {
  const intervalMs = intervalOf(interval, "continuousProcessingTime");
  const schedule = (window: TimeWindow, ctx: TriggerContext<NextState>): void => {
    const nowMs = ctx.processingTimeMs();
    const multipleMs = Math.floor(nowMs / intervalMs) * intervalMs + intervalMs;
    const nextMs = window.endMs > nowMs ? Math.min(multipleMs, window.endMs) : multipleMs;
    ctx.state.next.add(nextMs);
    ctx.registerProcessingTime(nextMs);
  };
  return {
    state: earliest(),
    onElement(_value, _timestampMs, window, ctx) {
      if (ctx.state.next.get() === undefined) schedule(window, ctx);
      return "continue";
    },
    onEventTime: () => "continue",
    onProcessingTime(timeMs, window, ctx) {
      if (timeMs !== ctx.state.next.get()) return "continue";
      ctx.state.next.clear();
      schedule(window, ctx);
      return "fire";
    },
    onMerge(_window, ctx) {
      const nextMs = ctx.state.next.get();
      if (nextMs !== undefined) ctx.registerProcessingTime(nextMs);
    },
    clear(_window, ctx) {
      const nextMs = ctx.state.next.get();
      if (nextMs !== undefined) ctx.deleteProcessingTime(nextMs);
    },
  };
}

type DeltaState<T> = { readonly last: ReturnType<typeof valueState<T>> };

/**
 * Fires when a record is further than `threshold` from the one that fired last (at first, from the window's first record).
 *
 * Shape:  `Trigger<T>`; `distance(from, to)` gives the distance. Not for session windows.
 * State:  one record per key and window.
 * Errors: none.
 * Source: Flink's `DeltaTrigger`.
 *
 * @example
 * cars.keyBy((car) => car.id).window(global()).trigger(delta(50, (from, to) => to.metres - from.metres));
 */
export function delta<T>(
  threshold: number,
  distance: (from: T, to: T) => number,
): Trigger<T, TimeWindow, DeltaState<T>> {
  return {
    state: { last: valueState<T>() },
    onElement(value, _timestampMs, _window, ctx) {
      const last = ctx.state.last.value();
      if (last !== undefined && distance(last, value) <= threshold) return "continue";
      ctx.state.last.update(value);
      return last === undefined ? "continue" : "fire";
    },
    onEventTime: () => "continue",
    onProcessingTime: () => "continue",
  };
}

/**
 * Does what `trigger` does, and forgets the contents of the window whenever it fires.
 *
 * Shape:  `Trigger<T>`.
 * Errors: none.
 * Source: Flink's `PurgingTrigger`.
 *
 * @example
 * windowed.trigger(purging(count(100)));
 */
export function purging<T, S extends StateDeclarations>(trigger: Trigger<T, TimeWindow, S>): Trigger<T, TimeWindow, S> {
  return {
    ...trigger,
    onElement: (value, timestampMs, window, ctx) => purged(trigger.onElement(value, timestampMs, window, ctx)),
    onEventTime: (timeMs, window, ctx) => purged(trigger.onEventTime(timeMs, window, ctx)),
    onProcessingTime: (timeMs, window, ctx) => purged(trigger.onProcessingTime(timeMs, window, ctx)),
  };
}

export interface ProcessingTimeoutOptions {
  /** Each record starts the timeout anew. Default: false. */
  readonly resetOnRecord?: boolean;
  /** The nested trigger forgets its state (such as a count) at a timeout. Default: true. */
  readonly clearOnTimeout?: boolean;
}

/** The name is rare, since it stands beside the nested trigger's own. */
type TimeoutState = { readonly processingTimeoutAt: ReturnType<typeof reducing<number>> };

/**
 * Fires when `nested` does, and at the latest `timeout` after the first record (or the last one) since.
 *
 * Shape:  `Trigger<T>`.
 * Units:  `timeout` in whole ms of the machine's clock, or text such as `"30s"`.
 * State:  one number and one timer per key and window, beside the nested trigger's.
 * Errors: `MR1213` if the timeout is no whole number of ms above zero, or nested in another timeout.
 * Source: Flink's `ProcessingTimeoutTrigger`.
 *
 * @example
 * windowed.trigger(purging(processingTimeout(count(100), "5s")));
 */
export function processingTimeout<T>(
  nested: Trigger<T>,
  timeout: Duration,
  options: ProcessingTimeoutOptions = {},
): Trigger<T> {
  const timeoutMs = intervalOf(timeout, "processingTimeout");
  if (nested.state !== undefined && "processingTimeoutAt" in nested.state) {
    throw new MillraceError(
      "MR1213",
      "a processingTimeout cannot hold another one: give the outer one the shorter timeout and drop the inner",
    );
  }
  const trigger: Trigger<T, TimeWindow, TimeoutState> = {
    time: nested.time,
    state: { ...nested.state, processingTimeoutAt: reducing<number>((left, right) => Math.min(left, right)) },
    onElement(value, timestampMs, window, ctx) {
      const result = nested.onElement(value, timestampMs, window, ctx);
      if (result === "purge" || result === "fire-and-purge") {
        stop(ctx);
        return result;
      }
      if (options.resetOnRecord === true) stop(ctx);
      if (ctx.state.processingTimeoutAt.get() === undefined) start(ctx, ctx.processingTimeMs() + timeoutMs);
      return result;
    },
    onEventTime: (timeMs, window, ctx) => nested.onEventTime(timeMs, window, ctx),
    onProcessingTime(timeMs, window, ctx) {
      if (timeMs !== ctx.state.processingTimeoutAt.get()) return nested.onProcessingTime(timeMs, window, ctx);
      ctx.state.processingTimeoutAt.clear();
      if (options.clearOnTimeout ?? true) reset(nested, ctx);
      return "fire";
    },
    clear(window, ctx) {
      stop(ctx);
      nested.clear?.(window, ctx);
    },
  };
  if (nested.onMerge === undefined) return trigger;
  return {
    ...trigger,
    onMerge(window, ctx) {
      const timeouts = ctx as TriggerContext<TimeoutState>; // the state declared above
      const atMs = timeouts.state.processingTimeoutAt.get();
      if (atMs !== undefined) ctx.registerProcessingTime(atMs);
      nested.onMerge?.(window, ctx);
    },
  };
}

function start(ctx: TriggerContext<TimeoutState>, atMs: TimeMs): void {
  ctx.state.processingTimeoutAt.add(atMs);
  ctx.registerProcessingTime(atMs);
}

function stop(ctx: TriggerContext<TimeoutState>): void {
  const atMs = ctx.state.processingTimeoutAt.get();
  if (atMs === undefined) return;
  ctx.deleteProcessingTime(atMs);
  ctx.state.processingTimeoutAt.clear();
}

/** The nested trigger forgets what it counted. Its timers stay, so that the end of the window still fires. */
function reset(nested: Trigger<never>, ctx: TriggerContext): void {
  const handles = ctx.state as Readonly<Record<string, ReducingState<unknown> | ValueState<unknown>>>; // every handle can be cleared
  for (const name of Object.keys(nested.state ?? {})) handles[name]?.clear();
}

function purged(result: TriggerResult): TriggerResult {
  return result === "fire" ? "fire-and-purge" : result;
}

function lastMs(window: TimeWindow): TimeMs {
  return window.endMs - 1;
}

function intervalOf(duration: Duration, what: string): number {
  const ms = toMs(duration, what);
  if (Number.isInteger(ms) && ms > 0) return ms;
  throw new MillraceError("MR1213", `${what} needs a whole number of ms above zero, but got ${String(duration)}`);
}
