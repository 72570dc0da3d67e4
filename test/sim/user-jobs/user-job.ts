/**
 * A user's job, as the simulator runs it: its graph is built anew in each process, its sources and sinks are replaced or wrapped, some of its options overruled.
 *
 * In:    a job, inputs by the names of sources, the names of sinks to keep. Out: a `SimJob`, and what is known of the job beforehand.
 * State: none that processes share, but the encoded inputs.
 */
import { createJobGraph } from "../../../core/graph/job-graph.ts";
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import { StreamGraph } from "../../../core/graph/stream-graph.ts";
import type { StreamNode } from "../../../core/graph/stream-graph.ts";
import { isJobDefinition, StreamExecutionEnvironment } from "../../../core/index.ts";
import type { JobDefinition, Sink, Source, SourceSplit } from "../../../core/index.ts";
import { Config, OPTIONS } from "../../../core/util/config.ts";
import { MillraceError } from "../../../core/util/errors.ts";
import type { OutsideWorld } from "../outside-world.ts";
import { CALM } from "../plan.ts";
import type { Leg, SimPlan } from "../plan.ts";
import { JOB_NAME } from "../sim-job.ts";
import type { SimJob } from "../sim-job.ts";
import { stuttering } from "../stuttering-source.ts";
import type { LegWorld } from "../world.ts";
import { failingSink } from "./failing-sink.ts";
import { failingSource } from "./failing-source.ts";
import { EncodedInput } from "./inputs.ts";
import type { Inputs } from "./inputs.ts";
import { ownValues, simulatedValues } from "./job-config.ts";
import { ProcessWorlds } from "./process-worlds.ts";
import { recordingSink } from "./recording-sink.ts";

/** What `defineJob` returned, or a function that builds a graph on an environment. Neither executes it. */
export type SimulatedJob = JobDefinition | ((env: StreamExecutionEnvironment) => void);

export interface UserJobOptions {
  readonly inputs: Inputs;
  readonly keepSinks: readonly string[];
  /** Worlds that it reaches. Default: none. */
  readonly outside?: readonly OutsideWorld[];
  readonly args: readonly string[];
  /** Whether checkpoints come when the plan says, whatever the job says. */
  readonly planSetsInterval: boolean;
}

interface Built {
  readonly graph: StreamGraph;
  readonly config: Config;
}

export class UserJob {
  /** The names of the sinks that record. */
  readonly recorded: readonly string[];
  readonly unbounded: readonly string[];
  /** What is neither given nor replaced, for errors; empty if there is nothing of that sort. */
  readonly asTheyAre: string;
  /** How many records the inputs have; undefined if other sources read too. */
  readonly records: number | undefined;
  /** What the job itself asks for. */
  readonly config: Config;
  readonly #job: SimulatedJob;
  readonly #options: UserJobOptions;
  readonly #inputs: ReadonlyMap<string, EncodedInput>;

