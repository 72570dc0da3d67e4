/** Operator lists when a job starts with another parallelism than it was saved with. */
import type { OperatorListSnapshot } from "../state/operator-state.ts";

/**
 * By new subtask. `union` lists go to everybody, whole. The others stay where they are if the parallelism does; else `together` lists are dealt whole, and of
 * `split` lists all items, in the order of their subtasks, in runs whose lengths differ by one at most.
 */
export function redistributeLists(
  saved: readonly (readonly OperatorListSnapshot[])[],
  parallelism: number,
): readonly (readonly OperatorListSnapshot[])[] {
  const dealt = Array.from({ length: parallelism }, (): OperatorListSnapshot[] => []);
  for (const [name, mode] of modesOf(saved)) {
    const items = saved.map((lists) => lists.find((list) => list.name === name)?.items ?? []);
    const all = items.flat();
    dealt.forEach((lists, subtask) => {
      if (mode === "union") lists.push({ name, mode, items: all });
      else if (saved.length === parallelism) lists.push({ name, mode, items: items[subtask] ?? [] });
      else if (mode === "together")
        lists.push({ name, mode, items: items.filter((_, former) => former % parallelism === subtask).flat() });
      else lists.push({ name, mode, items: share(all, { subtask, parallelism }) });
    });
  }
  return dealt;
}

/** In the order in which the names first occur. If subtasks differ in the mode of a list, the first one's holds. */
function modesOf(
  saved: readonly (readonly OperatorListSnapshot[])[],
): ReadonlyMap<string, OperatorListSnapshot["mode"]> {
  const modes = new Map<string, OperatorListSnapshot["mode"]>();
  for (const { name, mode } of saved.flat()) if (!modes.has(name)) modes.set(name, mode);
  return modes;
}

function share<T>(
  items: readonly T[],
  { subtask, parallelism }: { readonly subtask: number; readonly parallelism: number },
): readonly T[] {
  return items.slice(
    Math.floor((subtask * items.length) / parallelism),
    Math.floor(((subtask + 1) * items.length) / parallelism),
  );
}
