export type { CheckpointFailure, CheckpointFailureReason } from "../graph/checkpoint-failures.ts";
export { CHECKPOINT_FAILURES } from "../graph/checkpoint-failures.ts";
