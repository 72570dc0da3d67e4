/** All planted bugs, by theme. A bug that the simulator cannot find says something about the simulator; write its checker, do not drop the bug. */
import type { Mutant } from "./mutant.ts";
import { CHECKPOINT_MUTANTS } from "./table-checkpoints.ts";
import { CLUSTER_MUTANTS } from "./table-cluster.ts";
import { FOUND_MUTANTS } from "./table-found.ts";
import { FUNCTION_MUTANTS } from "./table-functions.ts";
import { KAFKA_MUTANTS } from "./table-kafka.ts";
import { LOOP_MUTANTS } from "./table-loops.ts";
import { REGION_MUTANTS } from "./table-regions.ts";
import { SLOT_MUTANTS } from "./table-slots.ts";
import { SOURCE_AND_SINK_MUTANTS } from "./table-sources-sinks.ts";
import { SPILL_MUTANTS } from "./table-spill.ts";
import { STATE_MUTANTS } from "./table-state.ts";
import { TASK_MUTANTS } from "./table-tasks.ts";
import { TIME_MUTANTS } from "./table-time.ts";
import { TURN_MUTANTS } from "./table-turns.ts";
import { UNALIGNED_MUTANTS } from "./table-unaligned.ts";
import { WINDOW_MUTANTS } from "./table-windows.ts";

const ALL: readonly Mutant[] = [
  ...CHECKPOINT_MUTANTS,
  ...TASK_MUTANTS,
  ...SOURCE_AND_SINK_MUTANTS,
  ...STATE_MUTANTS,
  ...TIME_MUTANTS,
  ...WINDOW_MUTANTS,
  ...CLUSTER_MUTANTS,
  ...SLOT_MUTANTS,
  ...UNALIGNED_MUTANTS,
  ...REGION_MUTANTS,
  ...LOOP_MUTANTS,
  ...FUNCTION_MUTANTS,
  ...TURN_MUTANTS,
  ...SPILL_MUTANTS,
  ...KAFKA_MUTANTS,
  ...FOUND_MUTANTS,
];

export const MUTANTS: readonly Mutant[] = ALL.filter(({ waits }) => waits === undefined);

/** The simulator does not see these yet. */
export const WAITING: readonly Mutant[] = ALL.filter(({ waits }) => waits !== undefined);
