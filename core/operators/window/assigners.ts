/**
 * Window assigners: which windows a record belongs to. What users hand to `keyed.window(...)`.
 *
 * In:    durations, checked here, while the graph is built.
 * Out:   plain immutable objects; operators call `assign`, or compute the same from the numbers when they know the kind.
 * State: none.
 */
import type { TimeMs } from "../../time/clock.ts";
import { toMs } from "../../util/duration.ts";
import type { Duration } from "../../util/duration.ts";
import { MillraceError } from "../../util/errors.ts";

/** From `startMs` (inclusive) to `endMs` (exclusive). The last ms inside, `endMs - 1`, stamps the window's results. */
export interface TimeWindow {
  readonly startMs: TimeMs;
  readonly endMs: TimeMs;
}

/** The one window of everything that a key ever sees; it never ends. */
export interface GlobalWindow extends TimeWindow {
  readonly startMs: typeof Number.NEGATIVE_INFINITY;
  readonly endMs: typeof Number.POSITIVE_INFINITY;
}

/** Whose time counts: the timestamps and watermarks of the stream, or the machine's clock. */
export type WindowTime = "event" | "processing";

export type WindowKind = "tumbling" | "sliding" | "session" | "global" | "custom";

/**
 * Says which windows a record belongs to. Write one of kind `"custom"` where the built-in ones do not do.
 *
 * A custom assigner must be deterministic, must not merge, and must return windows with finite bounds; two windows are the same if their bounds are.
 */
export interface WindowAssigner<T, W extends TimeWindow = TimeWindow> {
  readonly kind: WindowKind;
  /** `"event"`: records need timestamps and can be late. `"processing"`: `timeMs` is the machine's time; nothing is late. */
  readonly time: WindowTime;
  /** Length of every window; undefined where it varies. */
  readonly sizeMs: number | undefined;
  /** From one window's start to the next one's; undefined where there is no grid. */
  readonly slideMs: number | undefined;
  /** Shift of the grid against 1970-01-01T00:00Z. */
  readonly offsetMs: number;
  /** Appends the record's windows to `windows`, earliest first. Hot: called once per record by operators without a path of their own. */
  assign(value: T, timeMs: TimeMs, windows: W[]): void;
}

export interface WindowOptions {
  /** Shifts the windows: `"-8h"` makes daily windows begin at midnight of UTC+8. Shorter than the size (or slide). Default: 0. */
  readonly offset?: Duration;
  /** With `"processing"`, windows that are still open when a bounded input ends emit nothing: the clock never reaches their end. Default: `"event"`. */
  readonly time?: WindowTime;
}

export type SessionOptions = Pick<WindowOptions, "time">;

/** A session's assigner also says how the windows of one record grow: by touching. */
export interface SessionAssigner<T> extends WindowAssigner<T> {
  readonly kind: "session";
  /** The gap after this record, in ms. */
  gapOf(value: T): number;
}

/**
 * The number of the grid cell of `timeMs`; its start is `number * slideMs + offsetMs`. By division, since `%` of doubles beyond 2^31 is a slow call;
 * exact for whole numbers below 2^52.
 */
export function gridNumber(timeMs: TimeMs, slideMs: number, offsetMs: number): number {
  return Math.floor((timeMs - offsetMs) / slideMs);
}

/** What a global window's records share. */
export const GLOBAL_WINDOW: GlobalWindow = { startMs: -Infinity, endMs: Infinity };

/**
 * Windows of one size, back to back: each record belongs to exactly one.
 *
 * Shape:  `WindowAssigner<T, TimeWindow>`; `tumbling("1h")` gives 00:00–01:00, 01:00–02:00, …
 * Units:  `size` and `offset` in whole ms, or text such as `"30s"`; the grid starts at 1970-01-01T00:00Z plus `offset` (default 0).
 * Cost:   one accumulator per key and open window.
 * Errors: `MR1201` the size is no whole positive number of ms; `MR1202` the offset is not shorter than the size.
 * Source: Flink's `TumblingEventTimeWindows` and `TumblingProcessingTimeWindows`.
 *
 * @example
 * clicks.keyBy((click) => click.page).window(tumbling("1m"));
 */
export function tumbling<T = unknown>(size: Duration, options: WindowOptions = {}): WindowAssigner<T> {
  const sizeMs = wholeMs(size, "the size of a tumbling window");
  return gridAssigner("tumbling", {
    sizeMs,
    slideMs: sizeMs,
    offsetMs: offsetMs(options, sizeMs),
    time: options.time ?? "event",
  });
}

