/**
 * The slots that a job master has been offered and has not lost. Who runs in which is up to `slot-allocator.ts`.
 *
 * In:   offers and losses of slots. Out: those that are there, with a gateway to each.
 */
import { assert } from "../util/errors.ts";
import type { Gateway } from "./rpc/in-process.ts";
import type { TaskSlotGateway } from "./task-slot.ts";

/** A place where tasks run on one thread. */
export interface Slot {
  readonly id: string;
  readonly gateway: Gateway<TaskSlotGateway>;
  /** It takes a whole job, as the one slot of a job that runs in the calling thread. */
  readonly takesAll?: boolean;
}

export class SlotPool {
  readonly #slots: Map<string, Slot>;

  constructor(slots: readonly Slot[] = []) {
    this.#slots = new Map(slots.map((slot) => [slot.id, slot]));
  }

  get size(): number {
    return this.#slots.size;
  }

  add(slot: Slot): void {
    assert(!this.#slots.has(slot.id), "a slot is offered once");
    this.#slots.set(slot.id, slot);
  }

  remove(id: string): void {
    this.#slots.delete(id);
  }

  /** Those that came first, first. */
  slots(): readonly Slot[] {
    return [...this.#slots.values()];
  }
}
