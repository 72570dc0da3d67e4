/** A coordinator with a job of one vertex and two subtasks, in memory, for tests of single cases. */
import type { CheckpointParticipants, CheckpointPlan, CompletedCheckpoint } from "../../../core/checkpoint/contract.ts";
import { CheckpointCoordinator } from "../../../core/checkpoint/coordinator.ts";
import type { CheckpointFailureReason } from "../../../core/checkpoint/failures.ts";
import { MemoryCheckpointStore } from "../../../core/checkpoint/store.ts";
import type { CheckpointAck, CheckpointOptions, SubtaskId, SubtaskSnapshot } from "../../../core/graph/messages.ts";
import { Config } from "../../../core/util/config.ts";
import type { ConfigValues } from "../../../core/util/config.ts";
import type { Outcome } from "../../../core/util/outcome.ts";
import { keyedSnapshot, memoryStore, put, subtaskSnapshot } from "./samples.ts";
import type { Store } from "./samples.ts";

export const TASK: SubtaskId = { vertex: 0, subtask: 0, attempt: 0 };
export const OTHER: SubtaskId = { vertex: 0, subtask: 1, attempt: 0 };

/** One vertex with two subtasks; what is said to them is written down. */
export class Job implements CheckpointParticipants {
  readonly said: string[] = [];
  readonly failures: Error[] = [];
  readonly options: Map<number, CheckpointOptions> = new Map();
  finished: CheckpointPlan["finished"] = [];
  refusal: CheckpointFailureReason | undefined = undefined;
  coordinatorsFail: boolean = false;

  plan(): CheckpointPlan | CheckpointFailureReason {
    const tasks = [TASK, OTHER].filter(
      (task) => !this.finished.some((finished) => finished.task.subtask === task.subtask),
    );
    return this.refusal ?? { trigger: tasks, acknowledge: tasks, finished: this.finished };
  }

  snapshotCoordinators(checkpointId: number): { readonly operatorId: string; readonly state: Uint8Array }[] {
    if (this.coordinatorsFail) throw new Error("no splits");
    this.said.push(`coordinators ${checkpointId}`);
    return [{ operatorId: "a", state: Uint8Array.of(checkpointId) }];
  }

  trigger(task: SubtaskId, checkpointId: number, options: CheckpointOptions): void {
    this.options.set(checkpointId, options);
    this.said.push(`trigger ${checkpointId} at ${task.subtask}`);
  }

  completed(checkpointId: number): void {
    this.said.push(`completed ${checkpointId}`);
  }

  aborted(checkpointId: number): void {
    this.said.push(`aborted ${checkpointId}`);
  }

  failJob(cause: Error): void {
    this.failures.push(cause);
  }
}

export interface Scene {
  readonly memory: Store;
  readonly job: Job;
  readonly store: MemoryCheckpointStore;
  readonly coordinator: CheckpointCoordinator;
  readonly answers: Outcome<CompletedCheckpoint>[];
  readonly answer: (outcome: Outcome<CompletedCheckpoint>) => void;
}

export function scene(values: ConfigValues = {}, retained: readonly CompletedCheckpoint[] = []): Scene {
  const memory = memoryStore();
  const job = new Job();
  const store = new MemoryCheckpointStore(retained);
  const coordinator = new CheckpointCoordinator({
    config: new Config({
      "execution.checkpointing.interval": "10s",
      "execution.checkpointing.tolerable-failed-checkpoints": 9,
      ...values,
    }),
    clock: memory.clock,
    participants: job,
    store,
    storage: memory.storage,
    directory: "jobs/one",
    jobName: "scene",
    vertices: () => [
      {
        operators: [{ id: "a", name: "Count", uid: "c", stateful: true }],
        parallelism: 2,
        maxParallelism: 128,
        inputs: [],
      },
    ],
    firstCheckpointId: (retained.at(-1)?.checkpointId ?? 0) + 1,
  });
  coordinator.start();
  const answers: Outcome<CompletedCheckpoint>[] = [];
  return { memory, job, store, coordinator, answers, answer: (outcome) => answers.push(outcome) };
}

/** The task writes its file, if it has one, and acknowledges. */
export function acknowledge(
  { memory, job, coordinator }: Scene,
  checkpointId: number,
  task: SubtaskId,
  more: readonly string[] = [],
): void {
  const path = `${job.options.get(checkpointId)?.directory ?? "?"}/f${task.subtask}`;
  put(memory, { [path]: path });
  coordinator.acknowledge(
    ackOf(checkpointId, task, subtaskSnapshot({ operators: [keyedSnapshot("a", [...more, path])] })),
  );
}

function ackOf(checkpointId: number, task: SubtaskId, snapshot: SubtaskSnapshot): CheckpointAck {
  return { checkpointId, task, snapshot, metrics: { alignmentMs: 3 + task.subtask, syncMs: 1, asyncMs: 2, bytes: 10 } };
}

export function complete(on: Scene, checkpointId: number): void {
  for (const task of [TASK, OTHER])
    if (!on.job.finished.some((finished) => finished.task.subtask === task.subtask))
      acknowledge(on, checkpointId, task);
  on.memory.clock.runYielded();
}
