/**
 * What a writer does before its first record: makes the directory, removes what must not stay, and finds numbers that no file has.
 *
 * Subtask `i` of `p` looks after the files of all subtasks `s` with `s % p = i`, whichever parallelism they had, and subtask 0 also after files that are not
 * the sink's. So every file has one owner who removes it before it writes itself, and nobody removes what another has just written: emptying the
 * directory needs no agreement between subtasks.
 *
 * Files of a savepoint stay even if no state knows them, and keep their numbers: the savepoint will finish them under these names.
 */
import { basename, join } from "node:path";
import type { FileInfo, FileSystem } from "../../core/storage/file-system.ts";
import type { Done } from "../../core/util/outcome.ts";
import { failed, succeeded } from "../../core/util/outcome.ts";
import { parsePartName } from "./part-names.ts";
import type { PartNaming } from "./part-names.ts";
import { mergedStates } from "./sink-state.ts";
import type { FileSinkState } from "./sink-state.ts";

export interface SinkStart {
  readonly directory: string;
  readonly naming: PartNaming;
  readonly fileSystem: FileSystem;
  readonly subtask: number;
  readonly parallelism: number;
  readonly restored: readonly FileSinkState[];
  /** Hidden files that no state knows: those of earlier attempts of this run, or of a run whose checkpoint may still be restored. */
  readonly leftovers: "remove" | "keep";
  readonly emptyFirst: boolean;
  /** The task has ended: nothing more is removed, since a later attempt may already write. */
  isOver(): boolean;
}

/** Answers with the states of the subtasks that this one looks after; the first is its own. */
export function startSink(start: SinkStart, done: Done<readonly FileSinkState[]>): void {
  const { directory, fileSystem } = start;
  fileSystem.makeDirectory(directory, (made) => {
    if (!made.ok) return done(made);
    fileSystem.list(directory, (listed) => {
      if (!listed.ok) return done(listed);
      const { states, removals } = survey(start, listed.value);
      removeAll(
        start,
        removals.map((name) => join(directory, name)),
        (removed) => done(removed.ok ? succeeded(states) : removed),
      );
    });
  });
}

interface Survey {
  readonly states: readonly FileSinkState[];
  /** Names. */
  readonly removals: readonly string[];
}

function survey(start: SinkStart, entries: readonly FileInfo[]): Survey {
  const isOwn = (subtask: number): boolean => subtask % start.parallelism === start.subtask;
  const own = mergedStates(start.restored.filter((state) => isOwn(state.subtask)));
  const next = new Map([[start.subtask, 0], ...[...own].map(([subtask, state]) => [subtask, state.next] as const)]);
  const present = new Set<string>();
  const removals: string[] = [];
  for (const entry of entries) {
    const name = basename(entry.path);
    const part = parsePartName(name, start.naming);
    if (part === undefined) {
      if (start.emptyFirst && start.subtask === 0) removals.push(name);
    } else if (isOwn(part.subtask)) {
      const { subtask, number, attemptId, kept } = part;
      // A later attempt finds nothing of this name but what an earlier one, which had emptied the directory too, gave to a savepoint.
      if (start.emptyFirst && !(kept && start.leftovers === "remove")) {
        removals.push(name);
        continue;
      }
      if (attemptId === undefined || kept) next.set(subtask, Math.max(next.get(subtask) ?? 0, number + 1));
      if (attemptId === undefined) continue;
      if (own.get(subtask)?.live.some((live) => live.attemptId === attemptId && number < live.next))
        present.add(attemptId);
      else if (start.leftovers === "remove" && !kept) removals.push(name);
    }
  }
  const states = [...next].map(([subtask, number]) => {
    const live = own.get(subtask)?.live ?? [];
    return { subtask, next: number, live: live.filter(({ attemptId }) => present.has(attemptId)) };
  });
  return { states, removals };
}

function removeAll(start: SinkStart, paths: readonly string[], done: Done<void>, index = 0): void {
  const path = paths[index];
  if (path === undefined || start.isOver()) return done(succeeded(undefined));
  start.fileSystem.remove(path, (outcome) =>
    outcome.ok ? removeAll(start, paths, done, index + 1) : done(failed(outcome.error)),
  );
}
