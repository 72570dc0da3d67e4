/** Why checkpoints fail, for the files of this folder; the list lies in `core/graph`, since tasks use it too. */
export type { CheckpointFailureReason } from "../graph/checkpoint-failures.ts";
export { CHECKPOINT_FAILURES } from "../graph/checkpoint-failures.ts";
