/**
 * What goes wrong in a golden run, and when: by the place where it goes wrong and a count over all attempts and subtasks.
 *
 * In:    a plan. Out: exceptions at the planned strikes, in functions and operators that a pipeline under test passes through.
 * State: how often each place was passed. One object per job, shared by its attempts, so that a fault does not strike for ever.
 */
import type { DataStream, Input, Operator, RuntimeContext } from "../../core/index.ts";
import { value } from "../../core/index.ts";
import type { Collector } from "../../core/index.ts";

/**
 * `record`: a function throws at a record. `snapshot`: an operator throws in its snapshot. `state`: a state value cannot be encoded. `recovery`: `open`
 * throws in a later attempt. `commit-before`, `commit-after`: the committer throws without having applied, or having applied, what it was given.
 * `write`, `write-unknown`, `read`, `delete`: the storage fails; `write-unknown` after it has written. `enumerator`: the split enumerator throws when it
 * is asked for its state.
 */
export type FaultSite =
  | "record"
  | "snapshot"
  | "state"
  | "recovery"
  | "commit-before"
  | "commit-after"
  | "write"
  | "write-unknown"
  | "read"
  | "delete"
  | "enumerator";

export const FAULT_SITES: readonly FaultSite[] = [
  "record",
  "snapshot",
  "state",
  "recovery",
  "commit-before",
  "commit-after",
  "write",
  "write-unknown",
  "read",
  "delete",
  "enumerator",
];

/** At which passings of a place it strikes, counted from 1. */
export type FaultPlan = Partial<Readonly<Record<FaultSite, readonly number[]>>>;

export class Faults {
  /** By place, for tests that want to know whether anything happened. */
  readonly struck: Map<FaultSite, number> = new Map<FaultSite, number>();
  readonly #plan: FaultPlan;
  readonly #passed = new Map<FaultSite, number>();

  constructor(plan: FaultPlan) {
    this.#plan = plan;
  }

  /** True if this passing is planned to go wrong. */
  strike(site: FaultSite): boolean {
    const passed = (this.#passed.get(site) ?? 0) + 1;
    this.#passed.set(site, passed);
    if (this.#plan[site]?.includes(passed) !== true) return false;
    this.struck.set(site, (this.struck.get(site) ?? 0) + 1);
    return true;
  }

  throwAt(site: FaultSite): void {
    if (this.strike(site)) throw new Error(`failing on purpose: ${site}`);
  }

  /** The stream, through operators in which records, snapshots, state and recovery can fail. */
  through<T>(stream: DataStream<T>, name: string): DataStream<T> {
    const mapped = stream
      .map<T>({
        open: (ctx: RuntimeContext) => {
          if (ctx.task.attempt > 0) this.throwAt("recovery");
        },
        map: (record: T) => {
          this.throwAt("record");
          return record;
        },
      })
      .name(`fault in map ${name}`);
    return mapped
      .transform<T>(`fault in snapshot ${name}`, (services) => snapshotFault<T>(this, services.output))
      .uid(`fault-${name}`);
  }

  /** The stream, through a keyed function whose state cannot be encoded once. */
  throughState<T>(stream: DataStream<T>, name: string, keyOf: (record: T) => string): DataStream<T> {
    return stream
      .keyBy(keyOf)
      .process({
        state: { poison: value<unknown>() },
        processElement: (record: T, ctx, out: Collector<T>) => {
          if (this.strike("state")) ctx.state.poison.update(() => "a function is no state");
          out.collect(record);
        },
      })
      .name(`fault in state ${name}`)
      .uid(`state-fault-${name}`);
  }
}

function snapshotFault<T>(faults: Faults, output: Input<T>): Operator {
  const input: Input<T> = {
    processRecord: (record, timestampMs) => output.processRecord(record, timestampMs),
    processWatermark: (watermarkMs) => output.processWatermark(watermarkMs),
    processIdle: (idle) => output.processIdle(idle),
  };
  return { inputs: [input], snapshot: () => faults.throwAt("snapshot") };
}
