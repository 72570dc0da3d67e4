/**
 * Runs the subtasks of one slot for one job master: the worker side of the cluster. All its tasks live in one thread and share its scheduler.
 *
 * In:   messages of the job master, channel messages of other slots. Out: reports of its tasks to the job master, channel messages to other slots.
 * A message for a task that is not there, or for another attempt, is dropped: its sender has not yet heard what happened.
 */
import type { SubtaskId } from "../graph/messages.ts";
import type { CheckpointOptions } from "../network/channel.ts";
import type { ChannelAddress, ChannelMessage } from "../network/remote-channel.ts";
import type { TaskDescriptor, TaskEnvironment, TaskReports } from "../runtime/deployment.ts";
import { TaskExecution } from "../runtime/task-execution.ts";
import type { TaskScheduler } from "../runtime/thread-scheduler.ts";
import { MillraceError } from "../util/errors.ts";
import { RegionChannels } from "./region-channels.ts";

/** What a job master asks of a slot. Every call is a message. */
export interface TaskSlotGateway {
  deploy(descriptor: TaskDescriptor): void;
  cancel(task: SubtaskId): void;
  trigger(task: SubtaskId, checkpointId: number, options: CheckpointOptions): void;
  completed(checkpointId: number): void;
  aborted(checkpointId: number): void;
  operatorEvent(task: SubtaskId, operatorId: string, event: unknown): void;
}

/** A channel message on its way between two slots. */
export interface SlotMessage {
  readonly attempt: number;
  readonly channel: ChannelAddress;
  readonly message: ChannelMessage;
}

export interface TaskSlotOptions extends Omit<TaskEnvironment, "reports"> {
  readonly scheduler: TaskScheduler;
  readonly reports: TaskReports;
  /** The slot that this is. */
  readonly slot: string;
  /** In order per slot, for as long as the connection lasts. */
  send(slot: string, message: SlotMessage): void;
}

export class TaskSlot implements TaskSlotGateway {
  readonly #options: TaskSlotOptions;
  readonly #environment: TaskEnvironment;
  readonly #tasks: Map<string, TaskExecution>;
  readonly #channels: RegionChannels;
  /** Tasks that have ended; their metrics stay readable until the next attempt of their region. */
  #ended: TaskExecution[];
  #onEmpty: (() => void) | undefined;

  constructor(options: TaskSlotOptions) {
    const { reports } = options;
    this.#options = options;
    this.#tasks = new Map();
    this.#channels = new RegionChannels(options);
    this.#ended = [];
    this.#onEmpty = undefined;
    this.#environment = {
      ...options,
      reports: {
        running: (task) => reports.running(task),
        ended: (task) => reports.ended(task),
        failed: (task, cause) => reports.failed(task, cause),
        terminated: (task, state) => {
          const ended = this.#tasks.get(nameOf(task));
          this.#tasks.delete(nameOf(task));
          if (ended !== undefined) this.#ended.push(ended);
          reports.terminated(task, state);
          if (this.#tasks.size === 0) this.#onEmpty?.();
        },
        acknowledge: (ack) => reports.acknowledge(ack),
        decline: (checkpointId, task, reason, cause) => reports.decline(checkpointId, task, reason, cause),
        operatorEvent: (task, operatorId, event) => reports.operatorEvent(task, operatorId, event),
        accumulated: (task, totals, quarantined) => reports.accumulated(task, totals, quarantined),
      },
    };
  }

  deploy(descriptor: TaskDescriptor): void {
    const { task } = descriptor;
    const channels = this.#channels.of(descriptor);
    this.#forgetBefore(task);
    this.#tasks.set(
      nameOf(task),
      new TaskExecution(descriptor, channels.of(task), this.#environment, this.#options.scheduler),
    );
    this.#channels.deployed();
  }

  cancel(task: SubtaskId): void {
    this.#tasks.get(nameOf(task))?.cancel();
  }

  trigger(task: SubtaskId, checkpointId: number, options: CheckpointOptions): void {
    this.#tasks.get(nameOf(task))?.trigger({ checkpointId, options });
  }

  completed(checkpointId: number): void {
    for (const task of [...this.#tasks.values()]) task.completed(checkpointId);
  }

  aborted(checkpointId: number): void {
    for (const task of [...this.#tasks.values()]) task.aborted(checkpointId);
  }

  operatorEvent(task: SubtaskId, operatorId: string, event: unknown): void {
    this.#tasks.get(nameOf(task))?.operatorEvent(operatorId, event);
  }

  /** From another slot. */
  receive(message: SlotMessage): void {
    this.#channels.receive(message);
  }

  /** The connection to another slot is lost, and with it what was under way: no task that it served can go on. */
  disconnected(slot: string, cause: Error): void {
    for (const task of [...this.#tasks.values()]) {
      if (!this.#channels.touches(task.descriptor.task, slot)) continue;
      const sentence = `the connection to slot ${slot} was lost (${cause.message})`;
      task.fail(new MillraceError("MR7007", sentence, { cause }));
    }
  }

  /** Nobody needs its tasks any more; `done` is called when they have ended. */
  release(done: () => void): void {
    this.#onEmpty = () => {
      for (const ended of this.#ended.splice(0)) ended.release();
      done();
    };
    this.#channels.close();
    for (const task of [...this.#tasks.values()]) task.cancel();
    if (this.#tasks.size === 0) this.#onEmpty();
  }

  /** Tasks of earlier attempts of its region: nobody reads their metrics any more. */
  #forgetBefore(task: SubtaskId): void {
    const isBefore = ({ descriptor }: TaskExecution): boolean =>
      descriptor.task.attempt < task.attempt && this.#channels.areConnected(descriptor.task, task);
    for (const ended of this.#ended) if (isBefore(ended)) ended.release();
    this.#ended = this.#ended.filter((ended) => !isBefore(ended));
  }
}

function nameOf({ vertex, subtask, attempt }: SubtaskId): string {
  return `${vertex}/${subtask}/${attempt}`;
}
