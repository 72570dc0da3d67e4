/**
 * The metrics that were registered under one lease, and the groups through which that happens.
 *
 * In:    registrations, by scope and name. Out: name and value of each, computed when read.
 * State: one entry per metric. Asking again for a counter or histogram of the same name gives the same one; a gauge replaces its predecessor.
 */
import { asError, MillraceError } from "../util/errors.ts";
import { LogHistogram } from "./log-histogram.ts";
import { meterOf } from "./meter.ts";
import type { ElapsedClock } from "./meter.ts";
import type { Counter, Histogram, MetricGroup, MetricScope, MetricValue } from "./registry.ts";

type Entry = { readonly scope: MetricScope; readonly name: string } & (
  | { readonly kind: "counter"; readonly counter: Counter; readonly perSecond: (() => number) | undefined }
  | { readonly kind: "gauge"; readonly read: () => MetricValue }
  | { readonly kind: "histogram"; readonly histogram: LogHistogram }
);

type EntryOf<K extends Entry["kind"]> = Extract<Entry, { readonly kind: K }>;

export interface NamedValue {
  readonly scope: MetricScope;
  readonly name: string;
  readonly value: MetricValue;
}

/** Counters to which Flink adds a meter, `<name>PerSecond`. */
const METERED = /^num(?:Records|Bytes)(?:In|Out|Send)$/;

const QUANTILES: readonly (readonly [suffix: string, q: number])[] = [
  ["median", 0.5],
  ["p75", 0.75],
  ["p95", 0.95],
  ["p99", 0.99],
  ["p999", 0.999],
];

export class MetricEntries {
  readonly #clock: ElapsedClock;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: ElapsedClock) {
    this.#clock = clock;
  }

  groupOf(scope: MetricScope): MetricGroup {
    return {
      counter: (name) => this.#counter(scope, name),
      gauge: (name, read) => {
        this.#find("gauge", scope, name);
        this.#entries.set(keyOf(scope, name), { kind: "gauge", scope, name, read });
      },
      histogram: (name) => this.#histogram(scope, name),
      group: (name) => this.groupOf({ ...scope, groups: [...(scope.groups ?? []), name] }),
    };
  }

  *read(): IterableIterator<NamedValue> {
    for (const entry of this.#entries.values()) {
      const { scope, name } = entry;
      if (entry.kind === "counter") {
        yield { scope, name, value: entry.counter.count };
        if (entry.perSecond !== undefined) yield { scope, name: `${name}PerSecond`, value: entry.perSecond() };
      } else if (entry.kind === "gauge") {
        yield { scope, name, value: valueOf(entry.read) };
      } else {
        yield* histogramValues(scope, name, entry.histogram);
      }
    }
  }

  #counter(scope: MetricScope, name: string): Counter {
    const existing = this.#find("counter", scope, name);
    if (existing !== undefined) return existing.counter;
    const counter: Counter = { count: 0 };
    const perSecond = METERED.test(name) ? meterOf(counter, this.#clock) : undefined;
    this.#entries.set(keyOf(scope, name), { kind: "counter", scope, name, counter, perSecond });
    return counter;
  }

  #histogram(scope: MetricScope, name: string): Histogram {
    const existing = this.#find("histogram", scope, name);
    if (existing !== undefined) return existing.histogram;
    const histogram = new LogHistogram();
    this.#entries.set(keyOf(scope, name), { kind: "histogram", scope, name, histogram });
    return histogram;
  }

  #find<K extends Entry["kind"]>(kind: K, scope: MetricScope, name: string): EntryOf<K> | undefined {
    const existing = this.#entries.get(keyOf(scope, name));
    if (existing === undefined || existing.kind === kind) return existing as EntryOf<K> | undefined; // its kind was just compared
    throw new MillraceError(
      "MR3090",
      `"${name}" is already a ${existing.kind} in this group: give the ${kind} another name`,
      {
        retryable: false,
      },
    );
  }
}

function keyOf(scope: MetricScope, name: string): string {
  return JSON.stringify([scope.operator, scope.groups, name]);
}

/** User code may be behind a gauge. */
function valueOf(read: () => MetricValue): MetricValue {
  try {
    return read();
  } catch (thrown) {
    return `error: ${asError(thrown).message}`;
  }
}

function* histogramValues(scope: MetricScope, name: string, histogram: LogHistogram): IterableIterator<NamedValue> {
  yield { scope, name: `${name}_count`, value: histogram.count };
  yield { scope, name: `${name}_min`, value: histogram.min };
  yield { scope, name: `${name}_max`, value: histogram.max };
  yield { scope, name: `${name}_mean`, value: histogram.mean };
  for (const [suffix, q] of QUANTILES) yield { scope, name: `${name}_${suffix}`, value: histogram.quantile(q) };
}
