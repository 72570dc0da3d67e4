/**
 * How long state lives: the times of one declaration's `ttl`. What lives is a value, a list element or a map entry, each on its own; what is expired
 * is never handed out, and is removed when it is met, a few at a time.
 *
 * By event time, "now" is the operator's watermark, or what the key group had reached when it was saved. What was written before the first watermark has no access time, and gets one when it is next
 * met. The last watermark expires nothing: it says that the input ended, not that time went by.
 */
import type { TimeMs } from "../time/clock.ts";
import { toPositiveMs } from "../util/duration.ts";
import type { Duration } from "../util/duration.ts";
import type { TtlOptions } from "./descriptors.ts";

/** Where the times come from. */
export interface TtlTimes {
  nowMs(): TimeMs;
  /** How far event time has come for a key group: finite; undefined before the first watermark. Never goes back, also where the group comes from a subtask that was further ahead. */
  watermarkMs(keyGroup: number): TimeMs | undefined;
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

  /** Undefined before the first watermark. `times`: others than those of now. */
  nowMs(keyGroup: number, times: TtlTimes = this.#times): TimeMs | undefined {
    return this.#byEvent ? times.watermarkMs(keyGroup) : times.nowMs();
  }

  /** Whether what was touched at `accessMs` is gone at `nowMs`. */
  isExpired(accessMs: TimeMs | undefined, nowMs: TimeMs | undefined): boolean {
    return accessMs !== undefined && nowMs !== undefined && nowMs >= accessMs + this.#afterMs;
  }

  /** Whether what was touched at `accessMs` is to be stamped anew when it is read at `nowMs`. */
  isStampedOnRead(accessMs: TimeMs | undefined, nowMs: TimeMs | undefined): boolean {
    return nowMs !== undefined && (this.refreshOnRead || accessMs === undefined);
  }
}
