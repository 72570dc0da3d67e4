/**
 * The golden loop: runs a pipeline whole, and again with stops, rescales and faults, and brings what it committed.
 *
 * In:    a pipeline, and a plan: legs (each a job that starts where the one before stopped) and faults. Out: the commits of the outside world, in order.
 * State: the world of one plan: virtual time, stores, the outside; nothing is shared between two runs.
 *
 * A leg that was to stop but ended, or that failed to stop and went on to its end, is the last one: its output is whole too.
 */
import type { JobClient } from "../../core/index.ts";
import { fixedDelay, StreamExecutionEnvironment } from "../../core/index.ts";
import type { CompletedCheckpoint } from "../../core/checkpoint/contract.ts";
import { decodeMetadata } from "../../core/checkpoint/metadata.ts";
import { LocalJob } from "../../core/cluster/local-job.ts";
import { committedSink, Outside } from "../sim/committed-sink.ts";
import type { CommittedSinkOptions } from "../sim/committed-sink.ts";
import { Faults } from "./faults.ts";
import type { FaultPlan, FaultSite } from "./faults.ts";
import { SeededWorld } from "./seeded-world.ts";
import { Gate } from "../sim/gate.ts";
import type { Out, Pipeline } from "../sim/pipelines/pipeline.ts";
import { stuttering } from "../sim/stuttering-source.ts";

/** How a leg stops. `savepoint` and `checkpoint` cancel the job, a while after the savepoint or checkpoint was taken. */
export type Stop = "suspend" | "drain" | "savepoint" | "checkpoint";

export interface Leg {
  readonly parallelism: number;
  /** Undefined: runs to its end. */
  readonly stop?: {
    readonly how: Stop;
    /** Records before it is asked to. */ readonly after: number;
    /** Records that pass meanwhile. */ readonly slack: number;
  };
}

export interface Plan {
  readonly seed: number;
  readonly legs: readonly Leg[];
  /** Of the first leg. */
  readonly faults: FaultPlan;
  readonly burst: number;
  readonly checkpointMs: number;
  readonly concurrent: number;
  readonly capacity: number;
  readonly asyncSink: boolean;
  readonly chaining: boolean;
}

export const CALM: Plan = {
  seed: 1,
  legs: [{ parallelism: 1 }],
  faults: {},
  burst: 50,
  checkpointMs: 0,
  concurrent: 1,
  capacity: 256,
  asyncSink: false,
  chaining: true,
};

export interface GoldenResult extends Pick<Pipeline, "promise"> {
  readonly outside: Outside<Out>;
  readonly struck: ReadonlyMap<FaultSite, number>;
  readonly restarts: number;
  readonly checkpoints: number;
  /** How many legs really stopped. */
  readonly stops: number;
  /** If the last leg was drained: the savepoint it ended with. */
  readonly drained: CompletedCheckpoint | undefined;
  readonly warnings: readonly string[];
  /** Files of checkpoints that nobody needs any more, and that are still there. */
  readonly leftovers: readonly string[];
}

const SAVEPOINTS = "/savepoints";
const CHECKPOINTS = "/checkpoints";

export async function runGolden(
  pipeline: Pipeline,
  plan: Plan,
  bug?: CommittedSinkOptions<Out>["bug"],
): Promise<GoldenResult> {
  const world = new SeededWorld(plan.seed);
  const loop = new Loop(pipeline, plan, world, bug);
  const result = await world.run(() => loop.run());
  await world.quiesce();
  return { ...result, promise: pipeline.promise, leftovers: await world.run(() => world.list("/memory")) };
}

type LegEnd =
  | { readonly kind: "ended" }
  /** Undefined: there is no checkpoint to go on from, so that it starts again from where it had started. */
  | { readonly kind: "stopped"; readonly path: string | undefined }
  | { readonly kind: "drained"; readonly path: string; readonly savepoint: CompletedCheckpoint };

