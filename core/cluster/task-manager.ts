/**
 * Runs subtasks for job masters: the worker side of the cluster. Here all its slots live in the calling thread and share its scheduler.
 *
 * In:   messages of job masters. Out: reports of its tasks, to the job master that deployed them.
 * A message for a task that is not there, or for an older attempt, is dropped: its sender has not yet heard what happened.
 */
import type { JobGraph } from "../graph/job-graph-types.ts";
import type { SubtaskId } from "../graph/messages.ts";
import type { CheckpointOptions } from "../network/channel.ts";
import type { TaskDescriptor, TaskEnvironment, TaskReports } from "../runtime/deployment.ts";
import { InSlotChannels } from "../runtime/in-slot-channels.ts";
import { TaskExecution } from "../runtime/task-execution.ts";
import { ThreadScheduler } from "../runtime/thread-scheduler.ts";
import { OPTIONS } from "../util/config.ts";

/** What a job master asks of a TaskManager. Every call is a message. */
export interface TaskManagerGateway {
  deploy(descriptor: TaskDescriptor): void;
  cancel(task: SubtaskId): void;
  trigger(task: SubtaskId, checkpointId: number, options: CheckpointOptions): void;
  completed(attempt: number, checkpointId: number): void;
  aborted(attempt: number, checkpointId: number): void;
  operatorEvent(task: SubtaskId, operatorId: string, event: unknown): void;
}

export class TaskManager implements TaskManagerGateway {
  readonly #environment: TaskEnvironment;
  readonly #scheduler: ThreadScheduler;
  readonly #tasks: Map<string, TaskExecution>;
  /** Tasks of the latest attempt that have ended; their metrics stay readable until the next attempt. */
  #ended: TaskExecution[];
  #channels: { readonly graph: JobGraph; readonly attempt: number; readonly channels: InSlotChannels } | undefined;

  constructor(environment: Omit<TaskEnvironment, "reports">, reports: TaskReports) {
    this.#scheduler = new ThreadScheduler(environment.clock);
    this.#tasks = new Map();
    this.#ended = [];
    this.#channels = undefined;
    this.#environment = {
      ...environment,
      reports: {
        running: (task) => reports.running(task),
        ended: (task) => reports.ended(task),
        failed: (task, cause) => reports.failed(task, cause),
        terminated: (task, state) => {
          const ended = this.#tasks.get(nameOf(task));
          this.#tasks.delete(nameOf(task));
          if (ended !== undefined) this.#ended.push(ended);
          reports.terminated(task, state);
        },
        acknowledge: (ack) => reports.acknowledge(ack),
        decline: (checkpointId, task, reason, cause) => reports.decline(checkpointId, task, reason, cause),
        operatorEvent: (task, operatorId, event) => reports.operatorEvent(task, operatorId, event),
        accumulated: (task, totals) => reports.accumulated(task, totals),
      },
    };
  }

  deploy(descriptor: TaskDescriptor): void {
    const channels = this.#channelsOf(descriptor).of(descriptor.task);
    this.#tasks.set(
      nameOf(descriptor.task),
      new TaskExecution(descriptor, channels, this.#environment, this.#scheduler),
    );
  }

  cancel(task: SubtaskId): void {
    this.#tasks.get(nameOf(task))?.cancel();
  }

  trigger(task: SubtaskId, checkpointId: number, options: CheckpointOptions): void {
    this.#tasks.get(nameOf(task))?.trigger({ checkpointId, options });
  }

  completed(attempt: number, checkpointId: number): void {
    for (const task of this.#ofAttempt(attempt)) task.completed(checkpointId);
  }

  aborted(attempt: number, checkpointId: number): void {
    for (const task of this.#ofAttempt(attempt)) task.aborted(checkpointId);
  }

  operatorEvent(task: SubtaskId, operatorId: string, event: unknown): void {
    this.#tasks.get(nameOf(task))?.operatorEvent(operatorId, event);
  }

  #ofAttempt(attempt: number): TaskExecution[] {
    return [...this.#tasks.values()].filter((task) => task.descriptor.task.attempt === attempt);
  }

  /** All subtasks of an attempt share one set of channels; those of earlier attempts are let go. */
  #channelsOf({ graph, task, config }: TaskDescriptor): InSlotChannels {
    if (this.#channels === undefined || this.#channels.graph !== graph || this.#channels.attempt !== task.attempt) {
      for (const ended of this.#ended.splice(0)) ended.release();
      this.#channels = {
        graph,
        attempt: task.attempt,
        channels: new InSlotChannels(graph, config.get(OPTIONS.channelCapacity)),
      };
    }
    return this.#channels.channels;
  }
}

function nameOf({ vertex, subtask, attempt }: SubtaskId): string {
  return `${vertex}/${subtask}/${attempt}`;
}
