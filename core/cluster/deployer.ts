/**
 * Sends tasks to their slots, each with what it takes over from the newest completed checkpoint, and has them cancelled.
 *
 * In:  subtasks; who has which slot; the store of completed checkpoints. Out: messages to slots; what the tasks start from.
 */
import type { CompletedCheckpoint } from "../checkpoint/contract.ts";
import { planRestore } from "../checkpoint/restore-plan.ts";
import type { CompletedCheckpointStore } from "../checkpoint/store.ts";
import type { ExecutionGraph } from "../graph/execution-graph.ts";
import { isAtWork } from "../graph/execution-state.ts";
import type { Subtask } from "../graph/job-graph-types.ts";
import type { Config } from "../util/config.ts";
import { taskOf } from "./checkpoint-plan.ts";
import type { SlotAllocator } from "./slot-allocator.ts";

export interface DeployerOptions {
  readonly jobName: string;
  readonly jobId: string;
  /** Greater than that of every master before. */
  readonly masterToken: number;
  readonly config: Config;
  readonly store: CompletedCheckpointStore;
  /** While the store has nothing. */
  readonly restorePoint: CompletedCheckpoint | undefined;
}

/** What tasks that are deployed now start from. */
export interface StartingPoint {
  /** Undefined: from nothing. */
  readonly checkpoint: CompletedCheckpoint | undefined;
  /** Later checkpoints may refer to its files. */
  readonly owned: boolean;
  /** It is the savepoint that has stopped the job. */
  readonly stopped: boolean;
}

export class Deployer {
  readonly #options: DeployerOptions;
  readonly #executions: ExecutionGraph;
  readonly #slots: SlotAllocator;

  constructor(options: DeployerOptions, executions: ExecutionGraph, slots: SlotAllocator) {
    this.#options = options;
    this.#executions = executions;
    this.#slots = slots;
  }

  startingPoint(): StartingPoint {
    const { store, restorePoint } = this.#options;
    const newest = store.retained().at(-1);
    const owned = newest !== undefined && store.owns(newest.checkpointId);
    // Only a savepoint that stopped the job is in the store and not its own.
    return { checkpoint: newest ?? restorePoint, owned, stopped: newest !== undefined && !owned };
  }

  /** Of executions in state SCHEDULED that have slots. Throws what `planRestore` throws, and then has sent nothing. */
  deploy(scheduled: readonly Subtask[]): void {
    const { jobName, jobId, masterToken, config } = this.#options;
    const graph = this.#executions.jobGraph;
    const { checkpoint, owned, stopped } = this.startingPoint();
    const restore = checkpoint === undefined ? undefined : planRestore(checkpoint, graph, config);
    const placement = this.#slots.placement();
    for (const subtask of scheduled) {
      const task = taskOf(this.#executions.execution(subtask));
      const state = restore?.subtask(task.vertex, task.subtask);
      this.#executions.transition(task, "DEPLOYING");
      this.#slots.slotOf(task).gateway.deploy({
        task,
        jobName,
        jobId,
        masterToken,
        graph,
        config,
        restore: state === undefined ? undefined : { ...state, owned, stopped },
        placement,
      });
      this.#executions.transition(task, "INITIALIZING");
    }
  }

  /** Those that have ended, or are about to, stay as they are. */
  cancel(subtasks: readonly Subtask[]): void {
    for (const execution of subtasks.map((subtask) => this.#executions.execution(subtask))) {
      if (isAtWork(execution.state)) {
        this.#executions.transition(execution, "CANCELING");
        this.#slots.slotOf(execution).gateway.cancel(taskOf(execution));
      } else if (execution.state === "CREATED" || execution.state === "SCHEDULED") {
        this.#executions.transition(execution, "CANCELED");
      }
    }
  }
}
