/**
 * Slot arithmetic. A slot holds at most one subtask of each vertex of a slot sharing group, so a group needs as many slots as its highest
 * parallelism, and a job the sum over its groups.
 *
 * In: a job graph. Out: how many slots, what runs in each, and what is missing if there are fewer.
 */
import type { JobGraph, Subtask } from "./job-graph-types.ts";

export interface GroupSlots {
  readonly group: string;
  readonly slots: number;
}

export interface RequiredSlots {
  readonly total: number;
  /** In the order in which the groups appear in the graph. */
  readonly perGroup: readonly GroupSlots[];
}

/** What runs in one slot. */
export interface SlotAssignment {
  readonly slot: number;
  readonly group: string;
  /** In the order of the vertices, so that producers stand before consumers. */
  readonly subtasks: readonly Subtask[];
}

/** Names of slots, by vertex, then subtask. */
export type Placement = readonly (readonly string[])[];

export interface GroupShortage {
  readonly group: string;
  readonly needed: number;
  readonly given: number;
  readonly missing: number;
}

export interface SlotShortage {
  readonly needed: number;
  readonly available: number;
  /** Only groups that lack slots. */
  readonly groups: readonly GroupShortage[];
  /** For the error: who lacks how much, and what helps. */
  readonly sentence: string;
}

export function requiredSlots(graph: JobGraph): RequiredSlots {
  const byGroup = new Map<string, number>();
  for (const { slotSharingGroup, parallelism } of graph.vertices) {
    byGroup.set(slotSharingGroup, Math.max(byGroup.get(slotSharingGroup) ?? 0, parallelism));
  }
  const perGroup = [...byGroup].map(([group, slots]) => ({ group, slots }));
  return { total: perGroup.reduce((sum, { slots }) => sum + slots, 0), perGroup };
}

/** Subtask i of every vertex of a group runs in the group's slot i, so that forward exchanges stay within a slot. */
export function assignSlots(graph: JobGraph): readonly SlotAssignment[] {
  const assignments: SlotAssignment[] = [];
  for (const { group, slots } of requiredSlots(graph).perGroup) {
    const vertices = graph.vertices.filter((vertex) => vertex.slotSharingGroup === group);
    for (let subtask = 0; subtask < slots; subtask += 1) {
      const present = vertices.filter((vertex) => subtask < vertex.parallelism);
      assignments.push({
        slot: assignments.length,
        group,
        subtasks: present.map((vertex) => ({ vertex: vertex.index, subtask })),
      });
    }
  }
  return assignments;
}

/** `slotOf`: who takes a slot of the plan. */
export function placementOf(graph: JobGraph, slotOf: (assignment: SlotAssignment) => string): Placement {
  const placement: string[][] = graph.vertices.map(() => []);
  for (const assignment of assignSlots(graph)) {
    for (const { vertex, subtask } of assignment.subtasks) {
      const subtasks = placement[vertex];
      if (subtasks !== undefined) subtasks[subtask] = slotOf(assignment);
    }
  }
  return placement;
}

/** Undefined if there are enough. Groups are served in their order, so that the shortage shows at the last ones. */
export function slotShortage(required: RequiredSlots, available: number): SlotShortage | undefined {
  if (available >= required.total) return undefined;
  const groups: GroupShortage[] = [];
  let left = available;
  for (const { group, slots } of required.perGroup) {
    const given = Math.min(slots, left);
    left -= given;
    if (given < slots) groups.push({ group, needed: slots, given, missing: slots - given });
  }
  const lacks = groups
    .map(({ group, needed, missing }) => `slot sharing group "${group}" needs ${needed} and lacks ${missing}`)
    .join(", ");
  const sentence = `the job needs ${slotCount(required.total)}, but there ${available === 1 ? "is" : "are"} ${available}: ${lacks}; add slots or lower the parallelism`;
  return { needed: required.total, available, groups, sentence };
}

function slotCount(count: number): string {
  return count === 1 ? "1 slot" : `${count} slots`;
}
