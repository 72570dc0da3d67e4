/**
 * A TaskManager: a process with a number of slots, in each of which it starts what serves a job.
 *
 * In:   requests of the ResourceManager; what slots say, and their ends. Out: slots, to the masters of their jobs; to the ResourceManager what is free again.
 * State: what runs in each slot. A slot serves one job and ends with it.
 */
import type { Cancel, Clock } from "../time/clock.ts";
import { assert } from "../util/errors.ts";
import type { Endpoint } from "./rpc/endpoint.ts";
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
  readonly resourceManager: Gateway<Pick<ResourceManager, "freed">>;
}

interface Occupied {
  readonly jobId: string;
  readonly slot: SpawnedSlot;
  /** Once it was told to end. */
  cancelTermination: Cancel | undefined;
}

/** What a slot's resources may take to close, before it is ended by force. */
const GRACE_MS = 5_000;

export class TaskManager implements TaskManagerGateway {
  readonly #options: TaskManagerOptions;
  readonly #occupied: Map<number, Occupied>;
  #started: number;
  /** It is being ended by force. */
  #onEmpty: (() => void) | undefined;

  constructor(options: TaskManagerOptions) {
    this.#options = options;
    this.#occupied = new Map();
    this.#started = 0;
    this.#onEmpty = undefined;
  }

  requestSlot(index: number, { jobId, start, host }: SlotRequest): void {
    // It was asked before it was known to be lost: whoever asked looks for another.
    if (this.#onEmpty !== undefined) return;
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
            resourceManager.freed(id, index);
            if (this.#occupied.size === 0) this.#onEmpty?.();
          }),
      },
    );
    this.#occupied.set(index, { jobId, slot, cancelTermination: undefined });
    host.started(slot);
  }

  release(jobId: string): void {
    for (const occupied of this.#occupied.values()) {
      if (occupied.jobId !== jobId || occupied.cancelTermination !== undefined) continue;
      occupied.slot.send({ kind: "end" });
      occupied.cancelTermination = this.#options.clock.schedule(GRACE_MS, () => occupied.slot.terminate());
    }
  }

  /** Ends what runs in a slot by force, as if its thread had died; another takes its place. Does nothing for a slot that is free. */
  killSlot(index: number): void {
    this.#occupied.get(index)?.slot.terminate();
  }

  /** Ends all slots by force; `done` is called when nothing of them is left. */
  terminate(done: () => void): void {
    this.#onEmpty = done;
    for (const { slot } of this.#occupied.values()) slot.terminate();
    if (this.#occupied.size === 0) done();
  }
}
