/**
 * The life of one attempt of one subtask around its `Task`: loading state, opening functions, running in turns, failing, being cancelled, closing.
 *
 * In:   a descriptor, and messages from the master at any time. Out: reports; `terminated` is the last one, sent when everything is closed.
 * What throws inside a step fails the task, with the operator named, and never leaves this file.
 */
import type { JobOperator } from "../graph/job-graph-types.ts";
import type { TaskInfo } from "../operators/contracts/functions.ts";
import { assert } from "../util/errors.ts";
import type { MillraceError } from "../util/errors.ts";
import type { MetricLease } from "../metrics/metric-registry.ts";
import type { Cancel } from "../time/clock.ts";
import { OPTIONS } from "../util/config.ts";
import { TaskAvailability } from "./availability.ts";
import type { AlignedCheckpoint } from "./barrier-alignment.ts";
import { CancellationTimeout } from "./cancellation-timeout.ts";
import type { Chain } from "./chain.ts";
import { Mailbox } from "./mailbox.ts";
import { SubtaskCheckpoints } from "./subtask-checkpoint.ts";
import { TaskMetrics } from "./task-metrics.ts";
import { TaskTimers } from "./task-timers.ts";
import type { TaskChannels, TaskDescriptor, TaskEnvironment } from "./deployment.ts";
import { buildTask } from "./task-builder.ts";
import { taskFailure } from "./task-failure.ts";
import type { Task } from "./task.ts";
import type { Runnable, Seat, TaskScheduler } from "./thread-scheduler.ts";

type End = "finished" | "canceled" | "failed";

type State =
  | { readonly kind: "starting" }
  | { readonly kind: "running"; readonly task: Task }
  | { readonly kind: "closing"; readonly end: End };

export class TaskExecution implements Runnable {
  readonly descriptor: TaskDescriptor;
  readonly #environment: TaskEnvironment;
  readonly #channels: TaskChannels;
  readonly #seat: Seat;
  readonly #mailbox: Mailbox;
  readonly #availability: TaskAvailability;
  readonly #timers: TaskTimers;
  readonly #checkpoints: SubtaskCheckpoints;
  readonly #lease: MetricLease;
  readonly #metrics: TaskMetrics;
  readonly #accumulated: Map<string, number>;
  readonly #scheduled: Set<Cancel>;
  readonly #cancellation: CancellationTimeout;
  /** Came before the task exists. */
  readonly #early: ((task: Task) => void)[];
  readonly #bufferTimeoutMs: number;
  #flushedMs: number;
  #state: State;
  /** Until it is built, or could not be, there is nothing to close. */
  #isBuilding: boolean;
  #isTerminated: boolean;
  #chain: Chain | undefined;

  constructor(
    descriptor: TaskDescriptor,
    channels: TaskChannels,
    environment: TaskEnvironment,
    scheduler: TaskScheduler,
  ) {
    this.descriptor = descriptor;
    this.#environment = environment;
    this.#channels = channels;
    this.#seat = scheduler.add(this);
    this.#mailbox = new Mailbox(() => this.#seat.wake());
    this.#availability = new TaskAvailability(() => this.#seat.wake());
    this.#timers = new TaskTimers({ clock: environment.clock, onDue: () => this.#seat.wake() });
    this.#checkpoints = this.#createCheckpoints();
    this.#lease = environment.metrics.open(this.#scope());
    this.#metrics = new TaskMetrics(this.#lease, environment.clock, channels);
    this.#accumulated = new Map();
    this.#scheduled = new Set();
    this.#cancellation = this.#createCancellation();
    this.#early = [];
    this.#bufferTimeoutMs = descriptor.config.get(OPTIONS.bufferTimeout);
    this.#flushedMs = 0;
    this.#state = { kind: "starting" };
    this.#isBuilding = true;
    this.#isTerminated = false;
    this.#chain = undefined;
    channels.connect({
      block: () => this.#availability.block(),
      unblock: () => this.#availability.unblock(),
      wake: () => this.#seat.wake(),
      failed: (error) => this.fail(error),
    });
    this.#start(channels);
  }

