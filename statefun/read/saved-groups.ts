/**
 * Opens a checkpoint and finds the operators in it that run functions.
 *
 * In: a path, and the name of the functions where a job has several. Out: groups, whose keyed state can be read a subtask at a time.
 */
import { refuse } from "../../core/api/refuse.ts";
import { openSavedState } from "../../core/api/saved-state.ts";
import type { SavedOperatorState, SavedState } from "../../core/api/saved-state.ts";
import { nearest } from "../../core/util/nearest.ts";
import { groupOf } from "../group/saved-names.ts";

/** What may be said about reading a checkpoint. */
export interface ReadOptions {
  /** Of the functions, where a job has several: that of `statefun(env, { name })`. Default: there is one group only. */
  readonly name?: string;
  /** State that lives for a time by the clock is shown as of this time, in ms since the epoch. Default: when the checkpoint was completed. */
  readonly atMs?: number;
}

export interface SavedGroup extends SavedOperatorState {
  readonly group: string;
}

export interface OpenedGroups {
  readonly saved: SavedState;
  /** At least one. */
  readonly groups: readonly SavedGroup[];
}

/** Errors: `MR5001` to `MR5003` not a checkpoint; `MR9070` no functions in it, or none of that name. */
export async function openGroups(path: string, name: string | undefined): Promise<OpenedGroups> {
  const saved = await openSavedState(path);
  const all = saved.operators.flatMap((operator): SavedGroup[] => {
    const group = groupOf(operator);
    const { name: operatorName, uid } = operator;
    return group === undefined
      ? []
      : [{ group, name: operatorName, uid, keyedStates: (atMs) => operator.keyedStates(atMs) }];
  });
  if (all.length === 0)
    refuse(
      "MR9070",
      `the checkpoint at ${path} has no stateful functions: it is of the job "${saved.jobName}"; name one of a job that has some`,
    );
  const groups = all.filter(({ group }) => name === undefined || group === name);
  if (groups.length > 0) return { saved, groups };
  const names = all.map(({ group }) => group);
  const suggestion = nearest(name ?? "", names);
  const hint = suggestion === undefined ? `there are those of ${quoted(names)}` : `did you mean "${suggestion}"?`;
  return refuse("MR9070", `the checkpoint at ${path} has no functions named "${name}": ${hint}`);
}

/** Where one group is asked for. Errors: as {@link openGroups}; `MR9071` there are several. */
export async function openGroup(
  path: string,
  name: string | undefined,
): Promise<{ readonly saved: SavedState; readonly group: SavedGroup }> {
  const { saved, groups } = await openGroups(path, name);
  const [group, ...others] = groups;
  if (group !== undefined && others.length === 0) return { saved, group };
  const names = quoted(groups.map((one) => one.group));
  return refuse("MR9071", `the checkpoint at ${path} has functions of ${names}: say which with { name }`);
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}