class Loop {
  readonly #pipeline: Pipeline;
  readonly #plan: Plan;
  readonly #world: SeededWorld;
  readonly #bug: CommittedSinkOptions<Out>["bug"];
  #outside = new Outside<Out>();
  #restarts = 0;
  #checkpoints = 0;

  constructor(pipeline: Pipeline, plan: Plan, world: SeededWorld, bug: CommittedSinkOptions<Out>["bug"]) {
    this.#pipeline = pipeline;
    this.#plan = plan;
    this.#world = world;
    this.#bug = bug;
  }

  async run(): Promise<Omit<GoldenResult, "leftovers" | "promise">> {
    let path: string | undefined;
    let stops = 0;
    let drained: CompletedCheckpoint | undefined;
    const struck = new Map<FaultSite, number>();
    for (const [index, leg] of this.#plan.legs.entries()) {
      const faults = new Faults(index === 0 ? this.#plan.faults : {});
      const end = await this.#leg(leg, index, path, faults);
      for (const [site, count] of faults.struck) struck.set(site, count);
      drained = end.kind === "drained" ? end.savepoint : undefined;
      if (end.kind === "ended") break;
      stops += 1;
      path = end.path ?? path;
    }
    const { warnings } = this.#world;
    return {
      outside: this.#outside,
      struck,
      restarts: this.#restarts,
      checkpoints: this.#checkpoints,
      stops,
      drained,
      warnings,
    };
  }

  async #leg(leg: Leg, index: number, restoreFrom: string | undefined, faults: Faults): Promise<LegEnd> {
    const world = this.#world;
    const gate = new Gate();
    world.faults = faults;
    world.onDurable = (checkpointId) => {
      this.#outside.completedId = Math.max(this.#outside.completedId, checkpointId);
    };
    if (leg.stop !== undefined) gate.closeAt(leg.stop.after + leg.stop.slack);
    const job = this.#start(leg, { index, restoreFrom, gate, faults });
    const ended = job.result().then((result) => {
      this.#restarts += result.restarts;
      this.#checkpoints += result.checkpoints;
    });
    ended.catch(() => undefined); // a leg that is cancelled rejects; others await it below
    if (leg.stop === undefined) {
      await ended;
      return { kind: "ended" };
    }
    await Promise.race([gate.reached(leg.stop.after), ended]);
    const end = await this.#stop(job, leg.stop.how, gate);
    if (end !== undefined) return end;
    gate.open();
    await ended;
    return { kind: "ended" };
  }

  /** Undefined: it did not stop, and goes on. */
  async #stop(job: JobClient, how: Stop, gate: Gate): Promise<LegEnd | undefined> {
    try {
      switch (how) {
        case "suspend":
          return { kind: "stopped", path: await job.stopWithSavepoint({ directory: SAVEPOINTS }) };
        case "drain": {
          const path = await job.stopWithSavepoint({ directory: SAVEPOINTS, drain: true });
          return { kind: "drained", path, savepoint: await this.#read(path) };
        }
        case "savepoint":
          return await this.#cancelAfterSavepoint(job, gate);
        case "checkpoint":
          return await this.#cancelAfterCheckpoint(job, gate);
      }
    } catch (error) {
      this.#world.warn(`the leg did not stop: ${String(error)}`);
      return undefined; // refused, or the job failed meanwhile: it starts again, and goes on
    }
  }

