/**
 * How a stream gets its event time: where timestamps come from, how far watermarks trail behind them, and when a quiet input counts as idle.
 *
 * In:    the user's choices, while the graph is built.
 * Out:   one `WatermarkGenerator` per source split, or per subtask where the strategy is assigned to a stream.
 * State: a generator is state: it is saved with its split (or subtask) and restored with it, so that a restart takes no watermark back.
 */
import { toMs, toPositiveMs } from "../util/duration.ts";
import type { Duration } from "../util/duration.ts";
import { MillraceError } from "../util/errors.ts";
import type { TimeMs } from "./clock.ts";
import { WATERMARK_MAX, WATERMARK_MIN } from "./watermark.ts";

/** Where a generator says what it knows. A watermark that does not rise is ignored. */
export interface WatermarkOutput {
  /** No record with this timestamp or an earlier one is expected any more. Ends idleness. */
  emitWatermark(watermarkMs: TimeMs): void;
  /** Nobody need wait for this input until its next record or watermark. */
  markIdle(): void;
  markActive(): void;
}

/**
 * Turns the timestamps of one split into watermarks: after each record, or every `pipeline.auto-watermark-interval`.
 *
 * State: what `snapshot` returns is saved with the split, and handed to `restore` of a new generator before its first record. A generator without
 * the two starts anew after a restart; the watermark that it had emitted is kept in any case.
 */
export interface WatermarkGenerator<T> {
  /** Hot: called after each record was emitted. */
  onEvent(value: T, timestampMs: TimeMs, out: WatermarkOutput): void;
  /** Not called while the input is idle (`withIdleness`). */
  onPeriodicEmit(out: WatermarkOutput): void;
  /** A plain value. */
  snapshot?(): unknown;
  restore?(saved: unknown): void;
}

/** How far the sources of one group may read ahead of the slowest; made by {@link WatermarkStrategy.withWatermarkAlignment}. */
export interface AlignmentParams {
  readonly group: string;
  readonly maxDriftMs: number;
  readonly updateIntervalMs: number;
}

interface Choices<T> {
  readonly timestampAssigner: TimestampAssigner<T> | undefined;
  readonly idlenessMs: number | undefined;
  readonly alignment: AlignmentParams | undefined;
}

/** Returns the timestamp of a record. `recordTimestampMs` is what the source or an earlier assigner gave it, `-Infinity` if nobody did. */
export type TimestampAssigner<T> = (value: T, recordTimestampMs: TimeMs) => TimeMs;

/**
 * A watermark strategy; immutable, each `with…` returns a new one.
 *
 * Shape:  given to `env.fromSource` (best: watermarks per split) or to `stream.assignTimestampsAndWatermarks` (per subtask).
 * Time:   timestamps are ms since the epoch. Watermarks are emitted every `pipeline.auto-watermark-interval` (200 ms).
 * Source: Flink's `WatermarkStrategy`.
 *
 * @example
 * WatermarkStrategy.forBoundedOutOfOrderness("5s")
 *   .withTimestampAssigner((click: Click) => click.atMs)
 *   .withIdleness("1min")
 */
export class WatermarkStrategy<T> {
  /** Undefined: records keep the timestamps of their source. */
  readonly timestampAssigner: TimestampAssigner<T> | undefined;
  /** Undefined: a quiet input holds watermarks back for as long as it is quiet. */
  readonly idlenessMs: number | undefined;
  /** Undefined: reads as fast as downstream takes it. */
  readonly alignment: AlignmentParams | undefined;
  readonly #newGenerator: () => WatermarkGenerator<T>;

  private constructor(newGenerator: () => WatermarkGenerator<T>, choices: Choices<T>) {
    this.#newGenerator = newGenerator;
    this.timestampAssigner = choices.timestampAssigner;
    this.idlenessMs = choices.idlenessMs;
    this.alignment = choices.alignment;
  }

  /**
   * For timestamps that never go back within a split.
   *
   * Shape:  `WatermarkStrategy<T>`.
   * Time:   the watermark is the highest timestamp seen minus 1 ms.
   * Source: Flink's `WatermarkStrategy.forMonotonousTimestamps`.
   *
   * @example
   * const ascending = WatermarkStrategy.forMonotonousTimestamps<Click>();
   * env.fromSource(clickSource, ascending.withTimestampAssigner((click) => click.atMs), "clicks").print();
   */
  static forMonotonousTimestamps<T>(): WatermarkStrategy<T> {
    return WatermarkStrategy.forBoundedOutOfOrderness<T>(0);
  }

