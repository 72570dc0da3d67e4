/**
 * No file is deleted while something that the job may start from refers to it, and none is left behind when the job is over.
 *
 * Left behind may be what those wrote who died before anybody heard of it: of such runs only the first half is asked.
 */
import { stateFilesOfCheckpoint } from "../../../core/checkpoint/snapshot-files.ts";
import type { LiveChecker } from "./checker.ts";

/** After these, somebody may have died with files that nobody else knows of, or storage may have kept what it said it had not. */
const MAY_LEAK = [
  ...["crash-slot", "crash-master", "crash-all", "pause-slot", "pause-master", "part-slot", "part-master"],
  ...["break-connection", "damage", "write-unknown", "torn", "late-list", "write", "slow"],
  ...["pointer", "pointer-unknown", "pointer-list"],
];

export function referencedFiles(): LiveChecker {
  const filesOf = new Map<number, ReadonlySet<string>>();
  let problem: string | undefined;
  return {
    name: "files",
    completed({ pointer, checkpoint, root }) {
      if (checkpoint === undefined) return;
      const files = stateFilesOfCheckpoint(checkpoint).map(({ path }) => `${root}/${path}`);
      filesOf.set(pointer.checkpointId, new Set([...files, `${root}/${pointer.directory}/_metadata`]));
    },
    forgotten: (checkpointId) => void filesOf.delete(checkpointId),
    deleted(path) {
      for (const [checkpointId, files] of filesOf)
        if (files.has(path)) problem ??= `${path} was deleted, though checkpoint ${checkpointId} needs it`;
    },
    check({ world, struck, plan, stuck, failure, refusal }) {
      const untold = plan.legs.some(({ stop }) => stop?.how === "crash" || stop?.how === "savepoint");
      if (problem !== undefined || untold || MAY_LEAK.some((fault) => struck.has(fault))) return problem;
      if (stuck !== undefined || failure !== undefined || refusal !== undefined) return undefined;
      const left = world.disk.paths().filter((path) => path.includes("/checkpoints/"));
      return left.length === 0 ? undefined : `left behind: ${left.join(", ")}`;
    },
  };
}
