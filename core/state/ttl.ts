/**
 * How long state lives: the times of one declaration's `ttl`. What lives is a value, a list element or a map entry, each on its own; what is expired
 * is never handed out, and is removed when it is met, a few at a time.
 *
 * By event time, "now" is the operator's watermark. What was written before the first watermark gets its stamp when it is next met. The last
 * watermark, which says that the input ended, expires nothing.
 */
import type { TimeMs } from "../time/clock.ts";
import { toPositiveMs } from "../util/duration.ts";
import type { Duration } from "../util/duration.ts";
import type { TtlOptions } from "./descriptors.ts";

/** Where the times come from. */
export interface TtlTimes {
  nowMs(): TimeMs;
  /** The operator's watermark: finite, or `-Infinity` before the first. */
  readonly watermarkMs: TimeMs;
}

export class Ttl {
  readonly refreshOnRead: boolean;
  readonly #afterMs: number;
  readonly #byEvent: boolean;
  readonly #times: TtlTimes;

  constructor(options: Duration | TtlOptions, times: TtlTimes) {
    const { after, time, refresh }: TtlOptions = typeof options === "object" ? options : { after: options };
    this.#afterMs = toPositiveMs(after, "ttl");
    this.#byEvent = time === "event";
    this.#times = times;
    this.refreshOnRead = refresh === "read-and-write";
  }

  nowMs(): TimeMs {
    return this.#byEvent ? this.#times.watermarkMs : this.#times.nowMs();
  }

  /** Whether what was touched at `accessMs` is gone at `nowMs`. The first and the last watermark expire nothing. */
  isExpired(accessMs: TimeMs, nowMs: TimeMs): boolean {
    return accessMs !== -Infinity && nowMs >= accessMs + this.#afterMs;
  }
}
