/**
 * What each subtask of a job takes over from a checkpoint, though the job may have changed: its parallelism, its chains, its stateless operators.
 *
 * In:   a checkpoint, the job graph. Out: per subtask its operators' state, its channels' watermarks, whether it had ended; or a refusal.
 *
 * Operators are found by id. Read on in `restore-operators.ts` (state), `restore-inputs.ts` (channels and ends) and
 * `restore-in-flight.ts` (records on their way).
 */
import type { JobGraph } from "../graph/job-graph-types.ts";
import type { OperatorRestore, SubtaskRestore } from "../runtime/deployment.ts";
import { WATERMARK_MAX, WATERMARK_MIN } from "../time/watermark.ts";
import { assert, MillraceError } from "../util/errors.ts";
import { OPTIONS } from "../util/config.ts";
import type { Config } from "../util/config.ts";
import type { CompletedCheckpoint } from "./contract.ts";
import { planInFlight } from "./restore-in-flight.ts";
import { planInputs } from "./restore-inputs.ts";
import { beforeEnd, restoreOperator } from "./restore-operators.ts";
import { refuseOtherKeyGroups } from "./saved-key-groups.ts";
import { describeOperator, hasState, savedOperators } from "./saved-operators.ts";
import type { SavedOperators } from "./saved-operators.ts";

/** Whether the files are the job's own depends on where the checkpoint comes from, not on the plan. */
export type PlannedRestore = Omit<SubtaskRestore, "owned" | "stopped">;

export interface RestorePlan {
  readonly checkpointId: number;
  subtask(vertex: number, subtask: number): PlannedRestore;
}

/**
 * Errors: `MR5007` state that no operator of the job takes over, unless `execution.state-recovery.ignore-unclaimed-state`; `MR5008` another maximum
 * parallelism.
 */
export function planRestore(checkpoint: CompletedCheckpoint, graph: JobGraph, config: Config): RestorePlan {
  const saved = savedOperators(checkpoint);
  if (!config.get(OPTIONS.ignoreUnclaimedState)) refuseUnclaimed(saved, graph);
  refuseOtherKeyGroups(saved, graph);
  const inputs = planInputs({ checkpoint, saved, graph });
  const inFlight = planInFlight({ checkpoint, graph, config });
  const operators = graph.vertices.map((vertex) =>
    vertex.operators.map((operator) =>
      restoreOperator({ saved: saved.get(operator.id), operator, vertex, drained: checkpoint.drained }),
    ),
  );
  return {
    checkpointId: checkpoint.checkpointId,
    subtask: (vertex, subtask) => {
      const input = inputs[vertex]?.[subtask];
      assert(input !== undefined, `the job has no subtask ${subtask} of vertex ${vertex}`);
      const restored = (operators[vertex] ?? []).map((bySubtask) => {
        const operator = bySubtask[subtask];
        assert(operator !== undefined, "every operator is planned for every subtask of its vertex");
        return operator;
      });
      const operatorsThen = input.ended ? restored : restored.map(goingOn);
      const records = inFlight[vertex]?.[subtask] ?? [];
      return {
        operators: operatorsThen,
        channels: input.channels,
        ended: input.ended,
        ...(records.length > 0 && { inFlight: records }),
      };
    },
  };
}

/**
 * What had ended and goes on after all, since the job gave it another input, or since some of its channels had not got so far: at the end of time every record would be late, so time is where it was before
 * that, for each key that it has state of.
 */
function goingOn(operator: OperatorRestore): OperatorRestore {
  const watermarkMs = operator.watermarkMs === WATERMARK_MAX ? WATERMARK_MIN : operator.watermarkMs;
  return { ...operator, watermarkMs, keyed: operator.keyed.map(beforeEnd) };
}

function refuseUnclaimed(saved: SavedOperators, graph: JobGraph): void {
  const present = new Set(graph.vertices.flatMap((vertex) => vertex.operators.map((operator) => operator.id)));
  const unclaimed = [...saved.values()].filter((operator) => !present.has(operator.id) && hasState(operator));
  if (unclaimed.length === 0) return;
  const names = unclaimed.map(describeOperator).join(", ");
  const message =
    `the checkpoint has state of ${names}, which the job does not have; give the operator that should take it over the same uid, ` +
    `or set ${OPTIONS.ignoreUnclaimedState.key} to true to drop it`;
  throw new MillraceError("MR5007", message, { retryable: false });
}
