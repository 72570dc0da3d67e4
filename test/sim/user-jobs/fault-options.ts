/**
 * How a test says what goes wrong: a word, or details; and the plan that it stands for.
 *
 * In:    options, a seed, how many records there are. Out: a plan. Nothing is kept; the same options give the same plan.
 */
import { OPTIONS } from "../../../core/util/config.ts";
import { toMs } from "../../../core/util/duration.ts";
import type { Duration } from "../../../core/util/duration.ts";
import { MillraceError } from "../../../core/util/errors.ts";
import { SeededRandom } from "../../../core/util/random.ts";
import { KINDS, RATES, SITES } from "../fault-rates.ts";
import { CALM } from "../plan.ts";
import type { Disaster, DisasterKind, FaultRates, FaultSite, Leg, SimPlan } from "../plan.ts";
import { requireKnown, requireWhole } from "./given.ts";
import type { UserJob } from "./user-job.ts";

/** What goes wrong, in detail. Left out: nothing of that sort. */
export interface FaultDetails {
  /** How often each fault strikes where it can, in times per thousand. */
  readonly rates?: FaultRates;
  /** What happens to processes and connections, and when. */
  readonly disasters?: readonly Disaster[];
}

/** `"some"`: one or two disasters, and faults in two places; `"many"`: about five of each. The seed chooses them. */
export type Faults = "none" | "some" | "many" | FaultDetails;

export interface PlanOptions {
  /** Default: 1. */
  readonly seed?: number;
  /** Default: `"none"`. */
  readonly faults?: Faults;
  /** Default: what the job sets, else 1. */
  readonly parallelism?: number;
  /** Stops the job with a savepoint and resumes it with another parallelism, one time for each. Default: it is not stopped. */
  readonly rescale?: readonly number[];
  /** Default: what the job sets, else a second. */
  readonly checkpointInterval?: Duration;
  /** Drains the job once it has read so many records: how a job whose sources never end comes to its end. Default: 1,000, where a source is unbounded. */
  readonly drainAfter?: number;
  /** Details of the deployment, such as latencies and drifting clocks; they win. */
  readonly plan?: Partial<SimPlan>;
}

const DISASTER_KINDS: readonly DisasterKind[] = [...new Set([...KINDS, "damage" as const])];
const AMOUNTS = { none: 0, some: 2, many: 5 } as const;
/** When disasters strike: most jobs last about so long, as the plan lets them read. */
const SPAN_MS = 4_000;
const RECORDS = 40;
const DRAIN_AFTER = 1_000;
/** So many are read in ten seconds, as a calm plan is. */
const CALM_RECORDS = 1_000;
const DURATIONS_MS = [300, 2_000, 7_000];

/** Throw somewhere in a job that nobody can add to a user's. */
const NOT_IN_USER_JOBS: ReadonlySet<FaultSite> = new Set<FaultSite>(["state"]);

/** Faults that a user's job can meet. */
export const USER_SITES: readonly FaultSite[] = SITES.filter((site) => !NOT_IN_USER_JOBS.has(site));

export function planOf(options: PlanOptions, job: UserJob): SimPlan {
  const { seed = 1, faults = "none", checkpointInterval } = options;
  requireWhole(seed, "seed", 0);
  if (options.plan !== undefined) requireKnown(options.plan, "the properties of `plan`", Object.keys(CALM));
  const given = isDetailed(faults) ? sound(faults) : drawn(faults, seed);
  const plan: SimPlan = {
    ...calmPlan(job),
    seed,
    legs: legsOf(options, job),
    checkpointMs:
      checkpointInterval === undefined
        ? job.config.get(OPTIONS.checkpointInterval) || CALM.checkpointMs
        : toMs(checkpointInterval, "checkpointInterval"),
    tolerable: 1_000,
    rates: given.rates ?? {},
    disasters: given.disasters ?? [],
    ...(faults === "none" ? {} : { ...paced(job.records ?? RECORDS), spareSlots: 1 }),
    asyncSink: faults === "many",
    drift: faults === "many" ? 20 : 0,
  };
  return { ...plan, ...options.plan };
}

/** A calm run: however many records there are, reading them takes some ten seconds at most, so that it ends in time. */
export function calmPlan({ records = 0 }: Pick<UserJob, "records">): SimPlan {
  return records <= CALM_RECORDS
    ? CALM
    : { ...CALM, pauseMs: Math.max(1, Math.round((CALM.pauseMs * CALM_RECORDS) / records)) };
}

/** Reading takes a few seconds, so that faults find something to strike. */
function paced(records: number): Pick<SimPlan, "burst" | "pauseMs"> {
  // Two records at a time, and half of the times a pause of half the length.
  return { burst: 3, pauseMs: Math.min(3_000, Math.max(1, Math.round((8 * SPAN_MS) / Math.max(records, 1)))) };
}

function legsOf({ parallelism, rescale = [], drainAfter }: PlanOptions, job: UserJob): readonly Leg[] {
  if (!Array.isArray(rescale)) throw new MillraceError("MR8003", "`rescale` is an array of parallelisms");
  const parallelisms = [parallelism ?? job.config.get(OPTIONS.parallelism), ...rescale];
  for (const each of parallelisms) requireWhole(each, "a parallelism", 1);
  const after = drainAfter ?? (job.unbounded.length > 0 ? DRAIN_AFTER : undefined);
  const share = (after ?? job.records ?? RECORDS) / parallelisms.length;
  return parallelisms.map((each, index): Leg => {
    if (index < parallelisms.length - 1)
      return { parallelism: each, stop: { how: "suspend", after: Math.floor(share) } };
    return after === undefined ? { parallelism: each } : { parallelism: each, stop: { how: "drain", after } };
  });
}

function isDetailed(faults: Faults): faults is FaultDetails {
  return typeof faults === "object" && faults !== null;
}

function sound(faults: FaultDetails): FaultDetails {
  requireKnown(faults, "`faults`", ["rates", "disasters"]);
  requireKnown(faults.rates ?? {}, "the `rates` of `faults`", USER_SITES);
  for (const { kind } of faults.disasters ?? []) requireKnown({ [kind]: 1 }, "the `disasters`", DISASTER_KINDS);
  return faults;
}

function drawn(amount: keyof typeof AMOUNTS, seed: number): Required<FaultDetails> {
  const count = (AMOUNTS as Readonly<Record<string, number | undefined>>)[amount]; // a caller without types may say anything
  if (count === undefined) {
    throw new MillraceError(
      "MR8003",
      `\`faults\` is "none", "some", "many" or an object with rates and disasters, not ${String(amount)}`,
    );
  }
  const random = new SeededRandom(seed ^ 0x5eed);
  const below = (end: number): number => Math.floor(random.next() * end);
  const disasters = Array.from({ length: count === 0 ? 0 : count - below(2) }, (): Disaster => ({
    kind: KINDS[below(KINDS.length)] ?? "crash-slot",
    atMs: below(SPAN_MS),
    who: below(1_000),
    durationMs: DURATIONS_MS[below(DURATIONS_MS.length)] ?? 300,
  }));
  const sites = Array.from({ length: count }, () => USER_SITES[below(USER_SITES.length)] ?? "record");
  return { rates: Object.fromEntries(sites.map((site) => [site, RATES[site]])), disasters };
}
