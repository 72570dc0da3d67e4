/**
 * Metrics with Flink's scopes and names: counters, gauges, meters and histograms, grouped by job, task and operator.
 *
 * Hot code increments `Counter.count` itself; everything else is computed when a reader asks. docs/metrics.md lists what there is.
 */

export interface Counter {
  /** Written directly by hot code. */
  count: number;
}

export type MetricValue = number | string;

/** Where a metric belongs, from the job down. */
export interface MetricScope {
  readonly job: string;
  /** The slot itself, and not what runs in it. */
  readonly slot?: string;
  readonly task?: string;
  readonly subtask?: number;
  readonly operator?: string;
  /** Groups added by users, in order. */
  readonly groups?: readonly string[];
}

export interface Histogram {
  update(value: number): void;
  quantile(q: number): number;
  readonly count: number;
}

export interface MetricGroup {
  counter(name: string): Counter;
  gauge(name: string, read: () => MetricValue): void;
  histogram(name: string): Histogram;
  /** The growth per second of what `read` returns, a total, over the last minute. */
  meter(name: string, read: () => number): void;
  /** A group inside this one, as Flink's `addGroup`. */
  group(name: string): MetricGroup;
}
