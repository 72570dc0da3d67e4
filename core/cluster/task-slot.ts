/**
 * Runs the subtasks of one slot for one job master: the worker side of the cluster. All its tasks live in one thread and share its scheduler.
 *
 * In:   messages of the job master, channel messages of other slots. Out: reports of its tasks to the job master, channel messages to other slots.
 * A message for a task that is not there, or for another attempt, is dropped: its sender has not yet heard what happened.
 */
import type { JobGraph } from "../graph/job-graph-types.ts";
import type { SubtaskId } from "../graph/messages.ts";
import type { CheckpointOptions } from "../network/channel.ts";
import type { ChannelAddress, ChannelMessage } from "../network/remote-channel.ts";
import type { TaskDescriptor, TaskEnvironment, TaskReports } from "../runtime/deployment.ts";
import { SlotChannels } from "../runtime/slot-channels.ts";
import { TaskExecution } from "../runtime/task-execution.ts";
import type { TaskScheduler } from "../runtime/thread-scheduler.ts";
import { OPTIONS } from "../util/config.ts";
import { MillraceError } from "../util/errors.ts";

/** What a job master asks of a slot. Every call is a message. */
export interface TaskSlotGateway {
  deploy(descriptor: TaskDescriptor): void;
  cancel(task: SubtaskId): void;
  trigger(task: SubtaskId, checkpointId: number, options: CheckpointOptions): void;
  completed(attempt: number, checkpointId: number): void;
  aborted(attempt: number, checkpointId: number): void;
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

interface AttemptChannels {
  readonly graph: JobGraph;
  readonly attempt: number;
  readonly channels: SlotChannels;
}

export class TaskSlot implements TaskSlotGateway {
  readonly #options: TaskSlotOptions;
  readonly #environment: TaskEnvironment;
  readonly #tasks: Map<string, TaskExecution>;
  /** Tasks of the latest attempt that have ended; their metrics stay readable until the next attempt. */
  #ended: TaskExecution[];
  #channels: AttemptChannels | undefined;
  /** Came before anything of their attempt was deployed here. */
  #early: SlotMessage[];
  #onEmpty: (() => void) | undefined;

  constructor(options: TaskSlotOptions) {
    const { reports } = options;
    this.#options = options;
    this.#tasks = new Map();
    this.#ended = [];
    this.#channels = undefined;
    this.#early = [];
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
        accumulated: (task, totals) => reports.accumulated(task, totals),
      },
    };
  }

  deploy(descriptor: TaskDescriptor): void {
    const { channels } = this.#channelsOf(descriptor);
    this.#tasks.set(
      nameOf(descriptor.task),
      new TaskExecution(descriptor, channels.of(descriptor.task), this.#environment, this.#options.scheduler),
    );
    const early = this.#early;
    this.#early = [];
    for (const message of early) this.receive(message);
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

  /** From another slot. Of an attempt that is not known yet only first credits can come, one per channel. */
  receive(message: SlotMessage): void {
    const current = this.#channels?.attempt ?? -1;
    if (message.attempt > current) this.#early.push(message);
    else if (message.attempt === current) this.#channels?.channels.receive(message.channel, message.message);
  }

  /** The connection to another slot is lost, and with it what was under way: no task that it served can go on. */
  disconnected(slot: string, cause: Error): void {
    for (const task of [...this.#tasks.values()]) {
      if (this.#channels?.channels.touches(task.descriptor.task, slot) !== true) continue;
      const sentence = `the connection to slot ${slot} was lost (${cause.message}); the job starts again from its newest checkpoint`;
      task.fail(new MillraceError("MR7007", sentence, { cause }));
    }
  }

  /** Nobody needs its tasks any more; `done` is called when they have ended. */
  release(done: () => void): void {
    this.#onEmpty = () => {
      for (const ended of this.#ended.splice(0)) ended.release();
      done();
    };
    this.#early = [];
    for (const task of [...this.#tasks.values()]) task.cancel();
    if (this.#tasks.size === 0) this.#onEmpty();
  }

  #ofAttempt(attempt: number): TaskExecution[] {
    return [...this.#tasks.values()].filter((task) => task.descriptor.task.attempt === attempt);
  }

  /** All subtasks of an attempt share one set of channels; those of earlier attempts are let go. */
  #channelsOf({ graph, task, config, placement }: TaskDescriptor): AttemptChannels {
    const known = this.#channels;
    if (known !== undefined && known.graph === graph && known.attempt === task.attempt) return known;
    for (const ended of this.#ended.splice(0)) ended.release();
    const { attempt } = task;
    const channels = new SlotChannels({
      graph,
      placement,
      slot: this.#options.slot,
      capacity: config.get(OPTIONS.channelCapacity),
      send: (slot, channel, message) => this.#options.send(slot, { attempt, channel, message }),
    });
    const made = { graph, attempt, channels };
    this.#channels = made;
    return made;
  }
}

function nameOf({ vertex, subtask, attempt }: SubtaskId): string {
  return `${vertex}/${subtask}/${attempt}`;
}
