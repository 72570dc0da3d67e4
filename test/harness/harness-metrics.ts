/** Metrics that a test reads back by name. */
import type { Counter, Histogram, MetricGroup, MetricValue } from "../../core/metrics/registry.ts";

/**
 * The metrics of the operator under test, which a test reads back by name. Made by `OperatorHarness`, as `harness.metrics`.
 *
 * Shape:  a `MetricGroup`; `read` returns the value of a counter or gauge, and what is in a group of its own is read through `group`.
 * Source: Flink's `MetricListener`.
 *
 * @example
 * import { strict as assert } from "node:assert";
 * const metrics = new HarnessMetrics();
 * const late = metrics.group("lookups").counter("late");
 * late.count++;
 * assert.equal(metrics.group("lookups").read("late"), 1);
 */
export class HarnessMetrics implements MetricGroup {
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, () => MetricValue>();
  readonly #groups = new Map<string, HarnessMetrics>();

  /** The counter of that name; the same one each time. */
  counter(name: string): Counter {
    const counter = this.#counters.get(name) ?? { count: 0 };
    this.#counters.set(name, counter);
    return counter;
  }

  /** Registers a value that `read` asks for anew each time. */
  gauge(name: string, read: () => MetricValue): void {
    this.#gauges.set(name, read);
  }

  /** A histogram that keeps all its values. */
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

  /** Does nothing. */
  meter(): void {
    // A rate needs time; tests look at what is counted.
  }

  /** The group of that name; the same one each time. */
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