  async #cancelAfterSavepoint(job: JobClient, gate: Gate): Promise<LegEnd | undefined> {
    const path = await job.triggerSavepoint({ directory: SAVEPOINTS });
    const { checkpointId } = await this.#read(path);
    gate.open();
    await this.#goOnAWhile();
    await job.cancel();
    this.#outside = this.#outside.fork(checkpointId);
    return { kind: "stopped", path };
  }

  async #cancelAfterCheckpoint(job: JobClient, gate: Gate): Promise<LegEnd | undefined> {
    await job.triggerCheckpoint().catch(() => undefined); // refused while another is under way
    gate.open();
    await this.#goOnAWhile();
    await job.cancel();
    const [newest] = (await this.#world.list(`${CHECKPOINTS}/${job.jobId}`)).filter((file) =>
      file.endsWith("/_metadata"),
    );
    if (job.status() === "FINISHED") return { kind: "ended" };
    return { kind: "stopped", path: newest === undefined ? undefined : `${CHECKPOINTS}/${job.jobId}` };
  }

  /** Up to 20 ms of virtual time. */
  #goOnAWhile(): Promise<void> {
    const { clock, random } = this.#world;
    return new Promise((resolve) => void clock.schedule(random.next() * 20, resolve));
  }

  async #read(path: string): Promise<CompletedCheckpoint> {
    return decodeMetadata(await this.#world.read(`${path}/_metadata`), path);
  }

  #start(
    leg: Leg,
    parts: {
      readonly index: number;
      readonly restoreFrom: string | undefined;
      readonly gate: Gate;
      readonly faults: Faults;
    },
  ): JobClient {
    const { chaining, capacity } = this.#plan;
    const env = StreamExecutionEnvironment.create({
      "parallelism.default": leg.parallelism,
      "pipeline.auto-watermark-interval": 1,
      "pipeline.operator-chaining.enabled": chaining,
      "taskmanager.network.in-slot-channel-capacity": capacity,
      ...(parts.restoreFrom === undefined ? {} : { "execution.state-recovery.path": parts.restoreFrom }),
    });
    this.#enableCheckpoints(env, leg);
    const { gate, faults } = parts;
    const world = this.#world;
    const stutter = { gate, faults, random: world.random, burst: this.#plan.burst };
    const fromSource = env.fromSource.bind(env);
    env.fromSource = (source, strategy, name) => fromSource(stuttering(source, stutter), strategy, name);
    this.#pipeline.build({
      env,
      read: (source, strategy, name) => faults.through(env.fromSource(source, strategy, name).uid(name), name),
      write: (written, name = "out") => {
        const failing = this.#pipeline.hasOwnSources === true ? faults.through(written, name) : written;
        const stream =
          this.#plan.faults.state === undefined ? failing : faults.throughState(failing, name, ({ lane }) => lane);
        const sink = committedSink<Out>({
          name: `${parts.index}/${name}`,
          outside: this.#outside,
          clock: world.clock,
          random: world.random,
          faults,
          async: this.#plan.asyncSink,
          bug: this.#bug,
        });
        stream.sinkTo(sink).name(name).uid(`sink-${name}`);
      },
    });
    return new LocalJob(
      { jobName: "golden", streamGraph: env.getStreamGraph(), config: env.config, listeners: new Map() },
      world,
    );
  }

  #enableCheckpoints(env: StreamExecutionEnvironment, leg: Leg): void {
    const { checkpointMs, concurrent, faults } = this.#plan;
    const attempts = Object.values(faults).flat().length + 1;
    env.setRestartStrategy(fixedDelay({ attempts, delay: 0 }));
    if (checkpointMs === 0) return;
    const retained = leg.stop?.how === "checkpoint";
    env.enableCheckpointing(checkpointMs, {
      maxConcurrent: concurrent,
      ...(retained ? { directory: CHECKPOINTS, retention: "RETAIN_ON_CANCELLATION" } : {}),
    });
  }
}

/** In the order in which they became visible. */
export function commitsOf(outside: Outside<Out>): readonly Out[] {
  return outside.commits.map(({ value }) => value);
}

/** Values by lane, each in the order of {@link commitsOf}. */
export function lanesOf(outside: Outside<Out>): Record<string, unknown[]> {
  const lanes: Record<string, unknown[]> = {};
  for (const { lane, value } of commitsOf(outside)) (lanes[lane] ??= []).push(value);
  return Object.fromEntries(Object.entries(lanes).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
