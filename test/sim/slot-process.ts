/** A simulated process with one slot: hears who leads, offers itself, runs tasks. All it knows goes with it when it crashes. */
import { SLOT_REPORTS, SlotWorker } from "../../core/cluster/slot-worker.ts";
import type { Leader, SlotGateway, SlotReports } from "../../core/cluster/slot-worker.ts";
import type { SlotMessage } from "../../core/cluster/task-slot.ts";
import type { JobGraph } from "../../core/graph/job-graph-types.ts";
import { MetricRegistry } from "../../core/metrics/metric-registry.ts";
import { ModuleCopies } from "../../core/runtime/copies.ts";
import { MemoryScratch } from "../../core/storage/memory-scratch.ts";
import type { TaskDescriptor } from "../../core/runtime/deployment.ts";
import { assert } from "../../core/util/errors.ts";
import type { Cluster } from "./cluster.ts";
import type { Connection } from "./network.ts";
import { remoteGateway } from "./rpc.ts";
import type { SimProcess } from "./scheduler.ts";
import { StepScheduler } from "./step-scheduler.ts";
import { Endpoint } from "../../core/cluster/rpc/endpoint.ts";

export class SlotProcess {
  readonly process: SimProcess;
  readonly worker: SlotWorker;
  readonly metrics: MetricRegistry;
  readonly #cluster: Cluster;
  readonly #graph: JobGraph;
  readonly #endpoint: Endpoint;
  /** To other slots, by the two offers. */
  readonly #connections = new Map<string, Connection>();

  constructor(cluster: Cluster, name: string) {
    const { scheduler, random, disk, config, jobName, recordsPerStep, slowMs } = cluster.options;
    this.#cluster = cluster;
    this.process = scheduler.process(name);
    this.#graph = cluster.options.buildGraph();
    const { clock } = this.process;
    this.metrics = new MetricRegistry({ clock, taskManagerId: name });
    this.#endpoint = new Endpoint({ clock, onError: (error) => cluster.broken(name, error) });
    this.worker = new SlotWorker({
      name,
      config,
      clock,
      random,
      storage: disk.view(this.process, cluster.options.directory),
      scratch: new MemoryScratch(),
      metrics: this.metrics,
      copies: new ModuleCopies({ enabled: false, job: jobName }),
      warn: (line) => cluster.warn(`${name}: ${line}`),
      scheduler: new StepScheduler({ scheduler, process: this.process, random, recordsMax: recordsPerStep, slowMs }),
      send: (from, to, message) => this.#send(from, to, message),
    });
  }

  /** The news arrives. */
  leads(token: number, master: { readonly process: SimProcess }): void {
    this.#endpoint.post(() => this.worker.leads(this.#leader(token, master)));
  }

  /** From the master: a call to one of its offers. */
  gateway(offer: string): SlotGateway | undefined {
    const gateway = this.worker.gateway(offer);
    if (gateway === undefined) return undefined;
    return {
      ...gateway,
      deploy: (descriptor) => {
        for (const checker of this.#cluster.options.live) checker.deployed?.(offer, descriptor.task, this.#graph);
        gateway.deploy(this.#own(descriptor));
      },
    };
  }

  /** A channel message of another slot. False: nobody is here for whom it is meant. */
  receive(offer: string, message: SlotMessage): boolean {
    if (!this.worker.holds(offer)) return false;
    this.#endpoint.post(() => this.worker.receive(offer, message));
    return true;
  }

  post(message: () => void): void {
    this.#endpoint.post(message);
  }

  /** Each process has built the job's graph by itself, and runs its own functions. */
  #own(descriptor: TaskDescriptor): TaskDescriptor {
    assert(descriptor.graph.fingerprint === this.#graph.fingerprint, "every process builds the same graph");
    return { ...descriptor, graph: this.#graph };
  }

  #leader(token: number, master: { readonly process: SimProcess }): Leader {
    const { network, history } = this.#cluster.options;
    return {
      token,
      reportsOf: (offer) => {
        const connection = network.connect(
          { process: this.process, onBroken: () => this.worker.masterLost(offer) },
          { process: master.process, onBroken: (cause) => this.#cluster.master(token)?.lost(offer, cause) },
        );
        this.#cluster.master(token)?.reachable(offer, connection, this);
        const reports = remoteGateway<SlotReports>(connection, 0, {
          history,
          target: () => this.#cluster.master(token)?.reports(offer),
          methods: SLOT_REPORTS,
        });
        return {
          ...reports,
          failed: (task, cause) => {
            for (const checker of this.#cluster.options.live) checker.taskFailed?.(task, cause);
            reports.failed(task, cause);
          },
          terminated: (task, state) => {
            for (const checker of this.#cluster.options.live) checker.terminated?.(offer, task);
            reports.terminated(task, state);
          },
        };
      },
    };
  }

  /** Both ends name a channel alike: by the offers from producer to consumer. */
  #count({ message, attempt, channel }: SlotMessage, from: string, to: string): void {
    const { edge, producer, consumer } = channel;
    const place = `${attempt}/${edge}/${producer}/${consumer}`;
    for (const checker of this.#cluster.options.live) {
      if (message.kind === "records") checker.sent?.(`${from} ${to} ${place}`, 1);
      if (message.kind === "credit") checker.granted?.(`${to} ${from} ${place}`, message.frames);
      if (message.kind === "return") checker.granted?.(`${from} ${to} ${place}`, -message.frames);
    }
  }

  #send(from: string, to: string, message: SlotMessage): void {
    this.#count(message, from, to);
    const name = from < to ? `${from} ${to}` : `${to} ${from}`;
    const other = this.#cluster.slotOf(to);
    // Not in the middle of the step that sends.
    if (other === undefined)
      return this.#endpoint.post(() => this.worker.disconnected(to, new Error("nobody is there")));
    const known = this.#connections.get(name);
    // Lost, as what it sent before: it goes on only when it has heard, and then without the tasks that it sent for.
    if (known?.isBroken === true) return;
    const opened = known ?? this.#open(name, { from, to, other });
    const side = opened.ends[0].process === this.process ? 0 : 1;
    opened.send(side, () => {
      if (!other.receive(to, message)) opened.break(`${to} is not there any more`);
    });
  }

  #open(name: string, parts: { readonly from: string; readonly to: string; readonly other: SlotProcess }): Connection {
    const { from, to, other } = parts;
    const opened: Connection = this.#cluster.options.network.connect(
      { process: this.process, onBroken: (cause) => this.#broken(name, { opened, peer: to, cause }) },
      { process: other.process, onBroken: (cause) => other.#broken(name, { opened, peer: from, cause }) },
    );
    this.#connections.set(name, opened);
    other.#connections.set(name, opened);
    return opened;
  }

  #broken(name: string, about: { readonly opened: Connection; readonly peer: string; readonly cause: Error }): void {
    if (this.#connections.get(name) === about.opened) this.#connections.delete(name);
    this.worker.disconnected(about.peer, about.cause);
  }
}
