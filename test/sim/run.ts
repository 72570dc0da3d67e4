/**
 * One simulated run: a pipeline on a whole deployment, in legs, while things go wrong; and what came of it.
 *
 * In:    a pipeline and a plan. Out: the outside world in the end, the history, and what checkers want to know besides.
 * State: that of one run; nothing is shared between two.
 */
import type { CompletedCheckpoint } from "../../core/checkpoint/contract.ts";
import type { CheckpointPointer } from "../../core/checkpoint/pointer-store.ts";
import type { JobGraph } from "../../core/graph/job-graph-types.ts";
import { requiredSlots } from "../../core/graph/slots.ts";
import { SeededRandom } from "../../core/util/random.ts";
import { SimClient } from "./client.ts";
import { Cluster } from "./cluster.ts";
import { Outside } from "./committed-sink.ts";
import type { LiveChecker } from "./checkers/checker.ts";
import { SimElection } from "./election.ts";
import { DISASTERS } from "./faults/index.ts";
import { Gate } from "./gate.ts";
import type { History } from "./history.ts";
import { DIRECTORY, Moments } from "./moments.ts";
import type { Moment } from "./moments.ts";
import type { Out, Pipeline } from "./pipelines/pipeline.ts";
import type { Leg, SimPlan } from "./plan.ts";
import type { Around } from "./scheduler.ts";
import { RollCall } from "./roll-call.ts";
import { JOB_NAME, pipelineJob } from "./sim-job.ts";
import type { OutsideSeams, OutsideWorld } from "./outside-world.ts";
import { START_MS } from "./sim-clock.ts";
import type { SimJob } from "./sim-job.ts";
import { stopLeg } from "./stops.ts";
import type { Start } from "./stops.ts";
import { createWorld } from "./world.ts";
import type { SimWorld } from "./world.ts";

/** True time that a job may take after nothing goes wrong any more. */
const LIVENESS_MS = 900_000;
const EVENTS_MAX = 1_500_000;
/** Until everybody who was late has had the last word. */
const AFTERWARDS_MS = 20_000;
/** Until all who are asked have answered: longer than a process pauses or is parted from others. */
const ROLL_CALL_MS = 60_000;
/** Records that may pass while a job is being stopped. */
const GATE_SLACK = 5;

export interface SimRun {
  readonly plan: SimPlan;
  readonly outside: Outside<Out>;
  readonly history: History;
  readonly world: SimWorld;
  /** The last leg was drained: the savepoint with which it ended. */
  readonly drained: CompletedCheckpoint | undefined;
  /** No master could start: why. */
  readonly refusal: Error | undefined;
  /** The job failed for good: why. */
  readonly failure: string | undefined;
  /** It did not come to its end in time. */
  readonly stuck: string | undefined;
  /** Slots that are there in the end, and serve nobody. */
  readonly silent: readonly string[];
  readonly warnings: readonly string[];
  readonly restarts: number;
  readonly completed: number;
  readonly masters: number;
  /** When the job was over, in true time. */
  readonly endedMs: number;
  readonly struck: ReadonlyMap<string, number>;
  /** Of the last leg. */
  readonly election: SimElection;
  /** One of its completed checkpoints; undefined if it has none. */
  readonly moment: Moment | undefined;
}

export interface RunOptions {
  readonly live?: readonly LiveChecker[];
  /** It does not begin anew, but where another run was at that moment. */
  readonly from?: Moment | undefined;
  /** Around each event of a process. */
  readonly around?: Around;
  /** Other worlds that the job reaches. Left out: none. */
  readonly outside?: readonly OutsideWorld[];
  /** Nothing goes wrong in them. Default: false. */
  readonly outsideIsCalm?: boolean;
}

export function simulateRun(pipeline: Pipeline, plan: SimPlan, options: RunOptions = {}): Promise<SimRun> {
  return simulateJob(pipelineJob(pipeline), plan, options);
}

