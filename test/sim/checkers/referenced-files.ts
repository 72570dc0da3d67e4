/**
 * No file is deleted while something refers to it: a checkpoint that the job may start from, or a metadata file that somebody may find. And none is left
 * behind when the job is over.
 *
 * Left behind may be what those wrote who died before anybody heard of it: of such runs only the first half is asked.
 */
import { decodeMetadata } from "../../../core/checkpoint/metadata.ts";
import { stateFilesOfCheckpoint } from "../../../core/checkpoint/snapshot-files.ts";
import type { StopKind } from "../plan.ts";
import type { LiveChecker } from "./checker.ts";

/** After these, somebody may have died with files that nobody else knows of, or nobody can read what he would have to delete, or a task was not let. */
const MAY_LEAK = [
  ...["crash-slot", "crash-master", "crash-all", "pause-slot", "pause-master", "part-slot", "part-master"],
  ...["break-connection", "damage", "delete"],
];

/** Whoever stops so leaves what it has on purpose, or cannot clean up. */
const LEAVES_FILES: ReadonlySet<StopKind | undefined> = new Set<StopKind>(["crash", "savepoint", "cancel"]);

export function referencedFiles(): LiveChecker {
  const filesOf = new Map<number, ReadonlySet<string>>();
  /** By path of the metadata file. */
  const namedBy = new Map<string, ReadonlySet<string>>();
  let problem: string | undefined;
  /** Not asked of who died: what it had begun to delete stays, and is named by what it had not yet deleted. */
  let orphaned: string | undefined;
  return {
    name: "files",
    completed({ pointer, checkpoint, root }) {
      if (checkpoint === undefined) return;
      const files = stateFilesOfCheckpoint(checkpoint).map(({ path }) => `${root}/${path}`);
      filesOf.set(pointer.checkpointId, new Set([...files, `${root}/${pointer.directory}/_metadata`]));
    },
    forgotten: (checkpointId) => void filesOf.delete(checkpointId),
    written(path, bytes, root) {
      if (path.endsWith("/_metadata")) namedBy.set(path, namedIn(bytes, root));
    },
    deleted(path) {
      namedBy.delete(path);
      for (const [checkpointId, files] of filesOf)
        if (files.has(path)) problem ??= `${path} was deleted, though checkpoint ${checkpointId} needs it`;
      for (const [metadata, files] of namedBy)
        if (files.has(path)) orphaned ??= `${path} was deleted, though ${metadata} names it`;
    },
    check({ world, struck, plan, stuck, failure, refusal }) {
      const untold = plan.legs.some(({ stop }) => LEAVES_FILES.has(stop?.how));
      if (problem !== undefined || untold || MAY_LEAK.some((fault) => struck.has(fault))) return problem;
      if (orphaned !== undefined) return orphaned;
      if (stuck !== undefined || failure !== undefined || refusal !== undefined) return undefined;
      const left = world.disk.paths().filter((path) => path.includes("/checkpoints/"));
      return left.length === 0 ? undefined : `left behind: ${left.join(", ")}`;
    },
  };
}

/** Nothing, if the file is only a part of one. */
function namedIn(bytes: Uint8Array, root: string): ReadonlySet<string> {
  try {
    return new Set(stateFilesOfCheckpoint(decodeMetadata(bytes, "")).map(({ path }) => `${root}/${path}`));
  } catch {
    return new Set();
  }
}
