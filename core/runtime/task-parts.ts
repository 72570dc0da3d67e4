/** What a task is put together from, by `task-builder.ts`. */
import type { JobVertex } from "../graph/job-graph-types.ts";
import type { TaskAvailability } from "./availability.ts";
import type { Chain } from "./chain.ts";
import type { InputGate } from "./input-gate.ts";
import type { Loop } from "./loop.ts";
import type { Mailbox } from "./mailbox.ts";
import type { pump } from "./pump.ts";
import type { Replay } from "./replay.ts";
import type { SubtaskCheckpoints } from "./subtask-checkpoint.ts";
import type { TaskMetrics } from "./task-metrics.ts";
import type { TaskTimers } from "./task-timers.ts";

export interface TaskParts {
  readonly vertex: JobVertex;
  readonly chain: Chain;
  readonly gate: InputGate;
  /** Undefined: what it emits does not come back. */
  readonly loop: Loop | undefined;
  readonly mailbox: Mailbox;
  readonly availability: TaskAvailability;
  readonly timers: TaskTimers;
  readonly checkpoints: SubtaskCheckpoints;
  readonly metrics: TaskMetrics;
  readonly pump: typeof pump;
  /** What was in flight when it was saved. */
  readonly replay: Replay;
  /** It had ended when it was saved: no source is polled, no `endInput` called again. */
  readonly restoredEnded: boolean;
  /** The job was stopped with what it was restored from: it emits nothing, takes no input, and is finished once what it contains is committed. */
  readonly restoredStopped: boolean;
  onEnded(): void;
  onFinished(): void;
  onSuperseded(checkpointId: number): void;
}
