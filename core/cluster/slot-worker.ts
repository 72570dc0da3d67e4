/**
 * The life of a slot: it offers itself to the leading master of a job, runs tasks for it, and when that master is lost or another leads, ends them and
 * offers itself anew.
 *
 * In:   who leads, messages of masters and of other slots. Out: offers, reports and beats to the master; channel messages.
 * State: the offer that is in force. Each has a name of its own, which every message carries: what was meant for an earlier one is dropped, so that neither a
 *        master that was replaced nor tasks that it started elsewhere can reach the tasks of its successor.
 */
import type { TaskReports } from "../runtime/deployment.ts";
import type { Config } from "../util/config.ts";
import { MillraceError } from "../util/errors.ts";
import { Heartbeats, heartbeatTiming } from "./heartbeats.ts";
import { TaskSlot } from "./task-slot.ts";
import type { SlotMessage, TaskSlotGateway, TaskSlotOptions } from "./task-slot.ts";

/** What a slot tells the master of a job. Every call is a message. */
export interface SlotReports extends TaskReports {
  /** Free, and waiting for tasks. */
  offer(): void;
  beat(): void;
  /** It has found out by itself that the master or its own work is lost, and withdraws its offer. */
  withdraw(cause: Error): void;
}

/** What a master asks of a slot. Every call is a message. */
export interface SlotGateway extends TaskSlotGateway {
  beat(): void;
  /** The master counts on it no more. */
  dismiss(): void;
}

/** Their methods, for gateways whose calls travel. */
export const SLOT_REPORTS: readonly (keyof SlotReports)[] = [
  "running",
  "ended",
  "failed",
  "terminated",
  "acknowledge",
  "decline",
  "operatorEvent",
  "accumulated",
  "offer",
  "beat",
  "withdraw",
];
export const SLOT_CALLS: readonly (keyof SlotGateway)[] = [
  "deploy",
  "cancel",
  "trigger",
  "completed",
  "aborted",
  "operatorEvent",
  "beat",
  "dismiss",
];

/** A master that leads a job, as a slot reaches it. */
export interface Leader {
  /** Rises with every change of leadership. */
  readonly token: number;
  /** The reports of one offer: the master knows from which one they come. */
  reportsOf(offer: string): SlotReports;
}

export interface SlotWorkerOptions extends Omit<TaskSlotOptions, "reports" | "slot" | "send"> {
  readonly name: string;
  readonly config: Config;
  /** False: it ends with whoever runs the master, and a silent master is only slow. Default: a silent one is lost. */
  readonly watchesMaster?: boolean;
  send(from: string, to: string, message: SlotMessage): void;
}

interface Offer {
  readonly id: string;
  readonly leader: Leader;
  readonly reports: SlotReports;
  readonly taskSlot: TaskSlot;
  readonly heartbeats: Heartbeats;
}

const MASTER = "master";

/** Before it offers itself once more to a master that it had lost. */
const OFFER_AGAIN_MS = 1_000;

export class SlotWorker {
  readonly #options: SlotWorkerOptions;
  #offers: number;
  #current: Offer | undefined;
  /** The newest that is known, whether or not an offer to it is in force: older news never counts again. */
  #leader: Leader | undefined;
  #isReleasing: boolean;
  /** Set once nobody needs the slot any more. */
  #stopped: (() => void) | undefined;

  constructor(options: SlotWorkerOptions) {
    this.#options = options;
    this.#offers = 0;
    this.#current = undefined;
    this.#leader = undefined;
    this.#isReleasing = false;
    this.#stopped = undefined;
  }

  /** News of the election; older news may come late. */
  leads(leader: Leader): void {
    if (this.#leader !== undefined && leader.token <= this.#leader.token) return;
    this.#leader = leader;
    if (this.#current === undefined) this.#offer();
    else this.#release();
  }

  /** From a master, to one of the offers; undefined if that is not in force. */
  gateway(offer: string): SlotGateway | undefined {
    const current = this.#current;
    if (current === undefined || current.id !== offer || this.#isReleasing) return undefined;
    const { id, taskSlot, heartbeats } = current;
    return {
      // Whoever keeps the gateway for longer than the offer starts nothing and ends nothing with it.
      deploy: (descriptor) => this.holds(id) && taskSlot.deploy(descriptor),
      cancel: (task) => taskSlot.cancel(task),
      trigger: (task, checkpointId, options) => taskSlot.trigger(task, checkpointId, options),
      completed: (checkpointId) => taskSlot.completed(checkpointId),
      aborted: (checkpointId) => taskSlot.aborted(checkpointId),
      operatorEvent: (task, operatorId, event) => taskSlot.operatorEvent(task, operatorId, event),
      beat: () => heartbeats.heard(MASTER),
      dismiss: () => this.masterLost(id),
    };
  }

  /** Whether an offer is in force. */
  holds(offer: string): boolean {
    return this.#current?.id === offer && !this.#isReleasing;
  }

  /** From another slot, to one of the offers. */
  receive(offer: string, message: SlotMessage): void {
    if (this.#current?.id === offer) this.#current.taskSlot.receive(message);
  }

  /** The connection to the master of an offer was lost. */
  masterLost(offer: string): void {
    if (this.#current?.id === offer) this.#release();
  }

  /** The connection to another slot was lost. */
  disconnected(slot: string, cause: Error): void {
    this.#current?.taskSlot.disconnected(slot, cause);
  }

  /** For good: ends its tasks, and offers itself no more. */
  stop(done: () => void): void {
    this.#stopped = done;
    if (this.#current === undefined) done();
    else this.#release();
  }

  #offer(): void {
    const leader = this.#leader;
    if (leader === undefined || this.#stopped !== undefined) return;
    const { name, config, clock, watchesMaster = true } = this.#options;
    this.#offers += 1;
    const id = `${name}#${this.#offers}`;
    const reports = leader.reportsOf(id);
    const taskSlot = new TaskSlot({
      ...this.#options,
      reports,
      slot: id,
      send: (to, message) => this.#options.send(id, to, message),
    });
    const heartbeats = new Heartbeats({
      clock,
      ...heartbeatTiming(config),
      ...(!watchesMaster && { timeoutMs: Infinity }),
      send: () => reports.beat(),
      lost: () => {
        reports.withdraw(new MillraceError("MR7008", `slot ${id} has not heard from the job master for too long`));
        this.#release();
      },
    });
    this.#current = { id, leader, reports, taskSlot, heartbeats };
    heartbeats.watch(MASTER);
    reports.offer();
  }

  /** Ends its tasks, and offers itself anew: to the same master after a while, if no newer one is known by then. */
  #release(): void {
    const current = this.#current;
    if (current === undefined || this.#isReleasing) return;
    this.#isReleasing = true;
    current.heartbeats.stop();
    current.taskSlot.release(() => {
      this.#isReleasing = false;
      this.#current = undefined;
      if (this.#stopped !== undefined) this.#stopped();
      else if (this.#leader !== current.leader) this.#offer();
      else this.#offerLater();
    });
  }

  #offerLater(): void {
    this.#options.clock.schedule(OFFER_AGAIN_MS, () => {
      if (this.#current === undefined) this.#offer();
    });
  }
}
