/** Reports of what was set aside are put together: all are counted, the oldest ten are named. */
import { expect, test } from "vitest";
import { mergedReports, NOTHING_QUARANTINED } from "../../../core/operators/quarantine-report.ts";
import type { QuarantineReport } from "../../../core/operators/quarantine-report.ts";

function reportOf(...times: readonly number[]): QuarantineReport {
  return { count: times.length, first: times.map((sinceMs) => ({ what: `at ${sinceMs}`, why: "a reason", sinceMs })) };
}

test("nothing and nothing is nothing", () => {
  expect(mergedReports([])).toEqual(NOTHING_QUARANTINED);
  expect(mergedReports([NOTHING_QUARANTINED, NOTHING_QUARANTINED])).toEqual(NOTHING_QUARANTINED);
});

test("the oldest of all come first", () => {
  expect(mergedReports([reportOf(5, 9), reportOf(1, 7)])).toEqual(reportOf(1, 5, 7, 9));
});

test("ten are named, all are counted, also what a report has counted and not named", () => {
  const many = reportOf(...Array.from({ length: 12 }, (_, at) => at));
  const merged = mergedReports([mergedReports([many]), reportOf(-1)]);
  expect(merged.count).toBe(13);
  expect(merged.first.map(({ sinceMs }) => sinceMs)).toEqual([-1, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
});
