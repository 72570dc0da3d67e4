/** What a run has written to the outside world, in the order in which it became visible there. */
import type { Out } from "./pipelines/pipeline.ts";
import type { SimRun } from "./run.ts";

export function writtenBy({ outside }: Pick<SimRun, "outside">): readonly Out[] {
  return outside.commits.map(({ value }) => value);
}
