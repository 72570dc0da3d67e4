/** Joins the field lists of two shapes into one in which some fields are optional, so that five optional fields make one shape and not thirty-two. */

export interface OptionalNames {
  readonly names: readonly string[];
  readonly isOptional: readonly boolean[];
}

/** Undefined: they have less than half of their fields in common, or in another order. */
export function mergeNames(left: OptionalNames, right: OptionalNames): OptionalNames | undefined {
  const common = left.names.filter((name) => right.names.includes(name)).length;
  if (common * 2 < Math.max(left.names.length, right.names.length)) return undefined;
  const names: string[] = [];
  const isOptional: boolean[] = [];
  let at = 0;
  let other = 0;
  while (at < left.names.length || other < right.names.length) {
    const mine = left.names[at];
    const theirs = right.names[other];
    if (mine !== undefined && mine === theirs) {
      names.push(mine);
      isOptional.push(left.isOptional[at] === true || right.isOptional[other] === true);
      at += 1;
      other += 1;
    } else if (mine !== undefined && !right.names.includes(mine)) {
      names.push(mine);
      isOptional.push(true);
      at += 1;
    } else if (theirs !== undefined && !left.names.includes(theirs)) {
      names.push(theirs);
      isOptional.push(true);
      other += 1;
    } else {
      return undefined;
    }
  }
  return { names, isOptional };
}
