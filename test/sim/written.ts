/** What a run has written to the outside world, in the order in which it has to be read. */
import type { Out } from "./pipelines/pipeline.ts";
import type { SimRun } from "./run.ts";

/**
 * The commits in their order. Where a job died and went on with another parallelism, what it had not yet committed was dealt to the new committers, who do
 * not wait for each other: then in the order of the checkpoints.
 */
export function writtenBy({
  outside,
  plan,
  isContinued,
}: Pick<SimRun, "outside" | "plan" | "isContinued">): readonly Out[] {
  const isDealt =
    isContinued ||
    plan.legs.some(
      ({ stop, parallelism }, at) =>
        (stop?.how === "savepoint" || stop?.how === "crash") && parallelism !== plan.legs[at + 1]?.parallelism,
    );
  const commits = isDealt
    ? outside.commits.toSorted((left, right) => left.checkpointId - right.checkpointId)
    : outside.commits;
  return commits.map(({ value }) => value);
}