  /** One turn in the thread. */
  runStep(nowMs: number, recordsMax: number): boolean {
    if (this.#state.kind === "closing") return false;
    this.#metrics.stepStarts(nowMs);
    try {
      if (this.#state.kind === "starting") {
        this.#mailbox.run();
        return !this.#mailbox.empty;
      }
      const result = this.#state.task.step(recordsMax);
      if (result !== "again" || nowMs - this.#flushedMs >= this.#bufferTimeoutMs) this.#flush(nowMs);
      this.#metrics.stepSaid(result);
      return result === "again";
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  /** Not after every step of a busy task: half-empty frames cost as much as full ones. */
  #flush(nowMs: number): void {
    this.#channels.flush();
    this.#flushedMs = nowMs;
  }

  stepEnded(nowMs: number): void {
    this.#metrics.stepEnded(nowMs);
  }

  trigger(checkpoint: AlignedCheckpoint): void {
    this.#mail((task) => task.trigger(checkpoint));
  }

  completed(checkpointId: number): void {
    this.#mail((task) => task.completed(checkpointId));
  }

  aborted(checkpointId: number): void {
    this.#mail((task) => task.aborted(checkpointId));
  }

  operatorEvent(operatorId: string, event: unknown): void {
    this.#mail((task) => task.handleEvent(operatorId, event));
  }

  cancel(): void {
    if (this.#state.kind !== "closing") this.#close("canceled");
    else if (!this.#isTerminated) this.#cancellation.start();
  }

  /** `operator`: who failed, if that is known. */
  fail(error: unknown, operator?: JobOperator): void {
    if (this.#state.kind === "closing") return;
    this.#environment.reports.failed(this.descriptor.task, this.#describe(error, operator));
    this.#close("failed");
  }

  /** Takes its metrics away; until then they can be read though the task has ended. */
  release(): void {
    this.#lease.close();
  }

  /** Mails that arrive before the task exists wait in order until it does. */
  #mail(mail: (task: Task) => void): void {
    if (this.#state.kind === "starting") this.#early.push(mail);
    else this.#execute(() => this.#state.kind === "running" && mail(this.#state.task));
  }

  #start(channels: TaskChannels): void {
    const { clock } = this.#environment;
    buildTask({
      descriptor: this.descriptor,
      environment: this.#environment,
      channels,
      info: this.#info(),
      mailbox: this.#mailbox,
      availability: this.#availability,
      timers: this.#timers,
      checkpoints: this.#checkpoints,
      metrics: this.#metrics,
      lease: this.#lease,
      accumulate: (name, amount) => this.#accumulate(name, amount),
      waitsFor: (call, operator) => this.#cancellation.waitsFor(call, operator),
      isOver: () => this.#state.kind === "closing",
      execute: (mail) => this.#execute(mail),
      schedule: (delayMs, mail) => {
        const cancel = clock.schedule(delayMs, () => {
          this.#scheduled.delete(cancel);
          this.#execute(mail);
        });
        this.#scheduled.add(cancel);
        return () => {
          this.#scheduled.delete(cancel);
          cancel();
        };
      },
      wake: () => {
        if (this.#state.kind === "running") this.#state.task.sourceReady();
        this.#seat.wake();
      },
      fail: (error, operator) => this.fail(error, operator),
      onEnded: () => this.#environment.reports.ended(this.descriptor.task),
      onFinished: () => this.#close("finished"),
    }).then(
      ({ chain, createTask }) => this.#built(chain, createTask),
      (error: unknown) => this.#notBuilt(error),
    );
  }

  #built(chain: Chain, createTask: () => Task): void {
    this.#isBuilding = false;
    this.#chain = chain;
    if (this.#state.kind === "closing") return this.#closeChain(this.#state.end);
    try {
      this.#state = { kind: "running", task: createTask() };
    } catch (error) {
      return this.fail(error);
    }
    for (const mail of this.#early.splice(0)) this.#mail(mail);
    this.#environment.reports.running(this.descriptor.task);
    this.#seat.wake();
  }

  #notBuilt(error: unknown): void {
    this.#isBuilding = false;
    if (this.#state.kind === "closing") this.#closeChain(this.#state.end);
    else this.fail(error);
  }

  #execute(mail: () => void): void {
    if (this.#state.kind !== "closing") this.#mailbox.put(mail);
  }

  #accumulate(name: string, amount: number): void {
    this.#accumulated.set(name, (this.#accumulated.get(name) ?? 0) + amount);
  }

  #close(end: End): void {
    this.#state = { kind: "closing", end };
    this.#seat.leave();
    this.#metrics.ended();
    this.#timers.stop();
    this.#checkpoints.close();
    this.#channels.loopSpace.close();
    this.#channels.putOffSpace.close();
    for (const cancel of this.#scheduled) cancel();
    if (end !== "finished") this.#cancellation.start();
    if (!this.#isBuilding) this.#closeChain(end); // else once it is built
  }

  #closeChain(end: End): void {
    const { reports } = this.#environment;
    const { task } = this.descriptor;
    if (end === "finished")
      reports.accumulated(task, Object.fromEntries(this.#accumulated), this.#chain?.quarantined());
    const next = (operator: JobOperator): void => this.#cancellation.waitsFor("close", operator);
    const closed = this.#chain?.close(next) ?? Promise.resolve(undefined);
    void closed.then((error) => {
      if (this.#isTerminated) return;
      if (error !== undefined && end === "finished") reports.failed(task, this.#describe(error));
      this.#terminate(error !== undefined && end === "finished" ? "failed" : end);
    });
  }

  /** Everything is closed, or what is not has been given up. */
  #terminate(end: End): void {
    this.#isTerminated = true;
    this.#cancellation.stop();
    this.#environment.reports.terminated(this.descriptor.task, end);
  }

  #createCancellation(): CancellationTimeout {
    const { subtaskIndex, parallelism, name } = this.#info();
    return new CancellationTimeout({
      clock: this.#environment.clock,
      timeoutMs: this.descriptor.config.get(OPTIONS.taskCancellationTimeout),
      task: `"${name}" (${subtaskIndex + 1}/${parallelism})`,
      giveUp: (sentence) => {
        this.#environment.warn(sentence);
        this.#terminate(this.#state.kind === "closing" ? this.#state.end : "canceled");
      },
    });
  }

  #createCheckpoints(): SubtaskCheckpoints {
    const { clock, storage, reports } = this.#environment;
    const { task } = this.descriptor;
    return new SubtaskCheckpoints({
      task,
      vertexId: this.#vertex().id,
      clock,
      storage,
      execute: (mail) => this.#execute(mail),
      acknowledge: (ack) => {
        if (this.#accumulated.size > 0) reports.accumulated(task, Object.fromEntries(this.#accumulated));
        reports.acknowledge(ack);
      },
      decline: (checkpointId, reason, cause) => reports.decline(checkpointId, task, reason, cause),
    });
  }

  #describe(error: unknown, operator?: JobOperator): MillraceError {
    const { subtaskIndex, parallelism } = this.#info();
    const { name, operators } = this.#vertex();
    return taskFailure(error, { name, operators, subtaskIndex, parallelism }, operator);
  }

  #info(): TaskInfo {
    const { task, jobName, jobId, masterToken } = this.descriptor;
    const vertex = this.#vertex();
    return {
      jobName,
      jobId,
      name: vertex.name,
      subtaskIndex: task.subtask,
      parallelism: vertex.parallelism,
      maxParallelism: vertex.maxParallelism,
      attempt: task.attempt,
      masterToken,
    };
  }

  #scope(): { readonly job: string; readonly task: string; readonly subtask: number } {
    return { job: this.descriptor.jobName, task: this.#vertex().name, subtask: this.descriptor.task.subtask };
  }

  #vertex(): TaskDescriptor["graph"]["vertices"][number] {
    const vertex = this.descriptor.graph.vertices[this.descriptor.task.vertex];
    assert(vertex !== undefined, "a task belongs to a vertex of its graph");
    return vertex;
  }
}
