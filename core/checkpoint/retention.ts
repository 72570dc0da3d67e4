/** Whether a job's checkpoints outlive it. */
import { assert } from "../util/errors.ts";

/** `SUSPENDED`: the process goes, the job does not. */
export type JobEnd = "FINISHED" | "CANCELED" | "FAILED" | "SUSPENDED";

/** Flink's table. `retention`: the value of `execution.checkpointing.externalized-checkpoint-retention`. */
export function keepsCheckpoints(retention: string, end: JobEnd): boolean {
  if (end === "SUSPENDED") return true;
  switch (retention) {
    case "NO_EXTERNALIZED_CHECKPOINTS":
      return false;
    case "DELETE_ON_CANCELLATION":
      return end === "FAILED";
    case "RETAIN_ON_CANCELLATION":
      return end !== "FINISHED";
    default:
      assert(false, `the configuration let an unknown retention pass: ${retention}`);
  }
}
