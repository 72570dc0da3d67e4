/**
 * Which slot each subtask of a job runs in. Slots are taken for all tasks that start together, or for none of them, and kept until they are lost.
 *
 * In:   the pool of offered slots, subtasks that are to start, losses. Out: the slot of each subtask.
 * State: by place of the plan (see graph/slots.ts), the slot that has taken it. What starts again goes where it was, if that slot is still there.
 */
import type { JobGraph, Subtask } from "../graph/job-graph-types.ts";
import { assignSlots } from "../graph/slots.ts";
import type { Placement, SlotAssignment } from "../graph/slots.ts";
import { assert } from "../util/errors.ts";
import type { Slot, SlotPool } from "./slot-pool.ts";

export class SlotAllocator {
  readonly #pool: SlotPool;
  readonly #plan: readonly SlotAssignment[];
  /** By vertex, then subtask: the place in the plan. */
  readonly #places: readonly (readonly number[])[];
  /** By place in the plan. */
  readonly #taken: Map<number, Slot>;

  constructor(graph: JobGraph, pool: SlotPool) {
    this.#pool = pool;
    this.#plan = assignSlots(graph);
    const places = graph.vertices.map((): number[] => []);
    for (const { slot, subtasks } of this.#plan)
      for (const { vertex, subtask } of subtasks) (places[vertex] ?? [])[subtask] = slot;
    this.#places = places;
    this.#taken = new Map();
  }

  /** True: each of them has a slot now. False: there are too few, and none was taken. Slots that came first are taken first. */
  allocate(subtasks: readonly Subtask[]): boolean {
    const needed = [...new Set(subtasks.map((subtask) => this.#placeOf(subtask)))].filter(
      (place) => !this.#taken.has(place),
    );
    if (needed.length === 0) return true;
    const taken = new Set([...this.#taken.values()].map(({ id }) => id));
    const slots = this.#pool.slots();
    const [first] = slots;
    const free = first?.takesAll === true ? needed.map(() => first) : slots.filter(({ id }) => !taken.has(id));
    if (free.length < needed.length) return false;
    needed
      .toSorted((left, right) => left - right)
      .forEach((place, index) => {
        const slot = free[index];
        if (slot !== undefined) this.#taken.set(place, slot);
      });
    return true;
  }

  slotOf(subtask: Subtask): Slot {
    const slot = this.#taken.get(this.#placeOf(subtask));
    assert(slot !== undefined, "only subtasks that a slot was allocated for run anywhere");
    return slot;
  }

  /** Nothing runs in that slot any more. Returns the subtasks that did, or could have. */
  free(id: string): readonly Subtask[] {
    const lost = this.#plan.filter(({ slot }) => this.#taken.get(slot)?.id === id);
    for (const { slot } of lost) this.#taken.delete(slot);
    return lost.flatMap(({ subtasks }) => subtasks);
  }

  /** Those that were taken, each once. */
  slots(): readonly Slot[] {
    return [...new Set(this.#taken.values())];
  }

  /** Where every subtask runs; no name for those that no slot was allocated for. */
  placement(): Placement {
    return this.#places.map((bySubtask) => bySubtask.map((place) => this.#taken.get(place)?.id ?? ""));
  }

  #placeOf({ vertex, subtask }: Subtask): number {
    const place = this.#places[vertex]?.[subtask];
    assert(place !== undefined, `the job has no subtask ${subtask} of vertex ${vertex}`);
    return place;
  }
}