  /**
   * For records that come at most `delay` behind the highest timestamp of their split; what comes later is late.
   *
   * Shape:  `WatermarkStrategy<T>`; `delay` in ms, or text such as `"5s"`.
   * Time:   the watermark is the highest timestamp seen, minus `delay`, minus 1 ms.
   * Errors: `MR1001` no duration; `MR1003` a negative one.
   * Source: Flink's `WatermarkStrategy.forBoundedOutOfOrderness`.
   *
   * @example
   * const trailing = WatermarkStrategy.forBoundedOutOfOrderness<Click>("5s").withTimestampAssigner((click) => click.atMs);
   * env.fromSource(clickSource, trailing, "clicks").print();
   */
  static forBoundedOutOfOrderness<T>(delay: Duration): WatermarkStrategy<T> {
    const delayMs = toMs(delay, "the bound of out-of-orderness");
    if (delayMs < 0)
      throw new MillraceError("MR1003", `the bound of out-of-orderness must not be negative, but is ${String(delay)}`);
    return WatermarkStrategy.forGenerator<T>(() => new BoundedOutOfOrderness(delayMs));
  }

  /**
   * With a generator of your own; `newGenerator` is called once per split (or subtask).
   *
   * Shape:  `WatermarkStrategy<T>`.
   * State:  see {@link WatermarkGenerator}.
   * Errors: `MR1064` no function.
   * Source: Flink's `WatermarkStrategy.forGenerator`.
   *
   * @example
   * // A watermark with every car that says it is the last one of its second.
   * const punctuated = WatermarkStrategy.forGenerator<{ readonly last: boolean }>(() => ({
   *   onEvent(car, timestampMs, out) {
   *     if (car.last) out.emitWatermark(timestampMs);
   *   },
   *   onPeriodicEmit: () => undefined,
   * }));
   */
  static forGenerator<T>(newGenerator: () => WatermarkGenerator<T>): WatermarkStrategy<T> {
    requireFunction(newGenerator, "forGenerator() takes a function that makes a watermark generator");
    return new WatermarkStrategy(newGenerator, {
      timestampAssigner: undefined,
      idlenessMs: undefined,
      alignment: undefined,
    });
  }

  /**
   * For jobs without event time: the only watermark is the last one, at the end of bounded input.
   *
   * Shape:  `WatermarkStrategy<T>`.
   * Source: Flink's `WatermarkStrategy.noWatermarks`.
   *
   * @example
   * env.fromSource(clickSource, WatermarkStrategy.noWatermarks(), "clicks").print();
   */
  static noWatermarks<T>(): WatermarkStrategy<T> {
    return WatermarkStrategy.forGenerator<T>(() => SILENT);
  }

