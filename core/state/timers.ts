/**
 * Timers of keyed operators, as operators use them. User functions see them as `ctx.timers` without namespaces.
 *
 * A timer is (service, key, namespace, time), at most one each. Timers fire by time; those of one time in the order of their registration, which is saved
 * with them. After a change of parallelism, that order holds within each key group.
 */
import type { TimeMs } from "../time/clock.ts";

/** What distinguishes several values of one key and state, such as the windows of a key: a number (window start) or text. */
export type Namespace = number | string;

/** What timers of keys without namespace carry. */
export const NO_NAMESPACE = 0;

export interface TimerTarget {
  /** Called with the key (and namespace) of the timer set as current. */
  onEventTimer(timeMs: TimeMs, namespace: Namespace): void;
  onProcessingTimer(timeMs: TimeMs, namespace: Namespace): void;
}

/** Asked between two timers: true means stop, the rest waits. */
export interface Busy {
  readonly busy: boolean;
}

export interface InternalTimers {
  /** For the current key. A second registration for the same namespace and time is the same timer. */
  registerEvent(namespace: Namespace, timeMs: TimeMs): void;
  registerProcessing(namespace: Namespace, timeMs: TimeMs): void;
  /** Does nothing if there is no such timer. */
  deleteEvent(namespace: Namespace, timeMs: TimeMs): void;
  deleteProcessing(namespace: Namespace, timeMs: TimeMs): void;
  /**
   * Fires every event timer with `timeMs <= watermarkMs`, also those that are registered meanwhile; stops after a timer when `busy`.
   * Each timer is removed before its target is called. True when none is left.
   */
  fireEvent(watermarkMs: TimeMs, busy: Busy): boolean;
  fireProcessing(nowMs: TimeMs, busy: Busy): boolean;
  /** The earliest processing timer, `Infinity` if there is none. */
  earliestProcessingMs(): TimeMs;
  /** Called whenever the earliest processing timer has become earlier. At most one listener. */
  onEarlierProcessing(listener: (timeMs: TimeMs) => void): void;
  count(): { readonly event: number; readonly processing: number };
}
