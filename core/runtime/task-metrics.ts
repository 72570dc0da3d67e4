/** The metrics of one task, under Flink's names. Times are measured around whole steps, never per record. */
import type { Counter, MetricGroup } from "../metrics/registry.ts";
import type { Clock } from "../time/clock.ts";
import type { TaskChannels } from "./deployment.ts";

/** `again`: has more to do. `waiting`: nothing until a wake-up. `blocked`: waits for downstream, or for a sink. */
export type StepResult = "again" | "waiting" | "blocked";

export class TaskMetrics {
  readonly recordsIn: Counter;
  alignmentMs: number;
  readonly #clock: Clock;
  readonly #spentMs: { busy: number; idle: number; backPressured: number };
  #sinceMs: number;
  #last: StepResult;

  constructor(group: MetricGroup, clock: Clock, channels: TaskChannels) {
    this.recordsIn = group.counter("numRecordsIn");
    this.alignmentMs = 0;
    this.#clock = clock;
    this.#spentMs = { busy: 0, idle: 0, backPressured: 0 };
    this.#sinceMs = clock.elapsedMs();
    this.#last = "waiting";
    group.gauge("checkpointAlignmentTime", () => this.alignmentMs);
    group.gauge("accumulateBusyTimeMs", () => this.#spentMs.busy);
    group.gauge("accumulateIdleTimeMs", () => this.#spentMs.idle);
    group.gauge("accumulateBackPressuredTimeMs", () => this.#spentMs.backPressured);
    group.gauge("inputQueueLength", () => channels.usage().waiting);
    group.gauge("numRecordsOverdrawn", () => channels.usage().overdrawn);
    group.gauge("isBackPressured", () => (this.#last === "blocked" ? 1 : 0));
  }

  nowMs(): number {
    return this.#clock.elapsedMs();
  }

  /** The time since the last step was spent waiting for what that step said. */
  stepStarts(nowMs: number): void {
    const waitedMs = nowMs - this.#sinceMs;
    if (this.#last === "blocked") this.#spentMs.backPressured += waitedMs;
    else if (this.#last === "waiting") this.#spentMs.idle += waitedMs;
    else this.#spentMs.busy += waitedMs;
    this.#sinceMs = nowMs;
  }

  stepSaid(result: StepResult): void {
    this.#last = result;
  }

  stepEnded(nowMs: number): void {
    this.#spentMs.busy += nowMs - this.#sinceMs;
    this.#sinceMs = nowMs;
  }
}
