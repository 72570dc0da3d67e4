/**
 * The slot's side of a slot in a thread or process of its own: wires a `SlotWorker` to the job's master, to other slots and to the job's stores.
 *
 * In:   messages of the process that it belongs to, links to other slots. Out: messages to both; `ended` once the job is over and everything is closed.
 * State: links by the name of the other slot, and what waits for a link. Everything else is the worker's.
 */
import type { JobGraph } from "../graph/job-graph-types.ts";
import { MetricRegistry } from "../metrics/metric-registry.ts";
import { codeFingerprint, ModuleCopies } from "../runtime/copies.ts";
import type { TaskDescriptor } from "../runtime/deployment.ts";
import { ThreadScheduler } from "../runtime/thread-scheduler.ts";
import { MountedBlobStore } from "../storage/mounted.ts";
import { Config, OPTIONS } from "../util/config.ts";
import type { Outcome } from "../util/outcome.ts";
import { closeKept } from "./close-kept.ts";
import { Peers } from "./peers.ts";
import { makeCall, remoteGateway } from "./rpc/remote-gateway.ts";
import { RemoteBlobStore } from "./rpc/remote-store.ts";
import type { FromSlot, Mount, SlotStart, ToSlot } from "./slot-messages.ts";
import { SlotMetrics } from "./slot-metrics.ts";
import { SLOT_REPORTS, SlotWorker } from "./slot-worker.ts";
import type { SlotGateway, SlotReports } from "./slot-worker.ts";
import type { ReadHealth } from "./thread-health.ts";
import type { World } from "./world.ts";

/** What the job's module has built here. */
export interface BuiltJob {
  readonly graph: JobGraph;
  readonly config: Config;
}

export interface SlotEndpointOptions {
  readonly start: SlotStart;
  /** If it could not be built, whatever is deployed here fails with the reason. */
  readonly built: Outcome<BuiltJob>;
  readonly world: World;
  readonly health: ReadHealth;
  /** Takes in what has arrived on links, at once. */
  readonly poll: () => void;
  readonly send: (message: FromSlot) => void;
  readonly ended: () => void;
}

/** A slot knows one master all its life. */
const TOKEN = 1;

/** A task's description without what each slot has by itself. */
type Deployment = Omit<TaskDescriptor, "graph" | "config" | "jobName">;

/** What a master sends in place of the description. */
export function withoutGraph({
  graph: _graph,
  config: _config,
  jobName: _name,
  ...deployment
}: TaskDescriptor): Deployment {
  return deployment;
}

export class SlotEndpoint {
  readonly peers: Peers;
  readonly #options: SlotEndpointOptions;
  readonly #store: MountedBlobStore;
  readonly #memory: RemoteBlobStore;
  readonly #told: SlotMetrics;
  readonly #worker: SlotWorker;
  #reports: SlotReports | undefined;
  #hasEnded: boolean;

  constructor(options: SlotEndpointOptions) {
    const { start, built, world, send } = options;
    const { clock, random } = world;
    this.#options = options;
    this.#memory = new RemoteBlobStore((request) => send({ kind: "store", request }));
    this.#store = new MountedBlobStore((callback) => clock.yield(callback));
    for (const mount of start.mounts) this.#mount(mount);
    const metrics = new MetricRegistry({ clock, taskManagerId: start.name });
    this.#told = new SlotMetrics({
      clock,
      registry: metrics,
      jobName: start.jobName,
      slot: start.name,
      health: options.health,
      tell: (readings) => send({ kind: "metrics", readings }),
    });
    this.#reports = undefined;
    this.#hasEnded = false;
    const config = built.ok ? built.value.config : new Config(start.config);
    const isCopied = built.ok && config.get(OPTIONS.operatorCopies);
    this.#worker = new SlotWorker({
      name: start.name,
      config,
      watchesMaster: false,
      clock,
      random,
      storage: this.#store,
      scratch: world.openScratch(config.get(OPTIONS.temporaryDirectories)),
      metrics,
      copies: new ModuleCopies({
        enabled: isCopied,
        job: built.ok ? codeFingerprint(built.value.graph) : start.jobName,
      }),
      warn: (line) => send({ kind: "warn", line }),
      scheduler: new ThreadScheduler(clock, options.poll),
      send: (from, to, message) => this.peers.send({ kind: "channel", from, to, message }),
    });
    this.peers = new Peers({
      worker: this.#worker,
      connect: (peer) => send({ kind: "connect", peer }),
      defer: (callback) => clock.yield(callback),
    });
  }

  /** Offers the slot. */
  begin(): void {
    this.#worker.leads({ token: TOKEN, reportsOf: (offer) => this.#reportsOf(offer) });
  }

  receive(message: ToSlot): void {
    switch (message.kind) {
      case "call": {
        const gateway = this.#worker.gateway(message.offer);
        if (gateway !== undefined) makeCall(this.#withGraph(gateway), message.call);
        return;
      }
      case "mount":
        return this.#mount(message.mount);
      case "store":
        return this.#memory.answered(message.answer);
      case "no-peer":
        return this.peers.refused(message.peer);
      case "end":
        return this.#end();
    }
  }

  #reportsOf(offer: string): SlotReports {
    const { send } = this.#options;
    const reports = remoteGateway<SlotReports>(SLOT_REPORTS, (call) => send({ kind: "call", offer, call }));
    const told: SlotReports = {
      ...reports,
      // Before the last report of a task, so that whoever hears it has counted what the task has done.
      terminated: (task, state) => {
        this.#told.tell();
        reports.terminated(task, state);
      },
    };
    this.#reports = told;
    return told;
  }

  #withGraph(gateway: SlotGateway): object {
    const { built, start } = this.#options;
    return {
      ...gateway,
      deploy: (deployment: Deployment) => {
        if (built.ok) return gateway.deploy({ ...deployment, ...built.value, jobName: start.jobName });
        this.#reports?.failed(deployment.task, built.error);
        return this.#reports?.terminated(deployment.task, "failed");
      },
    };
  }

  #mount({ mount, directory }: Mount): void {
    this.#store.mount(mount, directory === undefined ? this.#memory : this.#options.world.openStore(directory));
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#told.stop();
    const { built, ended } = this.#options;
    this.#worker.stop(() => {
      if (built.ok) closeKept(built.value.graph);
      this.peers.close();
      ended();
    });
  }
}
