/** Metrics that a test reads back by name. */
import type { Counter, Histogram, MetricGroup, MetricValue } from "../../core/metrics/registry.ts";

export class HarnessMetrics implements MetricGroup {
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, () => MetricValue>();
  readonly #groups = new Map<string, HarnessMetrics>();

  counter(name: string): Counter {
    const counter = this.#counters.get(name) ?? { count: 0 };
    this.#counters.set(name, counter);
    return counter;
  }

  gauge(name: string, read: () => MetricValue): void {
    this.#gauges.set(name, read);
  }

  histogram(): Histogram {
    const values: number[] = [];
    return {
      update: (value) => {
        values.push(value);
      },
      quantile: (q) => values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))] ?? 0,
      get count() {
        return values.length;
      },
    };
  }

  meter(): void {
    // A rate needs time; tests look at what is counted.
  }

  group(name: string): HarnessMetrics {
    const group = this.#groups.get(name) ?? new HarnessMetrics();
    this.#groups.set(name, group);
    return group;
  }

  /** The value of a counter or gauge; undefined if nobody made it. */
  read(name: string): MetricValue | undefined {
    return this.#counters.get(name)?.count ?? this.#gauges.get(name)?.();
  }
}
