/**
 * `numRecordsIn` and `numRecordsOut` of the operators of a task, computed when read.
 *
 * Within a chain records are handed on by calls that V8 fuses; a count per call costs a bare chain a fifth of its speed. So nothing is counted here:
 * numbers are taken from where somebody counts anyway (the task's input, channels, sources, sinks), and carried on through operators that emit one
 * record for each. What passes between two others of one chain, such as a filter and a flatMap, is known only with `metrics.operator-records`.
 */
import type { JobOperator, JobVertex } from "../graph/job-graph-types.ts";
import type { MetricLease } from "../metrics/metric-registry.ts";
import type { ReadableMetricGroup } from "../metrics/metric-entries.ts";
import type { Counter } from "../metrics/registry.ts";
import type { TaskChannels } from "./deployment.ts";
import { tagsOf } from "./output-counts.ts";
import type { OutputCounts } from "./output-counts.ts";

export interface RecordMetricsParts {
  readonly vertex: JobVertex;
  readonly lease: MetricLease;
  readonly channels: Pick<TaskChannels, "recordsSent">;
  /** Of the task. */
  readonly recordsIn: Counter;
  readonly counts: OutputCounts | undefined;
}

type Count = () => number;

/** Modules whose operators emit exactly one record for each. */
const ONE_FOR_ONE: ReadonlySet<string> = new Set(["map", "reduce", "timestamps"]);

export function registerRecords(parts: RecordMetricsParts): void {
  const records = new ChainRecords(parts);
  for (const [index, { name, id }] of parts.vertex.operators.entries()) {
    const group = parts.lease.operator(name, id);
    register(group, "numRecordsIn", records.receivedBy(index));
    register(group, "numRecordsOut", records.emittedBy(index));
  }
}

/** Sources count what they read themselves; and what a user has called so stays the user's. */
function register(group: ReadableMetricGroup, name: string, count: Count | undefined): void {
  if (count === undefined || group.read(name) !== undefined) return;
  group.gauge(name, count); // tidy: metrics, the caller names it
  const rate = `${name}PerSecond`;
  if (group.read(rate) === undefined) group.meter(rate, count); // tidy: metrics, as above
}

/** What is known of the records in one chain, by the index of an operator. */
class ChainRecords {
  readonly #parts: RecordMetricsParts;

  constructor(parts: RecordMetricsParts) {
    this.#parts = parts;
  }

  receivedBy(index: number): Count | undefined {
    const { vertex, recordsIn } = this.#parts;
    if (index === 0) return vertex.inputs.length === 0 ? undefined : () => recordsIn.count;
    const from = vertex.operators.findIndex(({ outputs }) => outputs.some((output) => leadsTo(output, index)));
    const output = vertex.operators[from]?.outputs.find((candidate) => leadsTo(candidate, index));
    return output && this.#passed(from, output.sideOutput);
  }

  /** Over all outputs that somebody reads. */
  emittedBy(index: number): Count | undefined {
    const counts = tagsOf(this.#outputs(index)).map((tag) => this.#passed(index, tag));
    const known = counts.filter((count) => count !== undefined);
    if (counts.length === 0 || known.length < counts.length) return undefined;
    return () => known.reduce((sum, count) => sum + count(), 0);
  }

  /** Through one output of an operator; all that read it get the same. */
  #passed(index: number, tag: string | undefined): Count | undefined {
    const counter = this.#parts.counts?.of(index, tag);
    if (counter !== undefined) return () => counter.count;
    return this.#seenBelow(index, tag) ?? this.#knownAbove(index, tag);
  }

  #seenBelow(index: number, tag: string | undefined): Count | undefined {
    for (const output of this.#outputs(index)) {
      if (output.sideOutput !== tag) continue;
      if (output.kind === "edge") return () => this.#parts.channels.recordsSent(output.edge);
      const reader = this.#parts.vertex.operators[output.operator];
      if (reader?.spec.module === "sink") return this.#counted(reader, "numRecordsSend");
      const below = ONE_FOR_ONE.has(reader?.spec.module ?? "")
        ? this.#seenBelow(output.operator, undefined)
        : undefined;
      if (below !== undefined) return below;
    }
    return undefined;
  }

  #knownAbove(index: number, tag: string | undefined): Count | undefined {
    const operator = this.#parts.vertex.operators[index];
    if (operator === undefined || tag !== undefined) return undefined;
    if (operator.spec.module === "source") return this.#counted(operator, "numRecordsIn");
    return ONE_FOR_ONE.has(operator.spec.module) ? this.receivedBy(index) : undefined;
  }

  #counted({ name, id }: JobOperator, metric: string): Count {
    const counter = this.#parts.lease.operator(name, id).counter(metric); // tidy: metrics, it exists already
    return () => counter.count;
  }

  #outputs(index: number): JobOperator["outputs"] {
    return this.#parts.vertex.operators[index]?.outputs ?? [];
  }
}

function leadsTo(output: JobOperator["outputs"][number], index: number): boolean {
  return output.kind === "chained" && output.operator === index;
}
