/**
 * A TaskManager: a process with a number of slots, in each of which it starts what serves a job.
 *
 * In:   requests of the ResourceManager; what slots say, and their ends. Out: slots, to the masters of their jobs; to the ResourceManager what is free again.
 * State: what runs in each slot. A slot serves one job and ends with it; that the ResourceManager is silent, or has forgotten this one, ends no slot: it registers again, with what runs.
 */
import type { Cancel, Clock } from "../time/clock.ts";
import { assert } from "../util/errors.ts";
import { Heartbeats } from "./heartbeats.ts";
import type { HeartbeatTiming } from "./heartbeats.ts";
import type { Endpoint } from "./rpc/endpoint.ts";
import { inProcessGateway } from "./rpc/in-process.ts";
import type { Gateway } from "./rpc/in-process.ts";
import type { ResourceManager, SlotRequest, TaskManagerGateway } from "./resource-manager.ts";
import type { SpawnedSlot, Spawner } from "./spawner.ts";

export interface TaskManagerOptions {
  readonly id: string;
  readonly slots: number;
  readonly clock: Clock;
  readonly spawner: Spawner;
  /** Its own. */
  readonly endpoint: Endpoint;
  readonly resourceManager: Gateway<Pick<ResourceManager, "register" | "freed" | "beat">>;
  readonly timing: HeartbeatTiming;
}

interface Occupied {
  readonly jobId: string;
  readonly slot: SpawnedSlot;
  /** Once it was told to end. */
  cancelTermination: Cancel | undefined;
}

/** What a slot's resources may take to close, before it is ended by force. */
const GRACE_MS = 5_000;

/** The only one that a TaskManager watches. */
const RESOURCE_MANAGER = "resource manager";

export class TaskManager {
  readonly #options: TaskManagerOptions;
  readonly #occupied: Map<number, Occupied>;
  readonly #heartbeats: Heartbeats;
  #started: number;
  #registration: number;
  /** It is being ended by force. */
  #onEmpty: (() => void) | undefined;

  constructor(options: TaskManagerOptions) {
    this.#options = options;
    this.#occupied = new Map();
    this.#heartbeats = new Heartbeats({
      ...options.timing,
      send: () => options.resourceManager.beat(options.id, this.#registration),
      lost: () => this.register(),
    });
    this.#started = 0;
    this.#registration = 0;
    this.#onEmpty = undefined;
  }

  /** Offers its slots to the ResourceManager; again, when that has gone silent or has forgotten it. */
  register(): void {
    const { id, slots, endpoint, resourceManager } = this.#options;
    this.#registration += 1;
    this.#heartbeats.watch(RESOURCE_MANAGER);
    resourceManager.register({
      taskManager: id,
      number: this.#registration,
      jobs: Array.from({ length: slots }, (_, index) => this.#occupied.get(index)?.jobId),
      gateway: inProcessGateway(endpoint, this.#answering(this.#registration)),
    });
  }

  /** Ends what runs in a slot by force, as if its thread had died; another takes its place. Does nothing for a slot that is free. */
  killSlot(index: number): void {
    this.#occupied.get(index)?.slot.terminate();
  }

  /** Ends all slots by force; `done` is called when nothing of them is left. */
  terminate(done: () => void): void {
    this.#onEmpty = done;
    this.#heartbeats.stop();
    for (const { slot } of this.#occupied.values()) slot.terminate();
    if (this.#occupied.size === 0) done();
  }

  /** What was said of an earlier registration, whose slots the ResourceManager has counted differently, does not count. */
  #answering(registration: number): TaskManagerGateway {
    const isCurrent = (): boolean => registration === this.#registration && this.#onEmpty === undefined;
    return {
      requestSlot: (slot, request) => {
        if (isCurrent()) this.#start(slot, request);
      },
      release: (jobId) => this.#release(jobId),
      beat: () => {
        if (isCurrent()) this.#heartbeats.heard(RESOURCE_MANAGER);
      },
      forgotten: () => {
        if (isCurrent()) this.register();
      },
    };
  }

  #start(index: number, { jobId, start, host }: SlotRequest): void {
    assert(!this.#occupied.has(index), "a slot serves one job at a time");
    const { id, spawner, endpoint, resourceManager } = this.#options;
    this.#started += 1;
    // Each is another one for those who link to it, also where it takes the place of one that was lost.
    const name = `${id}/${index}.${this.#started}`;
    const slot = spawner.spawn(
      { ...start, name },
      {
        received: (message) => host.received(name, message),
        exited: (cause) =>
          endpoint.post(() => {
            this.#occupied.get(index)?.cancelTermination?.();
            this.#occupied.delete(index);
            host.exited(name, cause);
            resourceManager.freed(id, this.#registration, index);
            if (this.#occupied.size === 0) this.#onEmpty?.();
          }),
      },
    );
    this.#occupied.set(index, { jobId, slot, cancelTermination: undefined });
    host.started(slot);
  }

  #release(jobId: string): void {
    for (const occupied of this.#occupied.values()) {
      if (occupied.jobId !== jobId || occupied.cancelTermination !== undefined) continue;
      occupied.slot.send({ kind: "end" });
      occupied.cancelTermination = this.#options.clock.schedule(GRACE_MS, () => occupied.slot.terminate());
    }
  }
}
