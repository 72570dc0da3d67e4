/**
 * The plan of a simulated run: the deployment, how its job is stopped and resumed, and what goes wrong. Plain data, so that a replay file can hold it.
 *
 * A rate of zero, or left out, switches a fault off: runs with a few kinds of faults each find more than runs with all of them (swarm testing).
 */
import type { ElectionFault } from "./election.ts";
import type { JobFault } from "./fault-sites.ts";
import type { StorageFault } from "./disk.ts";

/** A fault that strikes where something is about to happen, by the dice. */
export type FaultSite = JobFault | StorageFault | ElectionFault;

/** Times per thousand passings of a place. */
export type FaultRates = Partial<Readonly<Record<FaultSite, number>>>;

/** What happens to processes and connections, each kind in a file of `faults/`. */
export type DisasterKind =
  | "crash-slot"
  | "crash-master"
  | "crash-all"
  | "pause-slot"
  | "pause-master"
  | "part-slot"
  | "part-master"
  | "break-connection"
  | "damage";

export interface Disaster {
  readonly kind: DisasterKind;
  /** True time since the run began. */
  readonly atMs: number;
  /** Chooses among those whom it can strike. */
  readonly who: number;
  /** For those that last. */
  readonly durationMs: number;
}

/**
 * How a leg stops: `suspend` and `drain` by a savepoint that stops the job; `savepoint`: a savepoint is taken, the job goes on for a while and dies, and
 * the next leg starts from it, in the outside world as it was then; `crash`: everything dies, and the next leg starts from the newest checkpoint; `cancel`: the job is cancelled, and another
 * one starts from the newest checkpoint that it leaves.
 */
export type StopKind = "suspend" | "drain" | "savepoint" | "crash" | "cancel";

export interface Leg {
  readonly parallelism: number;
  /** Undefined: it runs to its end. `after`: once so many records have been read, counted over all attempts. */
  readonly stop?: { readonly how: StopKind; readonly after: number };
}

export interface SimPlan {
  readonly seed: number;
  readonly legs: readonly Leg[];
  /** Slots beyond those that the job needs. */
  readonly spareSlots: number;
  readonly maxParallelism: number;
  readonly checkpointMs: number;
  readonly concurrent: number;
  readonly minPauseMs: number;
  readonly checkpointTimeoutMs: number;
  readonly tolerable: number;
  /** Completed checkpoints that are kept. Left out: one. */
  readonly retained?: number;
  /** After how long barriers overtake what they wait for, 0: at once. Left out: never. */
  readonly unalignedMs?: number | undefined;
  /** Barriers wait for nobody, and records may count twice. Left out: they do not. */
  readonly atLeastOnce?: boolean;
  /** Records in a channel. */
  readonly capacity: number;
  /** Bytes of what waits in loops and mailboxes that are kept in memory. Left out: as many as usual, so that nothing goes to disk. */
  readonly feedbackBytes?: number | undefined;
  readonly recordsPerStep: number;
  /** Some tasks take so long for a step, at most, so that records wait in their channels. Left out: no time at all. */
  readonly slowMs?: number | undefined;
  /** Records that a reader emits at once, and how long it then has nothing. */
  readonly burst: number;
  readonly pauseMs: number;
  readonly latencyMs: number;
  readonly diskMs: number;
  /** Clocks are this much too fast or slow, at most, per thousand. */
  readonly drift: number;
  readonly chaining: boolean;
  readonly asyncSink: boolean;
  /** Whether streams pass through probes that watch time. */
  readonly probes: boolean;
  /** Whether what is emitted is frozen on its way within a slot. Left out: it is. */
  readonly development?: boolean;
  /** What starts again after a failure; left out: what it does by default. */
  readonly failover?: "region" | "full";
  readonly rates: FaultRates;
  readonly disasters: readonly Disaster[];
  /** From then on nothing goes wrong any more: the job has to come to its end. */
  readonly healedMs: number;
}

/** Nothing goes wrong, and nobody stops anything. */
export const CALM: SimPlan = {
  seed: 1,
  legs: [{ parallelism: 1 }],
  spareSlots: 0,
  maxParallelism: 128,
  checkpointMs: 1_000,
  concurrent: 1,
  minPauseMs: 0,
  checkpointTimeoutMs: 20_000,
  tolerable: 0,
  unalignedMs: undefined,
  capacity: 16,
  recordsPerStep: 10,
  slowMs: undefined,
  burst: 10,
  pauseMs: 200,
  latencyMs: 5,
  diskMs: 20,
  drift: 0,
  chaining: true,
  asyncSink: false,
  probes: false,
  rates: {},
  disasters: [],
  failover: "region",
  healedMs: 60_000,
};

/** Whether anything goes wrong, beside stops. */
export function hasFaults({ rates, disasters }: SimPlan): boolean {
  return disasters.length > 0 || Object.values(rates).some((rate) => rate > 0);
}