  /**
   * Takes each record's timestamp from the record. Annotate the parameter: it sets the type of the strategy.
   *
   * Shape:  `WatermarkStrategy<U>`, a new one, of the type that `assigner` takes.
   * Units:  `assigner` returns ms since the epoch (not seconds).
   * Errors: `MR1064` no function; `MR3021` while running, if it returns no number.
   * Source: Flink's `WatermarkStrategy#withTimestampAssigner`.
   *
   * @example
   * const inOrder = WatermarkStrategy.forMonotonousTimestamps().withTimestampAssigner((click: Click) => click.atMs);
   * env.fromSource(clickSource, inOrder, "clicks").print();
   */
  withTimestampAssigner<U extends T>(assigner: TimestampAssigner<U>): WatermarkStrategy<U> {
    requireFunction(assigner, "withTimestampAssigner() takes a function that returns the time of a record in ms");
    const { idlenessMs, alignment } = this;
    return new WatermarkStrategy<U>(this.#newGenerator, { timestampAssigner: assigner, idlenessMs, alignment });
  }

  /**
   * Lets an input that is quiet for `timeout` hold back nobody until its next record.
   *
   * Shape:  `WatermarkStrategy<T>`, a new one; `timeout` in ms, or text such as `"1min"`.
   * Time:   the time while back-pressure keeps records from being read does not count; checked with each periodic watermark.
   * Errors: `MR1001` no duration; `MR1002` not above zero.
   * Source: Flink's `WatermarkStrategy#withIdleness`.
   *
   * @example
   * const patient = WatermarkStrategy.forBoundedOutOfOrderness<Click>("5s").withIdleness("1min");
   * clicks.assignTimestampsAndWatermarks(patient).print();
   */
  withIdleness(timeout: Duration): WatermarkStrategy<T> {
    const idlenessMs = toPositiveMs(timeout, "the timeout of idleness");
    const { timestampAssigner, alignment } = this;
    return new WatermarkStrategy(this.#newGenerator, { timestampAssigner, idlenessMs, alignment });
  }

  /**
   * Keeps sources together in event time: none of its group reads on while it is more than `maxDrift` ahead of the slowest, so that a fast one does not fill the state of what waits for the slow one.
   *
   * Shape:  `WatermarkStrategy<T>`, a new one, for `env.fromSource` only. All sources of the job that name the same `group` are aligned, and so are the splits within each. `maxDrift` and `updateInterval`
   *         are durations; `updateInterval` is `"1s"` unless given. Each source goes by its own two.
   * Time:   each subtask tells the master its watermark every `updateInterval`, and hears then how far the slowest has come: event time passes at most `maxDrift` per `updateInterval`, plus what is read
   *         between two periodic watermarks. A source without watermarks stops all others at their first one. Idle splits hold back nobody (`withIdleness`), nor do ended sources, subtasks without splits, and
   *         subtasks that start again after a failure, until they have. A paused split does not become idle.
   * Cost:   two small messages per subtask and `updateInterval`.
   * Errors: `MR1053` an empty group; `MR1001` no duration; `MR1003` a negative drift; `MR1002` an interval not above zero. `MR3027` while running, if a reader has splits of which only some are too far ahead,
   *         and cannot pause these (`SourceReader.pauseOrResumeSplits`): `pipeline.watermark-alignment.allow-unaligned-source-splits` lets it read on until all are.
   * Source: Flink's `WatermarkStrategy#withWatermarkAlignment`.
   *
   * @example
   * const together = WatermarkStrategy.forBoundedOutOfOrderness<Click>("5s")
   *   .withTimestampAssigner((click) => click.atMs)
   *   .withIdleness("1min")
   *   .withWatermarkAlignment("clicks-and-orders", "30s");
   * env.fromSource(clickSource, together, "clicks").print();
   */
  withWatermarkAlignment(group: string, maxDrift: Duration, updateInterval: Duration = 1_000): WatermarkStrategy<T> {
    if (typeof group !== "string" || group.trim() === "")
      throw new MillraceError("MR1053", "withWatermarkAlignment() takes the name of a group, text that is not empty");
    const maxDriftMs = toMs(maxDrift, "the drift of watermark alignment");
    if (maxDriftMs < 0)
      throw new MillraceError(
        "MR1003",
        `the drift of watermark alignment must not be negative, but is ${String(maxDrift)}`,
      );
    const updateIntervalMs = toPositiveMs(updateInterval, "the update interval of watermark alignment");
    const { timestampAssigner, idlenessMs } = this;
    const alignment = { group, maxDriftMs, updateIntervalMs };
    return new WatermarkStrategy(this.#newGenerator, { timestampAssigner, idlenessMs, alignment });
  }

  /** @internal A generator for one split, as it was when `saved` was taken; `undefined`: a new one. */
  createGenerator(saved: unknown): WatermarkGenerator<T> {
    const generator = this.#newGenerator();
    if (saved !== undefined) generator.restore?.(saved);
    return generator;
  }
}

function requireFunction(given: unknown, sentence: string): void {
  if (typeof given !== "function") throw new MillraceError("MR1064", sentence, { retryable: false });
}

/** The two built-in strategies: monotonous timestamps are out of order by nothing. */
class BoundedOutOfOrderness implements WatermarkGenerator<unknown> {
  readonly #delayMs: number;
  #highestMs: TimeMs = WATERMARK_MIN;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  onEvent(_value: unknown, timestampMs: TimeMs): void {
    if (timestampMs > this.#highestMs) this.#highestMs = timestampMs;
  }

  onPeriodicEmit(out: WatermarkOutput): void {
    out.emitWatermark(this.#highestMs - this.#delayMs - 1);
  }

  snapshot(): TimeMs {
    return this.#highestMs;
  }

  restore(saved: unknown): void {
    if (typeof saved === "number") this.#highestMs = saved;
  }
}

const SILENT: WatermarkGenerator<unknown> = {
  onEvent: () => undefined,
  onPeriodicEmit: () => undefined,
};

/** Hot. Infinity is none: a split that reached it would have ended. */
export function isTimestamp(returned: unknown): boolean {
  return typeof returned === "number" && returned >= WATERMARK_MIN && returned < WATERMARK_MAX;
}

/** For operators that run an assigner: seconds pass unnoticed, but an invalid date or a missing field need not. */
export function notATimestamp(returned: unknown): MillraceError {
  return new MillraceError(
    "MR3021",
    `the timestamp assigner must return ms since the epoch, but returned ${String(returned)}`,
  );
}
