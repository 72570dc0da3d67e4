/**
 * `simulate`: one run of a user's job on a simulated deployment, in virtual time, while the things go wrong that a test asks for.
 *
 * In:    a job, records for its sources, a seed, faults, invariants. Out: what its sinks committed and what happened; or an error with all it takes to see it again.
 * State: that of one run. While it goes on, the globals of the process are stand-ins, for the code of the job only.
 */
import { asError, MillraceError } from "../../core/util/errors.ts";
import { brokenPromise } from "./user-jobs/broken-promise.ts";
import { planOf } from "./user-jobs/fault-options.ts";
import type { OutsideWorld } from "./outside-world.ts";
import type { PlanOptions } from "./user-jobs/fault-options.ts";
import type { Inputs } from "./user-jobs/inputs.ts";
import { complaintIn, requireKnown, requireRealTimers } from "./user-jobs/given.ts";
import { play } from "./user-jobs/play.ts";
import type { Broken } from "./user-jobs/play.ts";
import { planOfReplay } from "./user-jobs/replay.ts";
import type { SimulatedRun } from "./user-jobs/simulated-run.ts";
import { UserJob } from "./user-jobs/user-job.ts";
import type { SimulatedJob } from "./user-jobs/user-job.ts";
import { keepUserWorlds } from "./user-code/user-world.ts";

/** What must be true of a run: it throws, or says in a sentence what is wrong, if it is not. */
export type Invariant = (run: SimulatedRun) => void | string | undefined | Promise<void | string | undefined>;

export interface SimulateOptions extends PlanOptions {
  /** By the names of sources, what they read. Sources that are not named are simulated as they are. */
  readonly inputs?: Inputs;
  /** Names of sinks that are not replaced by recording ones: how a sink of one's own is tested. Default: none. */
  readonly keepSinks?: readonly string[];
  /** Worlds that the job reaches and that live in the run, such as a `SimulatedKafka`. Default: none. */
  readonly outside?: readonly OutsideWorld[];
  /** By name, checked when the run is over. */
  readonly invariants?: Readonly<Record<string, Invariant>>;
  /** Called for each record of each recording sink, in the order in which they were committed, when the run is over. Complains as an invariant does. */
  readonly whenCommitted?: (record: unknown, before: CommittedBefore) => void | string | undefined;
  /** Arguments of the job, for `defineJob`. Default: none. */
  readonly args?: readonly string[];
  /** What a failure printed: that run again. Seed, faults, parallelism and rescaling come from it. */
  readonly replay?: string;
}

const OPTION_NAMES: readonly (keyof SimulateOptions)[] = [
  "inputs",
  "keepSinks",
  "outside",
  "invariants",
  "whenCommitted",
  "args",
  "replay",
  "seed",
  "faults",
  "parallelism",
  "rescale",
  "checkpointInterval",
  "drainAfter",
  "plan",
];

/** Where a record was committed. */
export interface CommittedBefore {
  readonly sink: string;
  /** What that sink had committed before, in order. */
  readonly soFar: readonly unknown[];
}

/**
 * Runs a job in a simulated deployment: masters, slots, network and storage in one process, in virtual time, all that is left to chance decided by a seed.
 *
 * Shape:  a promise of the `SimulatedRun`, once the job has come to its end and all invariants hold. Same options, same run, to the last event.
 * Time:   virtual: minutes of the job take milliseconds. In its code, `Date` and timers see the clock of their process, and `Math.random` the seed.
 * State:  the job builds its graph in each simulated process, as in a cluster; what its module keeps outside of that, they share.
 * Errors: `MR8001` the job reached out of the simulation; `MR8002` an invariant does not hold, or the job gave up; `MR8003` options that make no sense.
 * Source: deterministic simulation as in FoundationDB and TigerBeetle; for the deployment, Flink's `MiniClusterWithClientResource`.
 *
 * @example
 * import { strict as assert } from "node:assert";
 * const job = defineJob("visits", (environment) => {
 *   const visits = environment.fromSource(clickSource, WatermarkStrategy.noWatermarks<Click>(), "visits");
 *   visits.keyBy((click) => click.user).process({
 *     state: { seen: value({ default: 0 }) },
 *     processElement(click, ctx, out: Collector<string>) {
 *       ctx.state.seen.update(ctx.state.seen.value() + 1);
 *       out.collect(`${click.user} ${ctx.state.seen.value()}`);
 *     },
 *   }).print().name("counts");
 * });
 * const run = await simulate(job, {
 *   inputs: { visits: [{ user: "ada" }, { user: "bob" }, { user: "ada" }] },
 *   faults: "some",
 *   rescale: [2],
 *   invariants: { "each visit counts once": (ended) => assert.equal(ended.output("counts").length, 3) },
 * });
 * assert.deepEqual(run.output<string>("counts").toSorted(), ["ada 1", "ada 2", "bob 1"]);
 */
export async function simulate(job: SimulatedJob, options: SimulateOptions = {}): Promise<SimulatedRun> {
  const { inputs = {}, keepSinks = [], outside = [], args = [], replay, checkpointInterval } = options;
  requireRealTimers();
  requireKnown(options, "the options of simulate", OPTION_NAMES);
  const release = keepUserWorlds();
  try {
    const planSetsInterval = checkpointInterval !== undefined || options.plan?.checkpointMs !== undefined;
    const subject = new UserJob(job, { inputs, keepSinks, outside, args, planSetsInterval });
    const plan = replay === undefined ? planOf(options, subject) : planOfReplay(replay);
    const { run, broken, warnings } = await play(subject, plan, { outside });
    const failed = broken ?? brokenCommit(run, options) ?? (await brokenInvariant(run, options));
    if (failed === undefined) return run;
    throw brokenPromise({ ...failed, run, warnings, call: "simulate(job, " });
  } finally {
    release();
  }
}

interface Complaint extends Broken {
  readonly cause?: unknown;
}

function brokenCommit(run: SimulatedRun, { whenCommitted }: SimulateOptions): Complaint | undefined {
  if (whenCommitted === undefined) return undefined;
  for (const sink of run.sinks) {
    const soFar: unknown[] = [];
    for (const record of run.output(sink)) {
      const complaint = complaintOf("`whenCommitted`", () => whenCommitted(record, { sink, soFar }));
      if (complaint !== undefined)
        return {
          ...complaint,
          promise: "whenCommitted",
          what: `record ${soFar.length + 1} of "${sink}": ${complaint.what}`,
        };
      soFar.push(record);
    }
  }
  return undefined;
}

async function brokenInvariant(
  run: SimulatedRun,
  { invariants = {} }: SimulateOptions,
): Promise<Complaint | undefined> {
  for (const [promise, invariant] of Object.entries(invariants)) {
    if (typeof invariant !== "function")
      throw new MillraceError("MR8003", `the invariant "${promise}" is not a function of the run`);
    let returned: unknown;
    try {
      returned = await invariant(run);
    } catch (error) {
      return { promise, what: asError(error).message, cause: error };
    }
    const what = complaintIn(returned, `the invariant "${promise}"`);
    if (what !== undefined) return { promise, what };
  }
  return undefined;
}

function complaintOf(name: string, check: () => unknown): Omit<Complaint, "promise"> | undefined {
  let returned: unknown;
  try {
    returned = check();
  } catch (error) {
    return { what: asError(error).message, cause: error };
  }
  const what = complaintIn(returned, name);
  return what === undefined ? undefined : { what };
}
