/**
 * Slot sharing groups: operators of one group may share slots, so a job needs as many slots as the highest parallelism of each group,
 * summed over the groups.
 */

export const DEFAULT_SLOT_SHARING_GROUP = "default";

/**
 * The group of one operator: the one it asks for; else its inputs' group if they all agree; else the default. Sources have no inputs, so
 * they get the default.
 */
export function slotSharingGroupOf(own: string | undefined, inputGroups: readonly string[]): string {
  if (own !== undefined) return own;
  const [first, ...others] = inputGroups;
  return first !== undefined && others.every((group) => group === first) ? first : DEFAULT_SLOT_SHARING_GROUP;
}
