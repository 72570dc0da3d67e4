/**
 * What is visible in the end is what the pipeline had to write: each record once, in each lane in order.
 *
 * A job that ended without having read everything, since a damaged file kept it from starting again, may have written less, and nothing else.
 */
import type { Outcome } from "../pipelines/outcome.ts";
import { differenceOf, outcomeOf } from "../pipelines/outcome.ts";
import type { SimRun } from "../run.ts";
import type { Out } from "../pipelines/pipeline.ts";
import { writtenBy } from "../written.ts";
import type { Checker } from "./checker.ts";

/** `expected`: of the records that the job has read, where it was drained. `visible`: default: in the outside world of the simulator. */
export function committedOutput(
  expected: (run: SimRun) => Outcome,
  visible: (run: SimRun) => Iterable<Out> = writtenBy,
): Checker {
  return {
    name: "committed output",
    check(run) {
      const written = outcomeOf(visible(run));
      if (run.refusal === undefined && run.failure === undefined) return differenceOf(written, expected(run));
      return beyond(written, expected(run));
    },
  };
}

/** What was written and should not have been. */
function beyond(written: Outcome, expected: Outcome): string | undefined {
  for (const [lane, values] of Object.entries(written)) {
    const allowed = expected[lane] ?? [];
    if (typeof values === "number" || typeof allowed === "number") continue;
    const wrong = lane.startsWith("~") ? notAmong(values, allowed) : notFirst(values, allowed);
    if (wrong)
      return `lane ${lane} of a job that could not go on: ${JSON.stringify(values)} instead of a beginning of ${JSON.stringify(allowed)}`;
  }
  return undefined;
}

function notFirst(values: readonly unknown[], allowed: readonly unknown[]): boolean {
  return JSON.stringify(values) !== JSON.stringify(allowed.slice(0, values.length));
}

function notAmong(values: readonly unknown[], allowed: readonly unknown[]): boolean {
  const left = [...allowed];
  return values.some((value) => {
    const at = left.indexOf(value);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
