/** What operators have set aside because they could not process it: told by a task when it finishes, and by the result of its job. Plain data. */
import type { TimeMs } from "../time/clock.ts";

/** One thing that waits in the state of an operator until somebody repairs it. */
export interface Quarantined {
  /** Such as the address of a stateful function. */
  readonly what: string;
  /** The error, on one line. */
  readonly why: string;
  readonly sinceMs: TimeMs;
}

export interface QuarantineReport {
  readonly count: number;
  /** The oldest of them, at most ten. */
  readonly first: readonly Quarantined[];
}

export const NOTHING_QUARANTINED: QuarantineReport = { count: 0, first: [] };

const FIRST_MAX = 10;

/** All together, the oldest first. */
export function mergedReports(reports: Iterable<QuarantineReport>): QuarantineReport {
  let count = 0;
  let first: readonly Quarantined[] = [];
  for (const report of reports) {
    count += report.count;
    first = [...first, ...report.first].toSorted((left, right) => left.sinceMs - right.sinceMs).slice(0, FIRST_MAX);
  }
  return { count, first };
}