/**
 * Windows of one size that start every `slide`: a record belongs to `size / slide` of them, to none if it falls into the gap of a slide longer
 * than the size.
 *
 * Shape:  `WindowAssigner<T, TimeWindow>`; `sliding("10s", "1s")` gives 0–10 s, 1–11 s, …
 * Units:  `size`, `slide` and `offset` in whole ms, or text such as `"30s"`; `offset` defaults to 0.
 * Cost:   with a reduce, or an aggregate that has `merge`, one accumulator per key and slide, shared by all windows; both must then be associative and
 *         commutative. Else one accumulator, or list of records, per key and window.
 * Errors: `MR1201` size or slide is no whole positive number of ms; `MR1202` the offset is not shorter than the slide.
 * Source: Flink's `SlidingEventTimeWindows`; Krishnamurthy et al., On-the-fly sharing for streamed aggregation, SIGMOD 2006 (paired windows).
 *
 * @example
 * clicks.keyBy((click) => click.page).window(sliding("10s", "1s"));
 */
export function sliding<T = unknown>(size: Duration, slide: Duration, options: WindowOptions = {}): WindowAssigner<T> {
  const sizeMs = wholeMs(size, "the size of a sliding window");
  const slideMs = wholeMs(slide, "the slide of a sliding window");
  return gridAssigner("sliding", {
    sizeMs,
    slideMs,
    offsetMs: offsetMs(options, slideMs),
    time: options.time ?? "event",
  });
}

/**
 * Windows of activity: a record opens one that lasts for `gap`, and windows that overlap or touch become one.
 *
 * Shape:  `WindowAssigner<T, TimeWindow>`; a window runs from its first record to its last plus the gap.
 * Units:  `gap` in whole ms, text such as `"30s"`, or a function of the record that returns ms (dynamic gap).
 * State:  one accumulator per key and open session, plus the list of the key's sessions; an aggregate needs `merge`.
 * Errors: `MR1201` a fixed gap is no whole positive number of ms. While running, `MR1211` if a dynamic gap is none.
 * Source: Flink's `EventTimeSessionWindows.withGap` and `withDynamicGap`.
 *
 * @example
 * clicks.keyBy((click) => click.user).window(session((click) => (click.mobile ? 60_000 : 600_000)));
 */
export function session<T = unknown>(
  gap: Duration | ((value: T) => number),
  options: SessionOptions = {},
): SessionAssigner<T> {
  const gapOf = typeof gap === "function" ? gap : fixedGap(wholeMs(gap, "the gap of a session window"));
  return {
    kind: "session",
    time: options.time ?? "event",
    sizeMs: undefined,
    slideMs: undefined,
    offsetMs: 0,
    gapOf,
    assign(value, timeMs, windows) {
      windows.push({ startMs: timeMs, endMs: timeMs + gapOf(value) });
    },
  };
}

/**
 * One window per key for all time. It fires only by a trigger, so set one.
 *
 * Shape:  `WindowAssigner<T, GlobalWindow>`.
 * Time:   none: nothing is late, and results carry the time of the record or timer that fired them.
 * State:  grows with what the trigger does not purge.
 * Errors: none.
 * Source: Flink's `GlobalWindows`.
 *
 * @example
 * clicks.keyBy((click) => click.user).window(global()).trigger(purging(count(100)));
 */
export function global<T = unknown>(): WindowAssigner<T, GlobalWindow> {
  return {
    kind: "global",
    time: "processing",
    sizeMs: undefined,
    slideMs: undefined,
    offsetMs: 0,
    assign(_value, _timeMs, windows) {
      windows.push(GLOBAL_WINDOW);
    },
  };
}

interface Grid {
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly offsetMs: number;
  readonly time: WindowTime;
}

function gridAssigner<T>(kind: "tumbling" | "sliding", grid: Grid): WindowAssigner<T> {
  const { sizeMs, slideMs, offsetMs } = grid;
  return {
    kind,
    ...grid,
    assign(_value, timeMs, windows) {
      const lastMs = gridNumber(timeMs, slideMs, offsetMs) * slideMs + offsetMs;
      const earlier = Math.ceil((lastMs + sizeMs - timeMs) / slideMs) - 1;
      for (let back = earlier; back >= 0; back--)
        windows.push({ startMs: lastMs - back * slideMs, endMs: lastMs - back * slideMs + sizeMs });
    },
  };
}

function fixedGap<T>(gapMs: number): (value: T) => number {
  return () => gapMs;
}

function wholeMs(duration: Duration, what: string): number {
  const ms = toMs(duration, what);
  if (Number.isInteger(ms) && ms > 0) return ms;
  throw new MillraceError("MR1201", `${what} must be a whole number of ms above zero, but is ${String(duration)}`);
}

function offsetMs(options: WindowOptions, limitMs: number): number {
  const ms = toMs(options.offset ?? 0, "the offset of a window");
  if (Number.isInteger(ms) && Math.abs(ms) < limitMs) return ms;
  throw new MillraceError(
    "MR1202",
    `the offset of a window must be whole ms and shorter than its size (or slide), but is ${String(options.offset)}`,
  );
}
