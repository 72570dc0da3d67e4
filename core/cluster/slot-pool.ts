/**
 * The slots that a job master has been offered, and who runs where.
 *
 * In:   offers and losses of slots. Out: a placement of all subtasks of a job, with a gateway to each.
 * State: the slots. A placement is a value: it stays what it was when slots come and go, until the job is placed anew.
 */
import type { JobGraph, Subtask } from "../graph/job-graph-types.ts";
import { assignSlots, placementOf, requiredSlots } from "../graph/slots.ts";
import type { Placement } from "../graph/slots.ts";
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

  /** Undefined while there are too few. Slots that came first are taken first. */
  place(graph: JobGraph): SlotPlacement | undefined {
    const slots = [...this.#slots.values()];
    const [first] = slots;
    if (first?.takesAll === true)
      return new SlotPlacement(
        placementOf(graph, () => first.id),
        [first],
      );
    const assignments = assignSlots(graph);
    if (slots.length < requiredSlots(graph).total) return undefined;
    const taken = slots.slice(0, assignments.length);
    return new SlotPlacement(
      placementOf(graph, ({ slot }) => taken[slot]?.id ?? ""),
      taken,
    );
  }
}

export class SlotPlacement {
  readonly placement: Placement;
  readonly slots: readonly Slot[];
  readonly #byId: ReadonlyMap<string, Slot>;

  constructor(placement: Placement, slots: readonly Slot[]) {
    this.placement = placement;
    this.slots = slots;
    this.#byId = new Map(slots.map((slot) => [slot.id, slot]));
  }

  slotOf({ vertex, subtask }: Subtask): Slot {
    const slot = this.#byId.get(this.placement[vertex]?.[subtask] ?? "");
    assert(slot !== undefined, "every subtask of a placement has a slot");
    return slot;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }
}
