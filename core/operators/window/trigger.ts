/**
 * The contract of triggers: when a window's result goes out, and when its contents are forgotten. `triggers.ts` has the built-in ones.
 *
 * A trigger is a plain object, shared by all keys and windows of a thread: what it remembers lies in the state that it declares.
 */
import type { StateDeclarations, StateHandles } from "../../state/descriptors.ts";
import type { TimeMs } from "../../time/clock.ts";
import type { TimeWindow, WindowTime } from "./assigners.ts";

/** `fire`: emit the result, keep the contents. `purge`: forget the contents. Neither ends the window. */
export type TriggerResult = "continue" | "fire" | "purge" | "fire-and-purge";

/** What a trigger sees of one key and window. Valid during the call. */
export interface TriggerContext<S extends StateDeclarations = StateDeclarations> {
  /** What the trigger declared under `state`, per key and window. Cleared with the window. */
  readonly state: StateHandles<S>;
  /** After a restore at another parallelism: what this key's group had reached, if that is further. */
  readonly currentWatermarkMs: TimeMs;
  processingTimeMs(): TimeMs;
  /** Timers of this key and window, at most one per time and domain. */
  registerEventTime(timeMs: TimeMs): void;
  registerProcessingTime(timeMs: TimeMs): void;
  deleteEventTime(timeMs: TimeMs): void;
  deleteProcessingTime(timeMs: TimeMs): void;
}

/**
 * Decides when a window fires. Setting one replaces the assigner's default.
 *
 * The timer methods are also called when a window ends its life, so compare the time before firing. Between two windows that merge, state of kind
 * `reducing` and `list` is merged, and of a `value` the earliest window's counts; then `onMerge` registers the timers of the new window.
 */
export interface Trigger<T, W extends TimeWindow = TimeWindow, S extends StateDeclarations = StateDeclarations> {
  /** Whose time it takes to reach the end of a window; windows of the other time are refused. Default: either will do. */
  readonly time?: WindowTime | undefined;
  /** Kinds `value`, `reducing` and `list`. */
  readonly state?: S;
  /** For every record that is not late. `timestampMs` is the record's, `-Infinity` if it has none. */
  onElement(value: T, timestampMs: TimeMs, window: W, ctx: TriggerContext<S>): TriggerResult;
  onEventTime(timeMs: TimeMs, window: W, ctx: TriggerContext<S>): TriggerResult;
  onProcessingTime(timeMs: TimeMs, window: W, ctx: TriggerContext<S>): TriggerResult;
  /** Without it, session windows refuse the trigger. Called on the merged window, after `clear` was called on each of the windows merged. */
  onMerge?(window: W, ctx: TriggerContext<S>): void;
  /** Deletes the timers that it registered; the declared state is cleared by the operator. */
  clear?(window: W, ctx: TriggerContext<S>): void;
}
