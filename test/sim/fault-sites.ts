/**
 * Where something can go wrong inside a job: in its functions, its sinks, its split enumerators. And the operators in which it does.
 *
 * In:    somebody who decides at each passing of a place whether it goes wrong now. Out: exceptions, in functions and operators that a stream passes through.
 */
import type { DataStream, Input, Operator, RuntimeContext } from "../../core/index.ts";
import { value } from "../../core/index.ts";
import type { Collector } from "../../core/index.ts";

/**
 * `record`: a function throws at a record. `snapshot`: an operator throws in its snapshot. `state`: a state value cannot be encoded. `recovery`: `open`
 * throws in a later attempt. `commit-before`, `commit-after`: the committer throws without having applied, or having applied, what it was given, so that
 * nobody knows. `enumerator`: the split enumerator throws when it is asked for its state.
 */
export type JobFault = "record" | "snapshot" | "state" | "recovery" | "commit-before" | "commit-after" | "enumerator";

export const JOB_FAULTS: readonly JobFault[] = [
  "record",
  "snapshot",
  "state",
  "recovery",
  "commit-before",
  "commit-after",
  "enumerator",
];

/** Decides. Asked at each passing of a place. */
export interface JobFaults {
  /** True: this passing goes wrong. */
  strike(site: JobFault): boolean;
}

export function throwAt(faults: JobFaults, site: JobFault): void {
  if (faults.strike(site)) throw new Error(`failing on purpose: ${site}`);
}

/** The stream, through operators in which records, snapshots and recovery can fail. */
export function throughFaults<T>(faults: JobFaults, stream: DataStream<T>, name: string): DataStream<T> {
  const mapped = stream
    .map<T>({
      open: (ctx: RuntimeContext) => {
        if (ctx.task.attempt > 0) throwAt(faults, "recovery");
      },
      map: (record: T) => {
        throwAt(faults, "record");
        return record;
      },
    })
    .name(`fault in map ${name}`);
  return mapped
    .transform<T>(`fault in snapshot ${name}`, (services) => snapshotFault<T>(faults, services.output))
    .uid(`fault-${name}`);
}

/** The stream, through a keyed function whose state cannot be encoded where a fault strikes. */
export function throughStateFaults<T>(
  faults: JobFaults,
  stream: DataStream<T>,
  name: string,
  keyOf: (record: T) => string,
): DataStream<T> {
  return stream
    .keyBy(keyOf)
    .process({
      state: { poison: value<unknown>() },
      processElement: (record: T, ctx, out: Collector<T>) => {
        if (faults.strike("state")) ctx.state.poison.update(() => "a function is no state");
        out.collect(record);
      },
    })
    .name(`fault in state ${name}`)
    .uid(`state-fault-${name}`);
}

function snapshotFault<T>(faults: JobFaults, output: Input<T>): Operator {
  const input: Input<T> = {
    processRecord: (record, timestampMs) => output.processRecord(record, timestampMs),
    processWatermark: (watermarkMs) => output.processWatermark(watermarkMs),
    processIdle: (idle) => output.processIdle(idle),
  };
  return { inputs: [input], snapshot: () => throwAt(faults, "snapshot") };
}
