/** Durations as users write them: a number of milliseconds, or text such as `"30s"`. */
import { described, MillraceError } from "./errors.ts";

const UNITS = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export type DurationUnit = keyof typeof UNITS;

/** `1500`, `"1500ms"`, `"1.5s"`, `"10 min"`, `"1h"`, `"1d"`. */
export type Duration = number | `${number}${DurationUnit}` | `${number} ${DurationUnit}`;

const PATTERN = /^(-?\d+(?:\.\d+)?)\s?(ms|s|min|m|h|d)$/;

/** The duration in ms; `what` names the option in the error. */
export function toMs(duration: Duration, what: string): number {
  if (typeof duration === "number") {
    if (Number.isFinite(duration)) return duration;
  } else {
    const [, amount, unit] = PATTERN.exec(duration) ?? [];
    if (amount !== undefined && unit !== undefined) return Number(amount) * UNITS[unit as DurationUnit]; // the pattern admits only units
  }
  throw new MillraceError(
    "MR1001",
    `${what} is no duration: ${described(duration)}; write a number of ms, or text such as "30s", "5min" or "1d"`,
  );
}

/** As {@link toMs}, and refuses what is not above zero. */
export function toPositiveMs(duration: Duration, what: string): number {
  const ms = toMs(duration, what);
  if (ms > 0) return ms;
  throw new MillraceError("MR1002", `${what} must be longer than nothing, but is ${String(duration)}`);
}

/** `90_000` → `"1m 30s"`, for people. */
export function formatMs(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)}s`;
  const minutes = Math.floor(ms / 60_000);
  return `${minutes}m ${Math.round((ms % 60_000) / 1_000)}s`;
}
