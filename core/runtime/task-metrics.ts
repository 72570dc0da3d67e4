/**
 * The metrics of one task, under Flink's names. Nothing is done per record: times are measured around whole steps, records counted per run or taken
 * from the positions of channels.
 *
 * In:    the course of the task's steps. Out: gauges and meters, computed when read; meters look at their totals every few seconds, at a step.
 * State: where the time went so far, and what the task waits for now.
 */
import { SAMPLE_EVERY_MS } from "../metrics/meter.ts";
import type { MetricLease } from "../metrics/metric-registry.ts";
import type { Counter } from "../metrics/registry.ts";
import type { Clock } from "../time/clock.ts";
import type { TaskChannels } from "./deployment.ts";

/** `again`: has more to do. `waiting`: nothing until a wake-up. `blocked`: waits for downstream, or for a sink. */
export type StepResult = "again" | "waiting" | "blocked";

/** Where the time of a task goes. */
type Spending = "Busy" | "Idle" | "BackPressured";

type MeasuredChannels = Pick<
  TaskChannels,
  "usage" | "inputs" | "outputs" | "recordsSent" | "loopSpace" | "putOffSpace"
>;

export class TaskMetrics {
  readonly recordsIn: Counter;
  alignmentMs: number;
  readonly #clock: Clock;
  readonly #spentMs: Record<Spending, number>;
  #sinceMs: number;
  #last: StepResult;
  #isOver: boolean;
  readonly #lease: MetricLease;
  #sampleAtMs: number;

  constructor(lease: MetricLease, clock: Clock, channels: MeasuredChannels) {
    const group = lease.metrics;
    this.recordsIn = group.counter("numRecordsIn");
    this.alignmentMs = 0;
    this.#clock = clock;
    this.#spentMs = { Busy: 0, Idle: 0, BackPressured: 0 };
    this.#sinceMs = clock.elapsedMs();
    this.#last = "waiting";
    this.#isOver = false;
    this.#lease = lease;
    this.#sampleAtMs = this.#sinceMs + SAMPLE_EVERY_MS;
    const recordsOut = (): number =>
      [...channels.outputs.keys()].reduce((sum, edge) => sum + channels.recordsSent(edge), 0);
    group.gauge("numRecordsOut", recordsOut);
    group.meter("numRecordsOutPerSecond", recordsOut);
    group.gauge("accumulateBusyTimeMs", () => this.#spent("Busy"));
    group.gauge("accumulateIdleTimeMs", () => this.#spent("Idle"));
    group.gauge("accumulateBackPressuredTimeMs", () => this.#spent("BackPressured"));
    group.meter("busyTimeMsPerSecond", () => this.#spent("Busy"));
    group.meter("idleTimeMsPerSecond", () => this.#spent("Idle"));
    group.meter("backPressuredTimeMsPerSecond", () => this.#spent("BackPressured"));
    group.gauge("isBackPressured", () => (this.#last === "blocked" ? 1 : 0));
    group.gauge("checkpointAlignmentTime", () => this.alignmentMs);
    group.gauge("inputQueueLength", () => channels.usage().waiting);
    group.gauge("inPoolUsage", () => channels.usage().inFullness);
    group.gauge("outPoolUsage", () => channels.usage().outFullness);
    group.gauge("numRecordsOverdrawn", () => channels.usage().overdrawn);
    group.gauge("numPlainFramesOut", () => channels.usage().plainFrames);
    const { loopSpace, putOffSpace } = channels;
    if (!channels.inputs.some(({ isFeedback }) => isFeedback)) return;
    group.gauge("loopBytesInMemory", () => loopSpace.memoryBytes);
    group.gauge("loopBytesOnDisk", () => loopSpace.spilledBytes + putOffSpace.spilledBytes);
  }

  nowMs(): number {
    return this.#clock.elapsedMs();
  }

  /** The time since the last step was spent waiting for what that step said. */
  stepStarts(nowMs: number): void {
    this.#spend(nowMs, spendingAfter(this.#last));
  }

  stepSaid(result: StepResult): void {
    this.#last = result;
  }

  stepEnded(nowMs: number): void {
    this.#spend(nowMs, "Busy");
  }

  /** The task will not be stepped again: from now on no time is spent. */
  ended(): void {
    this.#isOver = true;
  }

  #spend(nowMs: number, on: Spending): void {
    this.#spentMs[on] += nowMs - this.#sinceMs;
    this.#sinceMs = nowMs;
    if (nowMs < this.#sampleAtMs) return;
    this.#sampleAtMs = nowMs + SAMPLE_EVERY_MS;
    this.#lease.sample(nowMs);
  }

  /** With what is under way: a task that waits is not stepped for as long as it does. */
  #spent(on: Spending): number {
    const goesOn = !this.#isOver && spendingAfter(this.#last) === on;
    return this.#spentMs[on] + (goesOn ? Math.max(0, this.#clock.elapsedMs() - this.#sinceMs) : 0);
  }
}

function spendingAfter(last: StepResult): Spending {
  return last === "blocked" ? "BackPressured" : last === "waiting" ? "Idle" : "Busy";
}
