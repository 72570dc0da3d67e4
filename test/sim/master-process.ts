/** A simulated process that leads the job: recovers its checkpoints, takes offers of slots, and runs the job master until the job is over. */
import { findCheckpoint } from "../../core/checkpoint/find-checkpoint.ts";
import { PointerCheckpointStore, recoverCheckpoints } from "../../core/checkpoint/pointer-store.ts";
import type { RecoveredCheckpoint } from "../../core/checkpoint/pointer-store.ts";
import type { CompletedCheckpoint } from "../../core/checkpoint/contract.ts";
import { createMaster, reportsTo } from "../../core/cluster/create-master.ts";
import type { JobMaster, JobOutcome } from "../../core/cluster/job-master.ts";
import { OfferedSlots } from "../../core/cluster/offered-slots.ts";
import { Endpoint } from "../../core/cluster/rpc/endpoint.ts";
import { SlotPool } from "../../core/cluster/slot-pool.ts";
import { SLOT_CALLS } from "../../core/cluster/slot-worker.ts";
import type { SlotGateway, SlotReports } from "../../core/cluster/slot-worker.ts";
import { MetricRegistry } from "../../core/metrics/metric-registry.ts";
import type { TaskReports } from "../../core/runtime/deployment.ts";
import type { BlobStore } from "../../core/storage/blob-store.ts";
import { asError } from "../../core/util/errors.ts";
import type { Cluster } from "./cluster.ts";
import type { KeptOutcome } from "./election.ts";
import type { Connection } from "./network.ts";
import { remoteGateway } from "./rpc.ts";
import type { SimProcess } from "./scheduler.ts";
import type { SlotProcess } from "./slot-process.ts";

export class MasterProcess {
  readonly token: number;
  readonly process: SimProcess;
  readonly metrics: MetricRegistry;
  readonly #cluster: Cluster;
  readonly #endpoint: Endpoint;
  readonly #reports: TaskReports;
  readonly storage: BlobStore;
  readonly #peers = new Map<string, { readonly connection: Connection; readonly slot: SlotProcess }>();
  /** Came before there was a master to tell. */
  #early: ((slots: OfferedSlots) => void)[] = [];
  #store: PointerCheckpointStore | undefined = undefined;
  #master: JobMaster | undefined = undefined;
  #slots: OfferedSlots | undefined = undefined;

  constructor(cluster: Cluster, token: number) {
    const { scheduler, disk, directory } = cluster.options;
    this.token = token;
    this.#cluster = cluster;
    this.process = scheduler.process(`master-${token}`);
    const { clock } = this.process;
    this.metrics = new MetricRegistry({ clock });
    this.#endpoint = new Endpoint({ clock, onError: (error) => cluster.broken(this.process.name, error) });
    this.storage = disk.view(this.process, directory);
    this.#reports = reportsTo((message) => this.#endpoint.post(() => this.#master && message(this.#master)));
  }

  /** Undefined until it has recovered. */
  get master(): JobMaster | undefined {
    return this.#master;
  }

