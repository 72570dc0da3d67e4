/**
 * Brings the tasks of a job to their slots, and there again after failures, region by region, until all have finished or the job is given up.
 *
 * In:    offers and losses of slots, failures, reports of tasks that run or have ended. Out: tasks deployed and cancelled; the phase of the job; its outcome.
 * State: the execution of each subtask; restarts under way; which slots are taken. Regions that no failure has struck go on meanwhile.
 *
 *   execution: CREATED → SCHEDULED (waits for a slot) → DEPLOYING → INITIALIZING → RUNNING → FINISHED; see graph/execution-state.ts
 *   regions:   see restarts.ts
 *   job:       see job-phase.ts
 */
import { ExecutionGraph } from "../graph/execution-graph.ts";
import { isAtWork, isTerminal } from "../graph/execution-state.ts";
import type { JobGraph, Subtask } from "../graph/job-graph-types.ts";
import type { SubtaskId } from "../graph/messages.ts";
import { PipelinedRegions } from "../graph/regions.ts";
import type { Region } from "../graph/regions.ts";
import type { Clock } from "../time/clock.ts";
import type { Config } from "../util/config.ts";
import { asError, isMillraceError } from "../util/errors.ts";
import { taskOf } from "./checkpoint-plan.ts";
import { Deployer } from "./deployer.ts";
import type { DeployerOptions, StartingPoint } from "./deployer.ts";
import { createFailoverStrategy } from "./failover-strategy.ts";
import type { FailoverStrategy } from "./failover-strategy.ts";
import { phaseOf } from "./job-phase.ts";
import type { JobOutcome, JobPhaseName } from "./job-phase.ts";
import type { RestartStrategy } from "./restart-strategy.ts";
import { Restart, Restarts } from "./restarts.ts";
import { SlotAllocator } from "./slot-allocator.ts";
import type { Slot, SlotPool } from "./slot-pool.ts";

export interface SchedulerParts extends DeployerOptions {
  readonly graph: JobGraph;
  readonly config: Config;
  readonly clock: Clock;
  readonly slots: SlotPool;
  readonly restartStrategy: RestartStrategy;
  /** A savepoint that stops the job is under way: tasks may have stopped reading, and only a restart of all of them brings those back to work. */
  isStopping(): boolean;
  onPhase(phase: JobPhaseName): void;
  onFailure(cause: Error, restartInMs: number | undefined): void;
  /** Tasks are given up. `settled` is called once it is known for good which checkpoint is the newest; perhaps at once. */
  onStopping(subtasks: readonly Subtask[], settled: () => void): void;
  /** Tasks are about to be deployed. */
  onDeploying(subtasks: readonly Subtask[]): void;
  /** They are on their way, and whatever is sent to them from now on comes after. */
  onDeployed(subtasks: readonly Subtask[], from: StartingPoint): void;
  onFinished(task: SubtaskId): void;
  /** Once. */
  onEnded(outcome: JobOutcome): void;
}

export class Scheduler {
  readonly executions: ExecutionGraph;
  readonly #parts: SchedulerParts;
  readonly #regions: PipelinedRegions;
  readonly #strategy: FailoverStrategy;
  readonly #slots: SlotAllocator;
  readonly #deployer: Deployer;
  readonly #restarts: Restarts;
  #phase: JobPhaseName;
  #restarted: number;
  /** Stops after which it is not known yet which checkpoint is the newest. */
  #unsettled: number;
  /** Decided, and waits for the tasks to end. */
  #outcome: JobOutcome | undefined;
  #isOver: boolean;

  constructor(parts: SchedulerParts) {
    const { graph, config, slots } = parts;
    this.executions = new ExecutionGraph(graph);
    this.#parts = parts;
    this.#regions = new PipelinedRegions(graph);
    this.#strategy = createFailoverStrategy(config, this.#regions);
    this.#slots = new SlotAllocator(graph, slots);
    this.#deployer = new Deployer(parts, this.executions, this.#slots);
    this.#restarts = new Restarts();
    this.#phase = "created";
    this.#restarted = 0;
    this.#unsettled = 0;
    this.#outcome = undefined;
    this.#isOver = false;
  }

  get phase(): JobPhaseName {
    return this.#phase;
  }

  /** How often the job, or some of its regions, were started again. */
  get restarted(): number {
    return this.#restarted;
  }

  /** What tasks that are deployed now start from. */
  startingPoint(): StartingPoint {
    return this.#deployer.startingPoint();
  }

  start(): void {
    this.#await(new Restart(this.#regions.all, { delayMs: 0, stage: "waiting" }));
  }

