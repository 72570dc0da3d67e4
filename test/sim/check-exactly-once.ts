/**
 * `checkExactlyOnce`: whatever happens to a user's job, its sinks commit what they commit when nothing happens.
 *
 * In:    a job, its inputs. Out: nothing; or an error that shows the difference, the smallest plan that was found to cause it, and how to have it again.
 * State: that of one search. fast-check makes the plans; it is loaded when this is called, so that the rest does without. A plan that fails is made smaller by cuts of our own,
 *        which need fewer runs.
 */
import { OPTIONS } from "../../core/util/config.ts";
import { MillraceError } from "../../core/util/errors.ts";
import type { OutsideWorld } from "./outside-world.ts";
import { CALM, hasFaults } from "./plan.ts";
import type { SimPlan } from "./plan.ts";
import { keepUserWorlds } from "./user-code/user-world.ts";
import { brokenPromise } from "./user-jobs/broken-promise.ts";
import { differenceOf } from "./user-jobs/differences.ts";
import { calmPlan } from "./user-jobs/fault-options.ts";
import { requireKnown, requireRealTimers, requireWhole } from "./user-jobs/given.ts";
import type { Inputs } from "./user-jobs/inputs.ts";
import { play } from "./user-jobs/play.ts";
import type { Broken, Played } from "./user-jobs/play.ts";
import { planOfReplay } from "./user-jobs/replay.ts";
import { smallest } from "./user-jobs/smaller-plans.ts";
import { UserJob } from "./user-jobs/user-job.ts";
import type { SimulatedJob } from "./user-jobs/user-job.ts";

/** The outside world of a sink that is kept, as the check has to handle it. */
export interface KeptOutside {
  /** Empties it, before each run. */
  clear(): void;
  /** What is visible in it. */
  written(): Iterable<unknown>;
  /** It belongs to one of the worlds in `outside`, which goes back where a run does. Default: it cannot. */
  readonly goesBack?: boolean;
}

export interface ExactlyOnceOptions {
  /** Chooses the plans. Default: 1. */
  readonly seed?: number;
  /** Runs at most. Default: 50. */
  readonly runs?: number;
  /** Real time after which no run begins, in ms. Default: 2,500. */
  readonly timeMs?: number;
  /** Real time that the search for a smaller plan than the one that failed may take, in ms. Default: 1,250. */
  readonly shrinkMs?: number;
  /** A key of each record: records of one key must be committed in the order of the calm run. Default: order does not count. */
  readonly order?: (record: never, sink: string) => unknown;
  /** Whether a record is the one that was expected. Default: deep equality. */
  readonly equal?: (actual: never, expected: never) => boolean;
  /** Sinks that are not replaced by recording ones, by name, with the outside world that they commit to. */
  readonly keepSinks?: Readonly<Record<string, KeptOutside>>;
  /** Worlds that the job reaches and that live in the runs, such as a `SimulatedKafka`: each run begins in them as the test has set them up. Default: none. */
  readonly outside?: readonly OutsideWorld[];
  /** Arguments of the job, for `defineJob`. Default: none. */
  readonly args?: readonly string[];
  /** What a failure printed: only that run. */
  readonly replay?: string;
}

const OPTION_NAMES: readonly (keyof ExactlyOnceOptions)[] = [
  "seed",
  "runs",
  "timeMs",
  "shrinkMs",
  "order",
  "equal",
  "keepSinks",
  "outside",
  "args",
  "replay",
];
const EXACTLY_ONCE = "exactly once";
const UNPROVOKED =
  "nothing goes wrong in this run: what the job commits depends on more than its input, such as time, the parallelism, a variable or field that is no state, or the order in which records of several splits or tasks arrive (docs/testing.md)";
const RECORDS = 60;

/**
 * Runs a job under many plans that chance makes, with crashes, partitions, failing storage, stops and other parallelisms, and compares what it commits with
 * a calm run at parallelism 1.
 *
 * Shape:  a promise of how many runs there were.
 * Cost:   real time: about 50 runs or 2.5 seconds, whichever is less; `runs` and `timeMs` change it.
 * Errors: `MR8001` the job reached out of the simulation; `MR8002` a run committed something else, or the job gave up; `MR8003` options that make no sense;
 *         `MR8004` fast-check is not installed.
 * Source: property-based testing as in fast-check; the property is that of Flink's exactly-once sinks.
 *
 * @example
 * await checkExactlyOnce(
 *   (environment) => {
 *     environment
 *       .fromSource(clickSource, WatermarkStrategy.noWatermarks<Click>(), "visits")
 *       .keyBy((click) => click.user)
 *       .reduce((left, right) => ({ ...right, atMs: left.atMs + right.atMs }))
 *       .print()
 *       .name("sums");
 *   },
 *   { visits: [{ user: "ada", atMs: 1 }, { user: "bob", atMs: 2 }, { user: "ada", atMs: 3 }] },
 *   { runs: 10, order: (click: Click) => click.user },
 * );
 */
export async function checkExactlyOnce(
  job: SimulatedJob,
  inputs: Inputs,
  options: ExactlyOnceOptions = {},
): Promise<{ readonly runs: number }> {
  const { keepSinks = {}, outside = [], args = [], replay } = options;
  requireRealTimers();
  requireKnown(options, "the options of checkExactlyOnce", OPTION_NAMES);
  requireWhole(options.runs ?? 1, "`runs`", 1);
  const release = keepUserWorlds();
  try {
    const subject = new UserJob(job, {
      inputs,
      keepSinks: Object.keys(keepSinks),
      outside,
      args,
      planSetsInterval: true,
    });
    refuseUnbounded(subject);
    refuseSilent(subject, keepSinks);
    const check = new Check(subject, options);
    await check.calm();
    if (replay === undefined) return { runs: await search(check, subject, options) };
    if (await check.passes(planOfReplay(replay))) return { runs: 1 };
    return check.complain();
  } finally {
    release();
  }
}