export async function simulateJob(
  job: SimJob,
  plan: SimPlan,
  { live, from, around, outside = [], outsideIsCalm = false }: RunOptions = {},
): Promise<SimRun> {
  const start = from?.outside ?? new Outside<Out>(outside.map((other) => other.begin()));
  try {
    return await new Run(job, createWorld(plan, live, from?.files, around), {
      from,
      outside: start,
      outsideIsCalm,
    }).run();
  } finally {
    for (const other of start.others) other.leave();
  }
}

class Run {
  readonly #job: SimJob;
  readonly #world: SimWorld;
  readonly #warnings: string[] = [];
  readonly #disasters = new Map<string, number>();
  #cluster: Cluster | undefined = undefined;
  #outside: Outside<Out>;
  readonly #seams: OutsideSeams;
  #election: SimElection | undefined;
  readonly #restoreFrom: string | undefined;
  /** Whoever goes on from a moment of another run is another job than those that it had yet to start. */
  readonly #jobs: string;
  readonly #moments: Moments;
  #restarts = 0;
  #masters = 0;

  constructor(
    job: SimJob,
    world: SimWorld,
    {
      from,
      outside,
      outsideIsCalm,
    }: { readonly from: Moment | undefined; readonly outside: Outside<Out>; readonly outsideIsCalm: boolean },
  ) {
    this.#job = job;
    this.#world = world;
    this.#moments = new Moments(world);
    this.#outside = outside;
    this.#seams = seamsOf(world, outsideIsCalm);
    // With a savepoint that stopped the job, it would only come to its end: whoever wants to go on from it starts another.
    const goesOn = from?.pointer.owned === true;
    this.#election = goesOn ? this.#createElection(from.outside, [from.pointer]) : undefined;
    this.#jobs = from === undefined ? "job" : "later";
    this.#restoreFrom = goesOn ? undefined : from?.pointer.directory;
  }

