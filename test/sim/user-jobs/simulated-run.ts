/** What came of a simulated run of a user's job: what its sinks committed, and what happened on the way. */
import { MillraceError } from "../../../core/util/errors.ts";
import type { Commit } from "../committed-sink.ts";
import type { Out } from "../pipelines/pipeline.ts";
import type { SimPlan } from "../plan.ts";
import type { SimRun } from "../run.ts";

/**
 * A simulated run that is over, as invariants and tests look at it.
 *
 * Shape:  `output(sink)` is what that sink committed; counts of what happened; `history` for people, `digest` to compare two runs.
 * Time:   `simulatedMs` is how long the job took in simulated time.
 * Errors: `MR8003` from `output`: the job has no recording sink of that name.
 * Source: own.
 */
export class SimulatedRun {
  readonly seed: number;
  /** What the run was made from: `replay` brings it again. */
  readonly plan: SimPlan;
  /** How often the job was started again after a failure. */
  readonly restarts: number;
  /** Complete checkpoints and savepoints. */
  readonly checkpoints: number;
  /** Masters that led the job. */
  readonly masters: number;
  /** What went wrong on purpose: how often, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  readonly simulatedMs: number;
  /** One line per event that is worth one: what went wrong, phases of the job, complete checkpoints, messages. The last 20,000 at least. */
  readonly history: readonly string[];
  /** Equal for two runs with the same history. */
  readonly digest: string;
  readonly #commits: ReadonlyMap<string, readonly Commit<Out>[]>;

  /** @internal Made by `simulate`. */
  constructor(run: SimRun, sinks: readonly string[]) {
    const { commits } = run.outside;
    this.seed = run.plan.seed;
    this.plan = run.plan;
    this.restarts = run.restarts;
    this.checkpoints = run.completed;
    this.masters = run.masters;
    this.faults = Object.fromEntries(run.struck);
    this.simulatedMs = Math.round(run.endedMs);
    this.history = run.history.lines();
    this.digest = run.history.digest;
    this.#commits = new Map(sinks.map((sink) => [sink, commits.filter(({ value }) => value.lane === sink)]));
  }

  /** The names of the sinks that recorded what they were given. */
  get sinks(): readonly string[] {
    return [...this.#commits.keys()];
  }

  /** What a sink committed, in the order in which it became visible. Of several sinks with one name, the second is called `"name 2"`, and so on. */
  output<T = unknown>(sink: string): readonly T[] {
    return this.#of(sink).map(({ value }) => value.value as T); // the caller knows what the sink is given
  }

  #of(sink: string): readonly Commit<Out>[] {
    const commits = this.#commits.get(sink);
    if (commits !== undefined) return commits;
    const names = this.sinks.map((name) => `"${name}"`).join(", ");
    throw new MillraceError("MR8003", `no sink of the name "${sink}" recorded anything: there are ${names || "none"}`);
  }
}
