/** What the pipeline promises to conserve it has conserved. Of a job that could not go on, nothing is asked: what is missing may be what was not read. */
import type { Out } from "../pipelines/pipeline.ts";
import type { SimRun } from "../run.ts";
import { writtenBy } from "../written.ts";
import type { Checker } from "./checker.ts";

/** `brokenLaw`: a sentence, if what was written, in its order, breaks one. */
export function conservation(brokenLaw: (written: readonly Out[], run: SimRun) => string | undefined): Checker {
  return {
    name: "conservation",
    check(run) {
      if (run.refusal !== undefined || run.failure !== undefined) return undefined;
      return brokenLaw(writtenBy(run), run);
    },
  };
}