  constructor(job: SimulatedJob, options: UserJobOptions) {
    requireJob(job, options.inputs);
    this.#job = job;
    this.#options = options;
    this.#inputs = new Map(
      Object.entries(options.inputs).map(([name, records]) => [name, new EncodedInput(name, records)]),
    );
    const worlds = new ProcessWorlds(0);
    const { graph, config } = this.#build(new Config(ownValues(CALM)), worlds);
    const [refused] = worlds.refusals;
    if (refused !== undefined) throw refused;
    const sources = graph.nodes.filter(isSource);
    const sinks = sinkNames(graph);
    checkNames("inputs", [...this.#inputs.keys()], { what: "source", names: sources.map(({ name }) => name) });
    checkNames("keepSinks", options.keepSinks, { what: "sink", names: [...sinks.values()] });
    const others = sources.filter(({ name }) => !this.#inputs.has(name));
    this.asTheyAre = [
      ...others.map(({ name }) => `the source "${name}"`),
      ...options.keepSinks.map((name) => `the sink "${name}"`),
    ].join(", ");
    this.recorded = [...sinks.values()].filter((name) => !options.keepSinks.includes(name));
    this.unbounded = others.filter((node) => sourceOf(node).boundedness !== "bounded").map(({ name }) => name);
    this.records =
      others.length > 0 ? undefined : [...this.#inputs.values()].reduce((sum, { count }) => sum + count, 0);
    this.config = config;
  }

  /** For one run, in those worlds. */
  simJob(worlds: ProcessWorlds): SimJob {
    const fingerprints = new Map<number, string>();
    return {
      configOf: (plan, leg) => this.#configOf(plan, leg, worlds),
      build: (config, world, leg) => {
        const graph = this.#graphOf(config, { world, leg, worlds });
        const known = fingerprints.get(leg) ?? graph.fingerprint;
        if (known !== graph.fingerprint) throw anotherGraph();
        fingerprints.set(leg, known);
        return graph;
      },
    };
  }

  #configOf(plan: SimPlan, leg: Leg, worlds: ProcessWorlds): Config {
    const { config } = this.#build(new Config(ownValues(plan)), worlds);
    const outsideFails = this.#options.outside?.some(({ fails }) => fails) === true;
    const interval = this.#options.planSetsInterval ? { [OPTIONS.checkpointInterval.key]: plan.checkpointMs } : {};
    return config.with({ ...simulatedValues(plan, leg, { outsideFails }), ...interval });
  }

  #graphOf(
    config: Config,
    { world, leg, worlds }: { readonly world: LegWorld; readonly leg: number; readonly worlds: ProcessWorlds },
  ): JobGraph {
    const { graph } = this.#build(config, worlds);
    const sinks = sinkNames(graph);
    const simulated = new StreamGraph();
    for (const node of graph.nodes) {
      const sink = sinks.get(node);
      if (sink !== undefined) simulated.addNode(this.#simulatedSink(node, sink, { world, leg }));
      else if (isSource(node)) simulated.addNode(this.#simulatedSource(node, world));
      else simulated.addNode(node);
    }
    for (const edge of graph.edges) simulated.connect(edge);
    return createJobGraph(simulated, { name: JOB_NAME, config });
  }

  #simulatedSource(node: StreamNode, { dice, gate, random, plan }: LegWorld): StreamNode {
    const source = this.#inputs.get(node.name)?.source() ?? sourceOf(node);
    const stutter = { gate, random, faults: dice, burst: plan.burst, pauseMs: plan.pauseMs, pauses: 0.5 };
    return withParameters(node, { source: stuttering(failingSource(source, dice), stutter) });
  }

  #simulatedSink(
    node: StreamNode,
    name: string,
    { world, leg }: { readonly world: LegWorld; readonly leg: number },
  ): StreamNode {
    const { dice } = world;
    if (this.#options.keepSinks.includes(name))
      return withParameters(node, { sink: failingSink(node.spec.parameters["sink"] as Sink<unknown>, dice) }); // as `sinkTo` put it there
    const sink = failingSink(recordingSink(name, world, leg), dice);
    return { ...withParameters(node, { sink }), stateful: true, uid: node.uid ?? `simulated sink ${name}` };
  }

  /** What the job says wins over `config`. */
  #build(config: Config, worlds: ProcessWorlds): Built {
    const env = StreamExecutionEnvironment.create(config);
    env.execute = refuseExecution;
    env.executeAsync = refuseExecution;
    const job = this.#job;
    const built: unknown = worlds.building(() =>
      typeof job === "function" ? job(env) : job.build(env, this.#options.args),
    );
    if (isPromise(built)) {
      built.then(undefined, () => undefined);
      throw new MillraceError(
        "MR8003",
        "the job builds its graph asynchronously, which a simulation cannot wait for: do what has to be awaited before, and hand in what it brought",
      );
    }
    return { graph: env.getStreamGraph(), config: env.config };
  }
}

function requireJob(job: unknown, inputs: unknown): void {
  if (typeof job !== "function" && !isJobDefinition(job))
    throw new MillraceError("MR8003", "the job is what `defineJob` returned, or a function that builds a graph");
  if (typeof inputs !== "object" || inputs === null)
    throw new MillraceError("MR8003", "the inputs are an object, by the names of sources; `{}` if there are none");
}

function anotherGraph(): MillraceError {
  return new MillraceError(
    "MR8003",
    "the job builds another graph each time, but every process builds it for itself: uids, names and operators must not depend on chance, time, or variables that building changes",
  );
}

function refuseExecution(): never {
  throw new MillraceError(
    "MR8003",
    "the job executes itself, but the simulation does that: hand in a function that only builds the graph",
  );
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function isSource(node: StreamNode): boolean {
  return node.spec.module === "source";
}

function sourceOf(node: StreamNode): Source<unknown, SourceSplit> {
  return node.spec.parameters["source"] as Source<unknown, SourceSplit>; // as `fromSource` and its like put it there
}

/** Of several with one name, the later ones are numbered. */
function sinkNames(graph: StreamGraph): ReadonlyMap<StreamNode, string> {
  const counts = new Map<string, number>();
  return new Map(
    graph.nodes
      .filter(({ spec }) => spec.module === "sink")
      .map((node) => {
        const count = (counts.get(node.name) ?? 0) + 1;
        counts.set(node.name, count);
        return [node, count === 1 ? node.name : `${node.name} ${count}`];
      }),
  );
}

function withParameters(node: StreamNode, parameters: Readonly<Record<string, unknown>>): StreamNode {
  return { ...node, spec: { ...node.spec, parameters: { ...node.spec.parameters, ...parameters } } };
}

function checkNames(
  option: string,
  given: readonly string[],
  { what, names }: { readonly what: string; readonly names: readonly string[] },
): void {
  const unknown = given.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const list = names.length === 0 ? "it has none" : `it has ${names.map((name) => `"${name}"`).join(", ")}`;
  throw new MillraceError(
    "MR8003",
    `\`${option}\` names "${unknown}", but the job has no ${what} of that name: ${list}`,
  );
}
