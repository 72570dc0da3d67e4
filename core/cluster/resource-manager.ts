/**
 * Who gets which slot: TaskManagers register theirs, jobs say how many they need, and this endpoint brings them together.
 *
 * In:   TaskManagers that come and go, needs of jobs, slots that are free again. Out: requests to TaskManagers; to a job, the news that there are too few.
 * State: which job has which slot.
 *
 * A TaskManager and this endpoint send each other beats. One that is silent for too long is forgotten with its slots; if it was only slow, it hears of that, or finds it out by the silence, and
 * registers again with what runs in its slots, under the next number. Messages carry that number, so that what was said of an earlier registration counts no more.
 *
 * A job gets all that it lacks at once or nothing, since two jobs that each hold a half would wait for each other for ever. Jobs are served in the order in
 * which they came, and one that does not fit holds nobody up.
 */
import { slotShortage } from "../graph/slots.ts";
import type { RequiredSlots } from "../graph/slots.ts";
import { Heartbeats } from "./heartbeats.ts";
import type { HeartbeatTiming } from "./heartbeats.ts";
import type { Gateway } from "./rpc/in-process.ts";
import type { FromSlot, SlotStart } from "./slot-messages.ts";
import type { SpawnedSlot } from "./spawner.ts";

/** The master of a job, as far as its slots are concerned. Every call is a message. */
export interface SlotHost {
  /** It exists, and will offer itself. */
  started(slot: SpawnedSlot): void;
  received(slot: string, message: FromSlot): void;
  /** Nothing is left of it. `cause`: why it ended by itself; undefined if it was told to, or ended by force. */
  exited(slot: string, cause: Error | undefined): void;
  /** There are too few slots: the job waits for more. */
  waits(sentence: string): void;
}

export interface SlotRequest {
  readonly jobId: string;
  readonly start: Omit<SlotStart, "name">;
  readonly host: Gateway<SlotHost>;
}

/** A process with slots. Every call is a message. */
export interface TaskManagerGateway {
  /** `slot`: its index. */
  requestSlot(slot: number, request: SlotRequest): void;
  /** The job is over: whatever serves it ends. */
  release(jobId: string): void;
  beat(): void;
  /** It was not heard for too long, and has no slots here any more. */
  forgotten(): void;
}

export interface Registration {
  readonly taskManager: string;
  /** Higher than that of any earlier one of the same TaskManager. */
  readonly number: number;
  /** By index of the slot: the job that has it. */
  readonly jobs: readonly (string | undefined)[];
  readonly gateway: Gateway<TaskManagerGateway>;
}

interface Registered {
  readonly number: number;
  readonly gateway: Gateway<TaskManagerGateway>;
  /** As above, kept up to date. */
  readonly jobs: (string | undefined)[];
}

export interface ResourceManagerOptions {
  readonly timing: HeartbeatTiming;
  warn(line: string): void;
}

interface Job {
  readonly request: SlotRequest;
  readonly required: RequiredSlots;
  /** What it was told last. */
  said: string | undefined;
}

export class ResourceManager {
  readonly #taskManagers: Map<string, Registered>;
  readonly #jobs: Map<string, Job>;
  readonly #heartbeats: Heartbeats;
  /** Those who were silent for too long, with the number of their last registration: they may only be slow. */
  readonly #lost: Map<string, number>;
  readonly #warn: (line: string) => void;

  constructor(options: ResourceManagerOptions) {
    const { timing } = options;
    this.#taskManagers = new Map();
    this.#jobs = new Map();
    this.#lost = new Map();
    this.#warn = (line) => options.warn(line);
    this.#heartbeats = new Heartbeats({
      ...timing,
      send: (taskManager) => this.#taskManagers.get(taskManager)?.gateway.beat(),
      lost: (taskManager) => {
        this.#warn(`${taskManager} has not been heard for more than ${timing.timeoutMs} ms: its slots do not count`);
        const lost = this.#taskManagers.get(taskManager);
        if (lost === undefined) return;
        this.unregister(taskManager);
        this.#lost.set(taskManager, lost.number);
        lost.gateway.forgotten();
      },
    });
  }

  register({ taskManager, number, jobs, gateway }: Registration): void {
    const lostNumber = this.#lost.get(taskManager);
    if (number <= (this.#taskManagers.get(taskManager)?.number ?? lostNumber ?? 0)) return; // overtaken by a newer one
    if (lostNumber !== undefined) this.#warn(`${taskManager} is there again: its slots count`);
    this.#lost.delete(taskManager);
    this.#taskManagers.set(taskManager, { number, gateway, jobs: [...jobs] });
    this.#heartbeats.watch(taskManager);
    for (const job of new Set(jobs)) if (job !== undefined && !this.#jobs.has(job)) gateway.release(job); // it ended meanwhile
    this.#assign();
  }

  /** Its slots are gone with it. */
  unregister(taskManager: string): void {
    this.#heartbeats.forget(taskManager);
    this.#taskManagers.delete(taskManager);
    this.#lost.delete(taskManager);
    this.#assign();
  }

  beat(taskManager: string, registration: number): void {
    if (this.#taskManagers.get(taskManager)?.number === registration) this.#heartbeats.heard(taskManager);
  }

  require(request: SlotRequest, required: RequiredSlots): void {
    this.#jobs.set(request.jobId, { request, required, said: undefined });
    this.#assign();
  }

  /** The job is over. */
  release(jobId: string): void {
    this.#jobs.delete(jobId);
    for (const { gateway } of this.#taskManagers.values()) gateway.release(jobId);
  }

  freed(taskManager: string, registration: number, slot: number): void {
    const registered = this.#taskManagers.get(taskManager);
    if (registered?.number !== registration) return;
    registered.jobs[slot] = undefined;
    this.#assign();
  }

  #assign(): void {
    for (const job of this.#jobs.values()) this.#serve(job);
  }

  #serve(job: Job): void {
    const { request, required } = job;
    const own = this.#slotsWhere((owner) => owner === request.jobId);
    const free = this.#slotsWhere((owner) => owner === undefined);
    // Those of jobs that are over will be free in a moment: nothing to worry people about.
    const leaving = this.#slotsWhere((owner) => owner !== undefined && !this.#jobs.has(owner));
    const shortage = slotShortage(required, own.length + free.length + leaving.length);
    if (shortage !== undefined && job.said !== shortage.sentence) request.host.waits(shortage.sentence);
    job.said = shortage?.sentence;
    if (own.length + free.length < required.total) return;
    for (const { registered, slot } of free.slice(0, Math.max(0, required.total - own.length))) {
      registered.jobs[slot] = request.jobId;
      registered.gateway.requestSlot(slot, request);
    }
  }

  #slotsWhere(
    isMeant: (owner: string | undefined) => boolean,
  ): readonly { readonly registered: Registered; readonly slot: number }[] {
    return [...this.#taskManagers.values()].flatMap((registered) =>
      registered.jobs.flatMap((owner, slot) => (isMeant(owner) ? [{ registered, slot }] : [])),
    );
  }
}
