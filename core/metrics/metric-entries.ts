/**
 * The metrics that were registered under one lease, and the groups through which that happens.
 *
 * In:    registrations, by scope and name. Out: name and value of each, computed when read.
 * State: one entry per metric. Asking again for a counter or histogram of the same name gives the same one; a gauge or meter replaces its predecessor.
 *        Operators of one name keep metrics of their own, by their ids.
 */
import { asError, MillraceError } from "../util/errors.ts";
import { LogHistogram } from "./log-histogram.ts";
import { Meter } from "./meter.ts";
import type { ElapsedClock } from "./meter.ts";
import type { Counter, Histogram, MetricGroup, MetricScope, MetricValue } from "./registry.ts";

type Entry = { readonly scope: MetricScope; readonly name: string } & (
  | { readonly kind: "counter"; readonly counter: Counter }
  | { readonly kind: "gauge"; readonly read: () => MetricValue }
  | { readonly kind: "histogram"; readonly histogram: LogHistogram }
  | { readonly kind: "meter"; readonly meter: Meter }
);

type EntryOf<K extends Entry["kind"]> = Extract<Entry, { readonly kind: K }>;

export interface NamedValue {
  readonly scope: MetricScope;
  readonly name: string;
  readonly value: MetricValue;
}

/** A group that tells what is registered in it: one metric may be derived from another. */
export interface ReadableMetricGroup extends MetricGroup {
  /** The value of a counter, gauge or meter of this group; undefined if there is none of that name. */
  read(name: string): MetricValue | undefined;
}

/** Counters to which Flink adds a meter, `<name>PerSecond`. */
export const METERED: RegExp = /^num(?:Records|Bytes)(?:In|Out|Send)$/;

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

  /** `owner`: whose metrics these are, where several may have the same scope. */
  groupOf(scope: MetricScope, owner: string = scope.operator ?? ""): ReadableMetricGroup {
    const keyOf = (name: string): string => JSON.stringify([owner, scope.groups, name]);
    return {
      counter: (name) => this.#counter(keyOf, scope, name),
      gauge: (name, read) => {
        this.#find("gauge", keyOf(name), name);
        this.#entries.set(keyOf(name), { kind: "gauge", scope, name, read });
      },
      histogram: (name) => this.#histogram(keyOf(name), scope, name),
      meter: (name, read) => {
        this.#find("meter", keyOf(name), name);
        this.#entries.set(keyOf(name), { kind: "meter", scope, name, meter: new Meter(read, this.#clock) });
      },
      group: (name) => this.groupOf({ ...scope, groups: [...(scope.groups ?? []), name] }, owner),
      read: (name) => {
        const entry = this.#entries.get(keyOf(name));
        return entry === undefined ? undefined : [...valuesOf(entry)].find((named) => named.name === name)?.value;
      },
    };
  }

  *values(): IterableIterator<NamedValue> {
    for (const entry of this.#entries.values()) yield* valuesOf(entry);
  }

  /** For meters. One that throws is shown with its error when it is read, and fails nobody here. */
  sample(nowMs: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.kind !== "meter") continue;
      try {
        entry.meter.sample(nowMs);
      } catch {
        // As said.
      }
    }
  }

  #counter(keyOf: (name: string) => string, scope: MetricScope, name: string): Counter {
    const existing = this.#find("counter", keyOf(name), name);
    if (existing !== undefined) return existing.counter;
    const counter: Counter = { count: 0 };
    this.#entries.set(keyOf(name), { kind: "counter", scope, name, counter });
    if (METERED.test(name)) {
      const rate = `${name}PerSecond`;
      this.#entries.set(keyOf(rate), {
        kind: "meter",
        scope,
        name: rate,
        meter: new Meter(() => counter.count, this.#clock),
      });
    }
    return counter;
  }

  #histogram(key: string, scope: MetricScope, name: string): Histogram {
    const existing = this.#find("histogram", key, name);
    if (existing !== undefined) return existing.histogram;
    const histogram = new LogHistogram();
    this.#entries.set(key, { kind: "histogram", scope, name, histogram });
    return histogram;
  }

  #find<K extends Entry["kind"]>(kind: K, key: string, name: string): EntryOf<K> | undefined {
    const existing = this.#entries.get(key);
    if (existing === undefined || existing.kind === kind) return existing as EntryOf<K> | undefined; // its kind was just compared
    throw new MillraceError(
      "MR3090",
      `"${name}" is already a ${existing.kind} in this group: give the ${kind} another name`,
      { retryable: false },
    );
  }
}

function* valuesOf(entry: Entry): IterableIterator<NamedValue> {
  const { scope, name } = entry;
  if (entry.kind === "counter") yield { scope, name, value: entry.counter.count };
  else if (entry.kind === "gauge") yield { scope, name, value: valueOf(entry.read) };
  else if (entry.kind === "meter") yield { scope, name, value: valueOf(() => entry.meter.perSecond()) };
  else yield* histogramValues(scope, name, entry.histogram);
}

/** User code may be behind a gauge or a meter. */
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
