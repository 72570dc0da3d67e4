/** Plans by chance for a user's job, as fast-check arbitraries. */
import fc from "fast-check";
import { plans } from "../generate-plan.ts";
import type { FaultRates, Leg, SimPlan } from "../plan.ts";
import { USER_SITES } from "./fault-options.ts";

/** Generated plans are made for about so many records. */
const RECORDS = 60;

export interface UserPlanOptions {
  /** That the job reads. */
  readonly records: number;
  /** It has sinks whose outside world cannot be set back: it is not started twice from one savepoint. */
  readonly keepsSinks: boolean;
  /** Above which no operator may go. */
  readonly parallelismMax: number;
}

export function userPlans(options: UserPlanOptions): fc.Arbitrary<SimPlan> {
  return fc.tuple(plans, fc.nat()).map(([plan, seed]) => adapted({ ...plan, seed }, options));
}

function adapted(plan: SimPlan, options: UserPlanOptions): SimPlan {
  const share = options.records / RECORDS;
  return {
    ...plan,
    legs: plan.legs.map((leg) => adaptedLeg(leg, share, options)),
    // Key groups are the job's own business.
    maxParallelism: 128,
    probes: false,
    tolerable: 1_000,
    slowMs: plan.slowMs === undefined ? undefined : Math.max(1, Math.round(plan.slowMs / Math.max(1, share))),
    pauseMs: Math.max(1, Math.round(Math.min(plan.pauseMs, 1_000) / Math.max(1, share))),
    rates: Object.fromEntries(
      USER_SITES.map((site) => [site, plan.rates[site] ?? 0]).filter(([, rate]) => rate !== 0),
    ) as FaultRates, // by sites
  };
}

/** All input is to be read: the last leg runs to its end. */
function adaptedLeg({ parallelism, stop }: Leg, share: number, options: UserPlanOptions): Leg {
  const leg = { parallelism: Math.min(parallelism, options.parallelismMax) };
  if (stop === undefined || stop.how === "drain") return leg;
  const how = stop.how === "savepoint" && options.keepsSinks ? "suspend" : stop.how;
  return { ...leg, stop: { how, after: Math.floor(stop.after * share) } };
}