async function search(check: Check, subject: UserJob, options: ExactlyOnceOptions): Promise<number> {
  const { seed = 1, runs = 50, timeMs = 2_500, shrinkMs = 1_250, keepSinks = {} } = options;
  const { fc, userPlans } = await loadSearch();
  const plans = userPlans({
    records: subject.records ?? RECORDS,
    keepsSinks: Object.values(keepSinks).some(({ goesBack }) => goesBack !== true),
    parallelismMax: parallelismMaxOf(subject),
  });
  const startMs = performance.now();
  let count = 0;
  const property = fc.asyncProperty(plans, async (plan: SimPlan) => {
    // However little time there is: a check that has not looked must not pass.
    if (count > 0 && performance.now() - startMs > timeMs) return true;
    count += 1;
    return check.passes(plan);
  });
  const { counterexample } = await fc.check(property, { seed, numRuns: runs, endOnFailure: true });
  const failed = counterexample?.[0];
  if (failed === undefined) return count;
  const failedMs = performance.now();
  await smallest(failed, {
    // A job with many records, read as slowly as one with few, would not end for another reason.
    ideal: calmPlan(subject),
    fails: async (plan) => !(await check.passes(plan)),
    isTimeUp: () => performance.now() - failedMs > shrinkMs,
  });
  return check.complain();
}

/** Compares runs with the calm one, and remembers the last that failed: of those that shrinking finds, the smallest. */
class Check {
  readonly #subject: UserJob;
  readonly #options: ExactlyOnceOptions;
  #expected: ReadonlyMap<string, readonly unknown[]> = new Map();
  #failed: (Played & { readonly broken: Broken }) | undefined = undefined;

  constructor(subject: UserJob, options: ExactlyOnceOptions) {
    this.#subject = subject;
    this.#options = options;
  }

  async calm(): Promise<void> {
    const played = await this.#play(calmPlan(this.#subject), true);
    if (played.broken !== undefined) {
      this.#failed = { ...played, broken: played.broken };
      this.complain();
    }
    this.#expected = this.#outputsOf(played);
  }

  async passes(plan: SimPlan): Promise<boolean> {
    const played = await this.#play(plan);
    const broken = played.broken ?? this.#difference(played);
    if (broken !== undefined) this.#failed = { ...played, broken };
    return broken === undefined;
  }

  complain(): never {
    if (this.#failed === undefined) throw new Error("nothing is wrong");
    const { run, warnings, broken } = this.#failed;
    const provokes = hasFaults(run.plan) || this.#options.outside?.some(({ fails }) => fails) === true;
    const isUnprovoked = broken.promise === EXACTLY_ONCE && !provokes && run.plan.legs.length === 1;
    const what = isUnprovoked ? `${broken.what}\n${UNPROVOKED}` : broken.what;
    throw brokenPromise({ ...broken, what, run, warnings, call: "checkExactlyOnce(job, inputs, " });
  }

  #play(plan: SimPlan, isCalm = false): Promise<Played> {
    for (const outside of Object.values(this.#options.keepSinks ?? {})) outside.clear();
    return play(this.#subject, plan, { outside: this.#options.outside ?? [], outsideIsCalm: isCalm });
  }

  #outputsOf({ run, isPart }: Played): ReadonlyMap<string, readonly unknown[]> {
    // A part of what a test reads from an outside world of its own, such as half of a sum, need not be among the whole.
    const kept = isPart ? [] : Object.entries(this.#options.keepSinks ?? {});
    return new Map([
      ...run.sinks.map((sink) => [sink, run.output(sink)] as const),
      ...kept.map(([sink, outside]) => [sink, [...outside.written()]] as const),
    ]);
  }

  #difference(played: Played): Broken | undefined {
    const { order, equal } = this.#options as Pick<Parameters<typeof differenceOf>[2], "order" | "equal">; // the caller knows its records
    for (const [sink, actual] of this.#outputsOf(played)) {
      const expected = this.#expected.get(sink) ?? [];
      const what = differenceOf(sink, { actual, expected }, { order, equal, isPart: played.isPart });
      if (what !== undefined) return { promise: EXACTLY_ONCE, what };
    }
    return undefined;
  }
}

function refuseUnbounded({ unbounded }: UserJob): void {
  const [source] = unbounded;
  if (source === undefined) return;
  throw new MillraceError(
    "MR8003",
    `the source "${source}" never ends, so that there is nothing to compare: give what it reads through \`inputs\``,
  );
}

function refuseSilent({ recorded }: UserJob, keepSinks: object): void {
  if (recorded.length > 0 || Object.keys(keepSinks).length > 0) return;
  throw new MillraceError("MR8003", "the job has no sink, so that there is nothing to compare: end it with one");
}

function parallelismMaxOf({ config }: UserJob): number {
  const groups = config.get(OPTIONS.maxParallelism);
  return groups > 0 ? groups : CALM.maxParallelism;
}

interface Search {
  readonly fc: (typeof import("fast-check"))["default"];
  readonly userPlans: (typeof import("./user-jobs/user-plans.ts"))["userPlans"];
}

async function loadSearch(): Promise<Search> {
  const { default: fc } = await import("fast-check").catch(notInstalled);
  const { userPlans } = await import("./user-jobs/user-plans.ts");
  return { fc, userPlans };
}

function notInstalled(cause: unknown): never {
  throw new MillraceError(
    "MR8004",
    "checkExactlyOnce needs fast-check, which is not installed: npm install --save-dev fast-check",
    { cause },
  );
}
