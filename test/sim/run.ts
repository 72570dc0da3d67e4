/**
 * One simulated run: a pipeline on a whole deployment, in legs, while things go wrong; and what came of it.
 *
 * In:    a pipeline and a plan. Out: the outside world in the end, the history, and what checkers want to know besides.
 * State: that of one run; nothing is shared between two.
 */
import type { CompletedCheckpoint } from "../../core/checkpoint/contract.ts";
import { decodeMetadata } from "../../core/checkpoint/metadata.ts";
import type { CheckpointPointer } from "../../core/checkpoint/pointer-store.ts";
import type { JobGraph } from "../../core/graph/job-graph-types.ts";
import { requiredSlots } from "../../core/graph/slots.ts";
import { SimClient } from "./client.ts";
import { Cluster } from "./cluster.ts";
import { Outside } from "./committed-sink.ts";
import type { LiveChecker } from "./checkers/checker.ts";
import type { SimDisk } from "./disk.ts";
import { SimElection } from "./election.ts";
import { DISASTERS } from "./faults/index.ts";
import { Gate } from "./gate.ts";
import type { History } from "./history.ts";
import type { Out, Pipeline } from "./pipelines/pipeline.ts";
import type { FaultSite, Leg, SimPlan } from "./plan.ts";
import type { Around } from "./scheduler.ts";
import { JOB_NAME, pipelineJob } from "./sim-job.ts";
import type { SimJob } from "./sim-job.ts";
import { createWorld } from "./world.ts";
import type { SimWorld } from "./world.ts";

/** The directory of everything that a job keeps. */
export const DIRECTORY = "/job";

/** True time that a job may take after nothing goes wrong any more. */
const LIVENESS_MS = 900_000;
const EVENTS_MAX = 1_500_000;
/** Until everybody who was late has had the last word. */
const AFTERWARDS_MS = 60_000;

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

/** Where a leg begins. */
export interface Start {
  readonly outside: Outside<Out>;
  readonly election: SimElection | undefined;
  readonly restoreFrom: string | undefined;
}

/** A completed checkpoint, with everything as it was at that moment: somebody may start from there. */
export interface Moment {
  readonly pointer: CheckpointPointer;
  readonly outside: Outside<Out>;
  readonly files: ReturnType<SimDisk["copy"]>;
}

type LegEnd = { readonly kind: "over" } | { readonly kind: "next"; readonly start: Start };

export interface RunOptions {
  readonly live?: readonly LiveChecker[];
  /** It does not begin anew, but where another run was at that moment. */
  readonly from?: Moment | undefined;
  /** Around each event of a process. */
  readonly around?: Around;
}

export function simulateRun(pipeline: Pipeline, plan: SimPlan, options: RunOptions = {}): Promise<SimRun> {
  return simulateJob(pipelineJob(pipeline), plan, options);
}

export async function simulateJob(
  job: SimJob,
  plan: SimPlan,
  { live, from, around }: RunOptions = {},
): Promise<SimRun> {
  const run = new Run(job, createWorld(plan, live, from?.files, around), from);
  return run.run();
}

class Run {
  readonly #job: SimJob;
  readonly #world: SimWorld;
  readonly #warnings: string[] = [];
  readonly #disasters = new Map<string, number>();
  #cluster: Cluster | undefined = undefined;
  #outside: Outside<Out>;
  #election: SimElection | undefined;
  readonly #restoreFrom: string | undefined;
  #moment: Moment | undefined = undefined;
  #restarts = 0;
  #completed = 0;
  #masters = 0;

  constructor(job: SimJob, world: SimWorld, from: Moment | undefined) {
    this.#job = job;
    this.#world = world;
    this.#outside = from?.outside ?? new Outside<Out>();
    // With a savepoint that stopped the job, it would only come to its end: whoever wants to go on from it starts another.
    const goesOn = from?.pointer.owned === true;
    this.#election = goesOn ? this.#createElection(from.outside, [from.pointer]) : undefined;
    this.#restoreFrom = goesOn ? undefined : from?.pointer.directory;
  }

