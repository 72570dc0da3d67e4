/**
 * Who gets which slot: TaskManagers register theirs, jobs say how many they need, and this endpoint brings them together.
 *
 * In:   TaskManagers that come and go, needs of jobs, slots that are free again. Out: requests to TaskManagers; to a job, the news that there are too few.
 * State: which job has which slot.
 *
 * A job gets all that it lacks at once or nothing, since two jobs that each hold a half would wait for each other for ever. Jobs are served in the order in
 * which they came, and one that does not fit holds nobody up.
 */
import { slotShortage } from "../graph/slots.ts";
import type { RequiredSlots } from "../graph/slots.ts";
import { assert } from "../util/errors.ts";
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
}

interface Registered {
  readonly gateway: Gateway<TaskManagerGateway>;
  /** By index: the job that has it. */
  readonly jobs: (string | undefined)[];
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

  constructor() {
    this.#taskManagers = new Map();
    this.#jobs = new Map();
  }

  register(taskManager: string, slots: number, gateway: Gateway<TaskManagerGateway>): void {
    assert(!this.#taskManagers.has(taskManager), "a TaskManager registers once");
    this.#taskManagers.set(taskManager, { gateway, jobs: new Array<undefined>(slots).fill(undefined) });
    this.#assign();
  }

  /** Its slots are gone with it. */
  unregister(taskManager: string): void {
    this.#taskManagers.delete(taskManager);
    this.#assign();
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

  freed(taskManager: string, slot: number): void {
    const registered = this.#taskManagers.get(taskManager);
    if (registered === undefined) return;
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
    for (const { registered, slot } of free.slice(0, required.total - own.length)) {
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
