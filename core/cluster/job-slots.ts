/**
 * The slots that serve one job, on the side of its master: takes what they say, and reaches them for the master.
 *
 * In:   slots that start and end, their messages. Out: offers, reports and losses to the job master; calls, links and answers to the slots.
 * State: the slots that are there, and the offer of each; what was mounted while the job ran, for slots that start later; why
 *        the last one was lost.
 *
 * A slot that is silent for too long, or does not offer itself in time, is ended by force: it may be caught in code of the job, and would never hear that nobody counts
 * on it.
 */
import type { MetricRegistry } from "../metrics/metric-registry.ts";
import type { TaskReports } from "../runtime/deployment.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import type { Clock } from "../time/clock.ts";
import type { Config } from "../util/config.ts";
import { isMillraceError, MillraceError } from "../util/errors.ts";
import { AwaitedSlots } from "./awaited-slots.ts";
import type { JobMaster } from "./job-master.ts";
import { OfferedSlots } from "./offered-slots.ts";
import type { SlotHost } from "./resource-manager.ts";
import type { Gateway } from "./rpc/in-process.ts";
import { makeCall, remoteGateway } from "./rpc/remote-gateway.ts";
import type { WireCall } from "./rpc/remote-gateway.ts";
import { serveStore } from "./rpc/remote-store.ts";
import { withoutGraph } from "./slot-endpoint.ts";
import { slotOfOffer } from "./slot-messages.ts";
import type { FromSlot, Mount } from "./slot-messages.ts";
import { SLOT_CALLS } from "./slot-worker.ts";
import type { SlotGateway, SlotReports } from "./slot-worker.ts";
import type { SpawnedSlot } from "./spawner.ts";

export interface JobSlotsOptions {
  readonly master: TaskReports & Pick<JobMaster, "slotOffered" | "slotLost" | "failJob">;
  readonly clock: Clock;
  readonly config: Config;
  /** URL of the job's module. */
  readonly module: string;
  readonly metrics: MetricRegistry;
  /** What slots share that is kept in memory. */
  readonly memory: BlobStore;
  /** People have been told that the job failed by it. */
  isReported(cause: Error): boolean;
  warn(line: string): void;
}

interface JobSlot {
  readonly slot: SpawnedSlot;
  readonly linked: Set<string>;
  /** That is in force. */
  offer: string | undefined;
  hasOffered: boolean;
  /** Nobody counts on it any more, and it is ended by force. */
  isDismissed: boolean;
  /** Why, where it never came so far as to offer itself. */
  overdue: Error | undefined;
}

/** So many slots in a row that end before they offer themselves: then it is the job that ends them. */
const STILLBORN_MAX = 3;

const NOTHING = (): void => undefined;
/** What becomes of reports of an offer that is not in force. */
const DROPPED: Omit<SlotReports, "offer"> = {
  running: NOTHING,
  ended: NOTHING,
  failed: NOTHING,
  terminated: NOTHING,
  acknowledge: NOTHING,
  decline: NOTHING,
  operatorEvent: NOTHING,
  accumulated: NOTHING,
  beat: NOTHING,
  withdraw: NOTHING,
};

export class JobSlots implements SlotHost {
  readonly #options: JobSlotsOptions;
  readonly #offered: OfferedSlots;
  readonly #awaited: AwaitedSlots;
  readonly #slots: Map<string, JobSlot>;
  readonly #mounts: Mount[];
  #stillborn: number;
  /** Why the last one that ended did. */
  #loss: Error | undefined;
  #isOver: boolean;