  cancel(): void {
    if (this.#isOver || this.#outcome?.kind === "canceled") return;
    this.#giveUp({ kind: "canceled" });
    this.#goOn();
  }

  slotOffered(slot: Slot): void {
    this.#parts.slots.add(slot);
    this.#schedule();
  }

  /** Nothing more is heard from it, and nothing of it counts. */
  slotLost(id: string, cause: Error): void {
    this.#parts.slots.remove(id);
    const lost = this.#slots.free(id).map((subtask) => this.executions.execution(subtask));
    for (const execution of lost) {
      if (isAtWork(execution.state)) this.executions.transition(execution, "FAILED");
      else if (execution.state === "CANCELING") this.executions.transition(execution, "CANCELED");
    }
    // Also what the slot has ended by itself, before it was lost.
    this.failTasks(
      lost.filter(({ state }) => state !== "FINISHED"),
      cause,
    );
    this.#goOn();
  }

  /** Nothing, for tasks that start again anyway. */
  failTasks(failed: readonly Subtask[], cause: Error): void {
    const struck = failed.filter((subtask) => !this.#restarts.includes(this.#regions.of(subtask)));
    if (struck.length > 0) this.#fail(this.#parts.isStopping() ? this.#regions.all : this.#strategy(struck), cause);
  }

  /** Something failed that all tasks depend on: all of them start again, unless they do anyway. What no restart cures ends the job in any case. */
  failJob(cause: Error): void {
    const { all } = this.#regions;
    const isFatal = isMillraceError(cause) && !cause.retryable;
    if (isFatal || !this.#restarts.hasOneOf(all.length)) this.#fail(all, cause);
  }

  running(task: SubtaskId): void {
    if (!this.isCurrent(task) || this.executions.execution(task).state !== "INITIALIZING") return;
    this.executions.transition(task, "RUNNING");
    this.#goOn();
  }

  terminated(task: SubtaskId, state: "finished" | "canceled" | "failed"): void {
    const { state: before } = this.executions.execution(task);
    if (!this.isCurrent(task) || isTerminal(before)) return; // its slot was given up before
    if (state === "failed") this.executions.transition(task, "FAILED");
    else if (state === "finished" && before === "RUNNING") {
      this.executions.transition(task, "FINISHED");
      this.#parts.onFinished(task);
    } else {
      if (before !== "CANCELING") this.executions.transition(task, "CANCELING");
      this.executions.transition(task, "CANCELED");
    }
    this.#goOn();
  }

  /** The task that reports is not of an earlier attempt. */
  isCurrent(task: SubtaskId): boolean {
    return task.attempt === this.executions.execution(task).attempt;
  }

  /** Where messages to a subtask go, and to which attempt; undefined while none is at work. */
  taskAtWork(subtask: Subtask): { readonly task: SubtaskId; readonly slot: Slot } | undefined {
    const execution = this.executions.execution(subtask);
    return isAtWork(execution.state) ? { task: taskOf(execution), slot: this.#slots.slotOf(subtask) } : undefined;
  }

  /** Those in which tasks run, or have run. */
  slots(): readonly Slot[] {
    return this.#slots.slots();
  }

  #fail(regions: readonly Region[], cause: Error): void {
    if (this.#isOver || this.#outcome !== undefined) return;
    const decision = this.#parts.restartStrategy.onFailure(cause);
    const restartInMs = decision.restart ? decision.delayMs : undefined;
    this.#parts.onFailure(cause, restartInMs);
    if (restartInMs === undefined) this.#giveUp({ kind: "failed", cause });
    else {
      const restart = new Restart(regions, { delayMs: restartInMs, stage: "cancelling" });
      this.#restarts.add(restart);
      this.#stop(restart.subtasks);
    }
    this.#goOn();
  }

  #giveUp(outcome: JobOutcome): void {
    this.#outcome = outcome;
    this.#restarts.clear();
    this.#stop(this.executions.executions());
  }

  #stop(subtasks: readonly Subtask[]): void {
    this.#unsettled += 1;
    this.#parts.onStopping(subtasks, () => {
      this.#unsettled -= 1;
      this.#goOn();
    });
    this.#deployer.cancel(subtasks);
  }

  /** After each report: what waited for the end of tasks goes on once they have ended, and it is known which checkpoint is the newest. */
  #goOn(): void {
    if (this.#isOver) return;
    if (this.#outcome !== undefined) {
      if (this.#hasEnded(this.executions.executions())) return this.#end(this.#outcome);
    } else if (this.#restarts.isEmpty && this.executions.everyIs("FINISHED")) {
      return this.#end({ kind: "finished" });
    }
    for (const restart of this.#restarts.in("cancelling")) {
      if (!this.#hasEnded(restart.subtasks)) continue;
      restart.stage = "delayed";
      restart.cancelDelay = this.#parts.clock.schedule(restart.delayMs, () => this.#again(restart));
    }
    this.#tellPhase();
  }

  #hasEnded(subtasks: readonly Subtask[]): boolean {
    return this.#unsettled === 0 && subtasks.every((subtask) => isTerminal(this.executions.execution(subtask).state));
  }

  #again(restart: Restart): void {
    if (!this.#restarts.has(restart)) return;
    this.#restarted += 1;
    for (const subtask of restart.subtasks) this.executions.nextAttempt(subtask);
    this.#await(restart);
  }

  #await(restart: Restart): void {
    restart.stage = "waiting";
    for (const subtask of restart.subtasks) this.executions.transition(this.executions.execution(subtask), "SCHEDULED");
    if (!this.#restarts.has(restart)) this.#restarts.add(restart);
    this.#schedule();
  }

  /** Deploys whatever finds its slots. */
  #schedule(): void {
    for (const restart of this.#restarts.in("waiting")) {
      // One before it may have failed, and taken it over.
      if (!this.#restarts.has(restart) || !this.#slots.allocate(restart.subtasks)) continue;
      this.#restarts.remove(restart);
      this.#deploy(restart.subtasks);
    }
    this.#goOn();
  }

  #deploy(subtasks: readonly Subtask[]): void {
    this.#parts.onDeploying(subtasks);
    const from = this.#deployer.startingPoint();
    try {
      this.#deployer.deploy(subtasks);
    } catch (error) {
      this.failJob(asError(error));
      return;
    }
    this.#parts.onDeployed(subtasks, from);
  }

  #end(outcome: JobOutcome): void {
    this.#isOver = true;
    this.#phase = outcome.kind;
    this.#parts.onPhase(outcome.kind);
    this.#parts.onEnded(outcome);
  }

  #tellPhase(): void {
    const phase = phaseOf(this.executions, this.#restarts, this.#outcome);
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#parts.onPhase(phase);
  }
}