  async run(): Promise<SimRun> {
    const { scheduler, plan, history, dice } = this.#world;
    let isOver = false;
    let failure: unknown = undefined;
    this.#planDisasters();
    const story = this.#legs().then(
      () => {
        isOver = true;
      },
      (error: unknown) => {
        failure = error;
        isOver = true;
      },
    );
    const endMs = plan.healedMs + LIVENESS_MS;
    const settled = await scheduler.run(() => isOver || scheduler.nowMs > endMs, EVENTS_MAX);
    if (isOver) await story;
    if (failure !== undefined) throw failure;
    const stuck = settled && isOver ? undefined : `after ${scheduler.events} events, ${Math.round(scheduler.nowMs)} ms`;
    const endedMs = scheduler.nowMs;
    const until = endedMs + AFTERWARDS_MS;
    await scheduler.run(() => scheduler.nowMs > until, EVENTS_MAX);
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
      warnings: [...this.#warnings, ...(this.#cluster?.warnings ?? [])],
      restarts: this.#restarts + (this.#cluster?.restarts ?? 0),
      completed: this.#completed,
      masters: this.#masters + (this.#election?.token ?? 0),
      endedMs,
      struck: new Map<string, number>([...dice.struck, ...this.#disasters]),
      election: this.#election ?? this.#createElection(this.#outside),
      moment: this.#moment,
    };
  }

  async #legs(): Promise<void> {
    let start: Start = { outside: this.#outside, election: this.#election, restoreFrom: this.#restoreFrom };
    for (const [index, leg] of this.#world.plan.legs.entries()) {
      const end = await this.#leg(leg, index, start);
      if (end.kind === "over") return;
      start = end.start;
    }
  }

  async #leg(leg: Leg, index: number, start: Start): Promise<LegEnd> {
    const gate = new Gate();
    if (leg.stop !== undefined) gate.closeAt(leg.stop.after + 5);
    const cluster = this.#deploy(leg, index, { start, gate });
    const client = new SimClient(cluster, `savepoints/${index}`);
    if (leg.stop !== undefined) {
      await Promise.race([gate.reached(leg.stop.after), client.over()]);
      const end = await this.#stop(leg, { cluster, client, gate, start });
      if (end !== undefined) return end;
    }
    gate.open();
    await client.over();
    return { kind: "over" };
  }

  /** Undefined: it did not stop. */
  async #stop(
    { stop }: Leg,
    parts: { readonly cluster: Cluster; readonly client: SimClient; readonly gate: Gate; readonly start: Start },
  ): Promise<LegEnd | undefined> {
    const { cluster, client, gate, start } = parts;
    const { election } = cluster.options;
    switch (stop?.how) {
      case "suspend":
      case "drain": {
        await client.stop(stop.how);
        const savepoint = cluster.outcome?.savepoint;
        if (savepoint === undefined || stop.how === "drain") return undefined;
        return { kind: "next", start: { outside: start.outside, election: undefined, restoreFrom: savepoint } };
      }
      case "savepoint": {
        let forked: Start | undefined;
        for (let attempt = 0; attempt < 5 && forked === undefined && !cluster.isOver; attempt += 1) {
          await client.savepoint({}, ({ checkpointId, directory }) => {
            forked = { outside: start.outside.fork(checkpointId), election: undefined, restoreFrom: directory };
          });
          if (forked === undefined) await client.pause(500);
        }
        gate.open();
        await client.pause(this.#world.random.next() * 3_000);
        if (forked === undefined || cluster.isOver) return undefined;
        cluster.kill();
        return { kind: "next", start: forked };
      }
      case "crash": {
        gate.open();
        await client.pause(this.#world.random.next() * 3_000);
        if (cluster.isOver || election.outcome !== undefined) return undefined;
        cluster.kill();
        return { kind: "next", start: { outside: start.outside, election, restoreFrom: start.restoreFrom } };
      }
      case undefined:
        return undefined;
    }
  }

  #deploy(leg: Leg, index: number, { start, gate }: { readonly start: Start; readonly gate: Gate }): Cluster {
    const { plan, scheduler, random, network, disk, history, live } = this.#world;
    if (this.#cluster !== undefined) {
      this.#warnings.push(...this.#cluster.warnings);
      this.#restarts += this.#cluster.restarts;
    }
    if (start.election === undefined) this.#masters += this.#election?.token ?? 0;
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
      jobId: `job-${index}`,
      directory: DIRECTORY,
      restoreFrom: start.restoreFrom,
      slots: requiredSlots(build()).total + plan.spareSlots,
      recordsPerStep: plan.recordsPerStep,
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
        onPointer: (pointer) => this.#pointed(pointer, outside),
        onRemoved: (checkpointId) => {
          for (const checker of live) checker.forgotten?.(checkpointId);
        },
      },
      pointers,
    );
  }

  #pointed(pointer: CheckpointPointer, outside: Outside<Out>): void {
    const { disk, live, random } = this.#world;
    const { checkpointId, directory } = pointer;
    this.#completed += 1;
    outside.completedId = Math.max(outside.completedId, checkpointId);
    const checkpoint = this.#read(directory);
    for (const checker of live) checker.completed?.({ pointer, disk, root: DIRECTORY, checkpoint });
    // Each is as likely to be the one.
    if (checkpoint?.drained === false && random.next() < 1 / this.#completed)
      this.#moment = { pointer, outside: outside.fork(checkpointId), files: disk.copy() };
  }

  #read(directory: string): CompletedCheckpoint | undefined {
    const bytes = this.#world.disk.bytesOf(`${DIRECTORY}/${directory}/_metadata`);
    try {
      return bytes && decodeMetadata(bytes, directory);
    } catch {
      return undefined; // what cannot be read cannot be restored: for the checkers
    }
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
    const directory = this.#cluster?.outcome?.savepoint;
    const savepoint = directory === undefined ? undefined : this.#read(directory);
    return savepoint?.drained === true ? savepoint : undefined;
  }
}
