/**
 * What a slot tells of itself and its tasks: its readings every second, and at once before a task's last report.
 *
 * In:   the registry of its thread. Out: readings. Those of the slot itself are of the moment at which they were told.
 */
import type { MetricReading, MetricRegistry } from "../metrics/metric-registry.ts";
import type { Cancel, Clock } from "../time/clock.ts";
import type { ReadHealth, ThreadHealth } from "./thread-health.ts";

const EVERY_MS = 1_000;

export interface SlotMetricsOptions {
  readonly clock: Clock;
  readonly registry: MetricRegistry;
  readonly jobName: string;
  readonly slot: string;
  readonly health: ReadHealth;
  tell(readings: readonly MetricReading[]): void;
}

export class SlotMetrics {
  readonly #options: SlotMetricsOptions;
  #health: ThreadHealth;
  #cancel: Cancel;

  constructor(options: SlotMetricsOptions) {
    const { registry, jobName, slot, health } = options;
    this.#options = options;
    this.#health = health();
    this.#cancel = () => undefined;
    const { metrics } = registry.open({ job: jobName, slot });
    metrics.gauge("heapUsed", () => this.#health.heapUsedBytes);
    metrics.gauge("heapMax", () => this.#health.heapLimitBytes);
    metrics.gauge("externalUsed", () => this.#health.externalBytes);
    metrics.gauge("eventLoopLag", () => this.#health.eventLoopLagMs);
    this.#next();
  }

  tell(): void {
    this.#options.tell(this.#options.registry.snapshot());
  }

  stop(): void {
    this.#cancel();
  }

  #next(): void {
    this.#cancel = this.#options.clock.schedule(EVERY_MS, () => {
      this.#health = this.#options.health();
      this.tell();
      this.#next();
    });
  }
}