  start(): void {
    const { election } = this.#cluster.options;
    recoverCheckpoints({ pointers: election.pointersOf(this.process, this.token), storage: this.storage }, (outcome) =>
      this.#endpoint.post(() => {
        if (!outcome.ok) return this.#cluster.refused(this, outcome.error);
        if (outcome.value.length > 0) return this.#lead(outcome.value, undefined);
        return this.#findRestorePoint();
      }),
    );
  }

  post(message: () => void): void {
    this.#endpoint.post(message);
  }

  /** How to reach the slot that is about to make an offer. */
  reachable(offer: string, connection: Connection, slot: SlotProcess): void {
    this.#peers.set(offer, { connection, slot });
  }

  lost(offer: string, cause: Error): void {
    this.#tellSlots((slots) => slots.withdrawn(offer, cause));
  }

  /** What the slot of an offer says here. */
  reports(offer: string): SlotReports {
    return {
      ...this.#reports,
      offer: () => this.#tellSlots((slots) => slots.offered(offer)),
      beat: () => this.#tellSlots((slots) => slots.beat(offer)),
      withdraw: (cause) => this.#tellSlots((slots) => slots.withdrawn(offer, cause)),
    };
  }

  #tellSlots(message: (slots: OfferedSlots) => void): void {
    this.#endpoint.post(() => {
      if (this.#slots === undefined) this.#early.push(message);
      else message(this.#slots);
    });
  }

  #findRestorePoint(): void {
    const { restoreFrom } = this.#cluster.options;
    if (restoreFrom === undefined) return this.#lead([], undefined);
    return findCheckpoint(this.storage, restoreFrom, { acceptDuplicates: false }, (outcome) =>
      this.#endpoint.post(() => {
        if (outcome.ok) this.#lead([], outcome.value);
        else this.#cluster.refused(this, outcome.error);
      }),
    );
  }

  #lead(recovered: readonly RecoveredCheckpoint[], restorePoint: CompletedCheckpoint | undefined): void {
    const { config, jobName, jobId, random, election, history } = this.#cluster.options;
    const { clock } = this.process;
    const store = new PointerCheckpointStore(
      { pointers: election.pointersOf(this.process, this.token), clock },
      recovered,
    );
    this.#store = store;
    const master = createMaster({
      jobName,
      jobId,
      masterToken: this.token,
      config,
      graph: this.#cluster.options.buildGraph(),
      world: { clock, random, warn: (line) => this.#cluster.warn(`${this.process.name}: ${line}`) },
      metrics: this.metrics,
      endpoint: this.#endpoint,
      slots: new SlotPool(),
      store,
      storage: this.storage,
      // A directory for each master, so that files of one that is not yet dead are nobody else's.
      checkpointDirectory: `checkpoints/${jobId}-${this.token}`,
      restorePoint,
      toClient: () => undefined,
      onPhase: (phase) => {
        history.note({ kind: "phase", token: this.token, phase });
        this.#cluster.phase(phase);
      },
      onFailure: (cause) => {
        history.note({ kind: "failure", token: this.token, cause: cause.message });
        for (const checker of this.#cluster.options.live) checker.jobFailed?.(cause);
        this.#cluster.warn(`${this.process.name}: ${cause.message}`);
      },
      keepOutcome: (outcome, done) => election.keepOutcome(this.process, this.token, this.#kept(outcome), done),
      onEnded: () => {
        this.#slots?.stop();
        this.#cluster.ended(this);
      },
    });
    this.#master = master;
    this.#slots = new OfferedSlots({ master, clock, config, connect: (offer) => this.#connect(offer) });
    for (const message of this.#early.splice(0)) message(this.#slots);
    master.start();
  }

  #connect(offer: string): ReturnType<typeof remoteGateway<SlotGateway>> {
    const peer = this.#peers.get(offer);
    if (peer === undefined) throw new Error(`nobody knows how to reach ${offer}`);
    const { connection, slot } = peer;
    const { history } = this.#cluster.options;
    return remoteGateway<SlotGateway>(connection, 1, {
      history,
      target: () => ({
        deploy: (descriptor) => slot.post(() => slot.gateway(offer)?.deploy(descriptor)),
        cancel: (task) => slot.post(() => slot.gateway(offer)?.cancel(task)),
        trigger: (task, checkpointId, options) =>
          slot.post(() => slot.gateway(offer)?.trigger(task, checkpointId, options)),
        completed: (checkpointId) => slot.post(() => slot.gateway(offer)?.completed(checkpointId)),
        aborted: (checkpointId) => slot.post(() => slot.gateway(offer)?.aborted(checkpointId)),
        operatorEvent: (task, operatorId, event) =>
          slot.post(() => slot.gateway(offer)?.operatorEvent(task, operatorId, event)),
        beat: () => slot.post(() => slot.gateway(offer)?.beat()),
        dismiss: () => slot.post(() => slot.gateway(offer)?.dismiss()),
      }),
      methods: SLOT_CALLS,
    });
  }

  #kept(outcome: JobOutcome): KeptOutcome {
    const newest = this.#store?.retained().at(-1);
    return {
      kind: outcome.kind,
      message: outcome.kind === "failed" ? asError(outcome.cause).message : "",
      savepoint: newest?.kind === "savepoint" ? newest.directory : undefined,
      newest: newest?.directory,
    };
  }
}
