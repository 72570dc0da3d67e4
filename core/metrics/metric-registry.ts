/**
 * All metrics of a process: where they are registered, read and taken away again.
 *
 * In:    metrics that the job master, tasks, operators and user functions register through a group. Out: a snapshot for whoever asks (client, progress
 *        line, reporters).
 * State: one entry per metric, kept until the lease under which it was registered is closed; values live with those who count.
 */
import { MetricEntries } from "./metric-entries.ts";
import type { ReadableMetricGroup } from "./metric-entries.ts";
import type { ElapsedClock } from "./meter.ts";
import type { MetricGroup, MetricScope, MetricValue } from "./registry.ts";

export interface MetricReading {
  readonly scope: MetricScope;
  readonly name: string;
  readonly value: MetricValue;
  /** The full name as Flink's reporters give it: host, process, job, task or operator, subtask, groups, name. */
  readonly identifier: string;
}

export interface MetricRegistryOptions {
  readonly clock: ElapsedClock;
  /** Default: `localhost`. */
  readonly host?: string;
  /** Default: `local`. */
  readonly taskManagerId?: string;
}

/** The metrics of one attempt of a task, or of one job: they appear together and go together. */
export interface MetricLease {
  /** The group of the scope itself. */
  readonly metrics: MetricGroup;
  /** The group of one operator of the task. `id`: which one, where several have the same name. */
  operator(name: string, id?: string): ReadableMetricGroup;
  /** Lets meters see where their totals stand; whoever counts calls it now and then, so that rates are those of the last minute whenever they are read. */
  sample(nowMs: number): void;
  /** Takes away everything that was registered through this lease, and nothing of a later attempt in the same scope. */
  close(): void;
}

export class MetricRegistry {
  readonly #clock: ElapsedClock;
  readonly #host: string;
  readonly #taskManagerId: string;
  readonly #leases = new Set<MetricEntries>();
  /** By thread. */
  readonly #mirrored = new Map<string, readonly MetricReading[]>();

  constructor(options: MetricRegistryOptions) {
    this.#clock = options.clock;
    this.#host = options.host ?? "localhost";
    this.#taskManagerId = options.taskManagerId ?? "local";
  }

  open(scope: MetricScope): MetricLease {
    const entries = new MetricEntries(this.#clock);
    this.#leases.add(entries);
    return {
      metrics: entries.groupOf(scope),
      operator: (name, id) => entries.groupOf({ ...scope, operator: name }, id ?? name),
      sample: (nowMs) => entries.sample(nowMs),
      close: () => this.#leases.delete(entries),
    };
  }

  /** What another thread of the same process said last of its own metrics. */
  mirror(thread: string, readings: readonly MetricReading[]): void {
    this.#mirrored.set(thread, readings);
  }

  /** Drops, of what other threads have said so far, what nobody counts on any more. */
  forgetMirrored(isPast: (reading: MetricReading) => boolean): void {
    for (const [thread, readings] of this.#mirrored) {
      const left = readings.filter((reading) => !isPast(reading));
      if (left.length === 0) this.#mirrored.delete(thread);
      else this.#mirrored.set(thread, left);
    }
  }

  /** The values of now, and those that other threads told last, in the order of registration. A gauge that throws is shown with its error: reading metrics never fails a job. */
  snapshot(): readonly MetricReading[] {
    const own = [...this.#leases].flatMap((entries) =>
      [...entries.values()].map(({ scope, name, value }) => ({
        scope,
        name,
        value,
        identifier: this.#identifier(scope, name),
      })),
    );
    return [...own, ...[...this.#mirrored.values()].flat()];
  }

  #identifier(scope: MetricScope, name: string): string {
    const within = [...(scope.groups ?? []), name];
    const { job, slot, subtask = 0 } = scope;
    if (slot !== undefined) return [this.#host, "taskmanager", slot, job, ...within].join(".");
    if (scope.task === undefined && scope.operator === undefined)
      return [this.#host, "jobmanager", job, ...within].join(".");
    return [this.#host, "taskmanager", this.#taskManagerId, job, scope.operator ?? scope.task, subtask, ...within].join(
      ".",
    );
  }
}
