/**
 * What goes wrong in a golden run, and when: by the place where it goes wrong and a count over all attempts and subtasks.
 *
 * In:    a plan. Out: whether a passing of a place goes wrong. State: how often each place was passed. One object per job, shared by its attempts, so
 *        that a fault does not strike for ever.
 */
import type { DataStream } from "../../core/index.ts";
import { JOB_FAULTS, throughFaults, throughStateFaults } from "../sim/fault-sites.ts";
import type { JobFault, JobFaults } from "../sim/fault-sites.ts";

/** In the job, or: `write`, `write-unknown`, `read`, `delete`: the storage fails; `write-unknown` after it has written. */
export type FaultSite = JobFault | "write" | "write-unknown" | "read" | "delete";

export const FAULT_SITES: readonly FaultSite[] = [...JOB_FAULTS, "write", "write-unknown", "read", "delete"];

/** At which passings of a place it strikes, counted from 1. */
export type FaultPlan = Partial<Readonly<Record<FaultSite, readonly number[]>>>;

export class Faults implements JobFaults {
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

  /** The stream, through operators in which records, snapshots and recovery can fail. */
  through<T>(stream: DataStream<T>, name: string): DataStream<T> {
    return throughFaults(this, stream, name);
  }

  /** The stream, through a keyed function whose state cannot be encoded once. */
  throughState<T>(stream: DataStream<T>, name: string, keyOf: (record: T) => string): DataStream<T> {
    return throughStateFaults(this, stream, name, keyOf);
  }
}