  constructor(options: JobSlotsOptions) {
    const { master, clock, config } = options;
    this.#options = options;
    this.#offered = new OfferedSlots({
      master,
      clock,
      config,
      forgivesOwnStalls: true,
      connect: (offer) => this.#connect(offer),
    });
    this.#awaited = new AwaitedSlots({
      ...options,
      warn: (line) => options.warn(line),
      overdue: (slot, cause) => this.#overdue(slot, cause),
    });
    this.#slots = new Map();
    this.#mounts = [];
    this.#stillborn = 0;
    this.#loss = undefined;
    this.#isOver = false;
  }

  started(slot: SpawnedSlot): void {
    if (this.#isOver) return;
    this.#slots.set(slot.name, {
      slot,
      linked: new Set(),
      offer: undefined,
      hasOffered: false,
      isDismissed: false,
      overdue: undefined,
    });
    this.#awaited.started(slot.name);
    for (const mount of this.#mounts) slot.send({ kind: "mount", mount });
  }

  received(name: string, message: FromSlot): void {
    const from = this.#slots.get(name);
    if (from === undefined) return;
    switch (message.kind) {
      case "call":
        return this.#called(from, message.offer, message.call);
      case "store":
        return serveStore(this.#options.memory, message.request, (answer) => from.slot.send({ kind: "store", answer }));
      case "connect":
        return this.#link(from, message.peer);
      case "metrics":
        return this.#options.metrics.mirror(name, message.readings);
      case "warn":
        return this.#options.warn(message.line);
    }
  }

  exited(name: string, cause: Error | undefined): void {
    const gone = this.#slots.get(name);
    this.#slots.delete(name);
    this.#awaited.forget(name);
    for (const { linked } of this.#slots.values()) linked.delete(name);
    if (gone === undefined || this.#isOver) return;
    const own = gone.overdue ?? cause;
    const reason = own ?? new MillraceError("MR7010", `slot ${name} was ended`);
    this.#loss = reason;
    if (gone.offer !== undefined) this.#offered.withdrawn(gone.offer, reason);
    if (own === undefined) return;
    if (!gone.hasOffered) this.#stillbornBy(own);
    // Often another slot has reported the lost connection before, and the job starts again for that.
    if (!this.#options.isReported(own)) this.#options.warn(own.message);
  }

  /** What people should hear of a failure that ends the job: behind a lost connection, why the slot at its other end is gone. */
  causeOf(failure: Error): Error {
    return isMillraceError(failure) && failure.code === "MR7007" ? (this.#loss ?? failure) : failure;
  }

  waits(sentence: string): void {
    this.#options.warn(`${sentence}; it waits for more`);
  }

  /** For a savepoint: whoever takes the place of a lost slot may have to write it, or to start from it. */
  mounted(mount: Mount): void {
    this.#mounts.push(mount);
    for (const { slot } of this.#slots.values()) slot.send({ kind: "mount", mount });
  }

  /** The job is over. */
  stop(): void {
    this.#isOver = true;
    this.#offered.stop();
    this.#awaited.stop();
  }

  #called(from: JobSlot, offer: string, call: WireCall): void {
    if (from.isDismissed || this.#isOver) return;
    const reports: SlotReports = {
      ...(offer === from.offer ? this.#reportsOf(from, offer) : DROPPED),
      offer: () => {
        this.#awaited.forget(from.slot.name);
        this.#stillborn = 0;
        from.offer = offer;
        from.hasOffered = true;
        this.#offered.offered(offer);
      },
    };
    makeCall(reports, call);
  }

  #reportsOf(from: JobSlot, offer: string): Omit<SlotReports, "offer"> {
    const { master } = this.#options;
    const offered = this.#offered;
    return {
      running: (task) => master.running(task),
      ended: (task) => master.ended(task),
      failed: (task, cause) => master.failed(task, cause),
      terminated: (task, state) => master.terminated(task, state),
      acknowledge: (ack) => master.acknowledge(ack),
      decline: (checkpointId, task, reason, cause) => master.decline(checkpointId, task, reason, cause),
      operatorEvent: (task, operatorId, event) => master.operatorEvent(task, operatorId, event),
      accumulated: (task, totals, quarantined) => master.accumulated(task, totals, quarantined),
      beat: () => offered.beat(offer),
      withdraw: (cause) => {
        from.offer = undefined;
        offered.withdrawn(offer, cause);
      },
    };
  }

  #connect(offer: string): Gateway<SlotGateway> {
    const from = this.#slots.get(slotOfOffer(offer));
    const slot = from?.slot;
    const remote = remoteGateway<SlotGateway>(SLOT_CALLS, (call) => slot?.send({ kind: "call", offer, call }));
    return {
      ...remote,
      deploy: (descriptor) => remote.deploy(withoutGraph(descriptor) as typeof descriptor), // the slot adds its own
      dismiss: () => {
        if (from !== undefined) from.isDismissed = true;
        slot?.terminate();
      },
    };
  }

  #link(from: JobSlot, peer: string): void {
    const to = this.#slots.get(peer);
    if (to === undefined) return from.slot.send({ kind: "no-peer", peer });
    if (from.linked.has(peer)) return undefined;
    from.linked.add(peer);
    to.linked.add(from.slot.name);
    return from.slot.link(to.slot);
  }

  #overdue(name: string, cause: Error): void {
    const late = this.#slots.get(name);
    if (late === undefined) return;
    late.overdue = cause;
    late.isDismissed = true;
    late.slot.terminate();
  }

  #stillbornBy(reason: Error): void {
    this.#stillborn += 1;
    if (this.#stillborn < STILLBORN_MAX) return;
    const sentence = `${STILLBORN_MAX} slots in a row ended before they could serve the job: ${reason.message}`;
    this.#options.master.failJob(new MillraceError("MR7012", sentence, { cause: reason, retryable: false }));
  }
}