  async run(): Promise<SimRun> {
    const { scheduler, plan, history, dice } = this.#world;
    let isOver = false;
    this.#planDisasters();
    const story = this.#legs().finally(() => {
      isOver = true;
    });
    story.catch(() => undefined); // awaited below, once the events have ended
    const endMs = plan.healedMs + LIVENESS_MS;
    const settled = await scheduler.run(() => isOver || scheduler.nowMs > endMs, EVENTS_MAX);
    if (isOver) await story;
    const stuck = settled && isOver ? undefined : `after ${scheduler.events} events, ${Math.round(scheduler.nowMs)} ms`;
    const endedMs = scheduler.nowMs;
    const until = endedMs + AFTERWARDS_MS;
    await scheduler.run(() => scheduler.nowMs > until, EVENTS_MAX);
    const silent = await this.#silent();
    const outcome = this.#cluster?.outcome;
    return {
      plan,
      outside: this.#outside,
      history,
      world: this.#world,
      drained: this.#drained(),
      refusal: this.#cluster?.refusal,
      failure: outcome?.kind === "failed" ? outcome.message : undefined,
      stuck,
      silent,
      warnings: [...this.#warnings, ...(this.#cluster?.warnings ?? [])],
      restarts: this.#restarts + (this.#cluster?.restarts ?? 0),
      completed: this.#moments.completed,
      masters: this.#masters + (this.#election?.token ?? 0),
      endedMs,
      struck: new Map<string, number>([...dice.struck, ...this.#disasters]),
      election: this.#election ?? this.#createElection(this.#outside),
      moment: this.#moments.kept,
    };
  }

  async #silent(): Promise<readonly string[]> {
    const { scheduler } = this.#world;
    if (this.#cluster === undefined) return [];
    const call = new RollCall(this.#cluster);
    const until = scheduler.nowMs + ROLL_CALL_MS;
    await scheduler.run(() => call.missing.length === 0 || scheduler.nowMs > until, EVENTS_MAX);
    return call.missing;
  }

  async #legs(): Promise<void> {
    let start: Start | undefined = { outside: this.#outside, election: this.#election, restoreFrom: this.#restoreFrom };
    for (const [index, leg] of this.#world.plan.legs.entries()) {
      start = await this.#leg(leg, index, start);
      if (start === undefined) return;
    }
  }

  /** Where the next one starts; undefined if the job is over. */
  async #leg(leg: Leg, index: number, start: Start): Promise<Start | undefined> {
    const { stop } = leg;
    const gate = new Gate();
    if (stop !== undefined) gate.closeAt(stop.after + GATE_SLACK);
    const cluster = this.#deploy(leg, index, { start, gate });
    const client = new SimClient(cluster, `savepoints/${index}`);
    if (stop !== undefined) {
      await Promise.race([gate.reached(stop.after), client.over()]);
      const next = await stopLeg(stop.how, { cluster, client, gate, start });
      if (next !== undefined) return next;
    }
    gate.open();
    await client.over();
    return undefined;
  }

  #deploy(leg: Leg, index: number, { start, gate }: { readonly start: Start; readonly gate: Gate }): Cluster {
    const { plan, scheduler, random, network, disk, history, live } = this.#world;
    if (this.#cluster !== undefined) {
      this.#warnings.push(...this.#cluster.warnings);
      this.#restarts += this.#cluster.restarts;
    }
    if (start.election === undefined) this.#masters += this.#election?.token ?? 0;
    for (const other of start.outside.others) other.enter(this.#seams);
    const election = start.election ?? this.#createElection(start.outside);
    const config = this.#job.configOf(plan, leg);
    const build = (): JobGraph => this.#job.build(config, { ...this.#world, outside: start.outside, gate }, index);
    const cluster = new Cluster({
      scheduler,
      random,
      network,
      disk,
      election,
      history,
      live,
      config,
      jobName: JOB_NAME,
      jobId: `${this.#jobs}-${index}`,
      directory: DIRECTORY,
      restoreFrom: start.restoreFrom,
      slots: requiredSlots(build()).total + plan.spareSlots,
      recordsPerStep: plan.recordsPerStep,
      slowMs: plan.slowMs,
      isHealed: () => this.#world.dice.isHealed,
      buildGraph: build,
    });
    this.#cluster = cluster;
    this.#election = election;
    this.#outside = start.outside;
    return cluster;
  }

  #createElection(outside: Outside<Out>, pointers: readonly CheckpointPointer[] = []): SimElection {
    const { scheduler, random, history, dice, plan, live } = this.#world;
    return new SimElection(
      {
        scheduler,
        random,
        history,
        faults: dice,
        latencyMsMax: plan.diskMs,
        onPointer: (pointer) => this.#moments.pointed(pointer, outside),
        onRemoved: (checkpointId) => {
          for (const checker of live) checker.forgotten?.(checkpointId);
        },
      },
      pointers,
    );
  }

  #planDisasters(): void {
    const { plan, scheduler, history, dice } = this.#world;
    for (const disaster of plan.disasters) {
      if (disaster.atMs >= plan.healedMs) continue;
      scheduler.at(undefined, disaster.atMs, () => {
        if (this.#cluster === undefined || this.#cluster.isOver) return;
        this.#disasters.set(disaster.kind, (this.#disasters.get(disaster.kind) ?? 0) + 1);
        history.note({ kind: "fault", fault: disaster.kind, about: String(disaster.who) });
        DISASTERS[disaster.kind](this.#cluster, disaster);
      });
    }
    scheduler.at(undefined, plan.healedMs, () => dice.heal());
  }

  /** A leg that was drained is the last one. */
  #drained(): CompletedCheckpoint | undefined {
    const { drained } = this.#moments;
    return drained?.directory === this.#cluster?.outcome?.savepoint ? drained : undefined;
  }
}

function seamsOf({ scheduler, history, dice, plan }: SimWorld, isCalm: boolean): OutsideSeams {
  return {
    scheduler,
    random: new SeededRandom(plan.seed + 6),
    startMs: START_MS,
    isHealed: () => isCalm || dice.isHealed,
    note: (fault, about) => {
      history.note({ kind: "fault", fault, about });
    },
  };
}
