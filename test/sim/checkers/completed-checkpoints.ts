/**
 * Whatever is complete can be restored: its metadata and every file are there and sound, all parts of a pipelined region are of one attempt, and each key group
 * of an operator was saved by the subtask that owns it, and by no other.
 */
import { stateFilesOf, stateFilesOfCheckpoint } from "../../../core/checkpoint/snapshot-files.ts";
import type { CompletedCheckpoint, VertexSnapshot } from "../../../core/checkpoint/contract.ts";
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import { PipelinedRegions } from "../../../core/graph/regions.ts";
import { keyGroupRange } from "../../../core/state/key-groups.ts";
import { crc32 } from "../../../core/util/checksum.ts";
import type { SimDisk } from "../disk.ts";
import type { LiveChecker, Pointed } from "./checker.ts";

export function completedCheckpoints(): LiveChecker {
  let problem: string | undefined;
  /** Of the job as it is deployed now. */
  let graph: JobGraph | undefined;
  return {
    name: "completed checkpoints",
    deployed: (_offer, _task, deployed) => void (graph = deployed),
    completed(pointed) {
      const found = problemOf(pointed, graph);
      if (found !== undefined) problem ??= `checkpoint ${pointed.pointer.checkpointId}: ${found}`;
    },
    // A later checkpoint may refer to a file that was damaged before: whoever reads it notices.
    check: ({ struck }) => (struck.has("damage") ? undefined : problem),
  };
}

function problemOf({ pointer, checkpoint, disk, root }: Pointed, graph: JobGraph | undefined): string | undefined {
  if (checkpoint === undefined) return `there is no readable metadata in ${pointer.directory}`;
  return (
    unsoundFile(checkpoint, disk, root) ??
    (graph && mixedAttempts(checkpoint, graph)) ??
    checkpoint.vertices.map(foreignGroups).find(Boolean)
  );
}

function unsoundFile(checkpoint: CompletedCheckpoint, disk: SimDisk, root: string): string | undefined {
  for (const { path, bytes, checksum } of stateFilesOfCheckpoint(checkpoint)) {
    const content = disk.bytesOf(`${root}/${path}`);
    if (content === undefined) return `${path} is not there`;
    if (content.length !== bytes || crc32(content) !== checksum) return `${path} is not what its task acknowledged`;
  }
  return undefined;
}

/** State files carry their attempt in their names; those of earlier checkpoints lie elsewhere. */
function mixedAttempts(checkpoint: CompletedCheckpoint, graph: JobGraph): string | undefined {
  const attempts = new Map<number, Set<string>>();
  const regions = new PipelinedRegions(graph);
  for (const [vertex, { subtasks }] of checkpoint.vertices.entries()) {
    for (const [subtask, snapshot] of subtasks.entries()) {
      const { index } = regions.of({ vertex, subtask });
      const ofRegion = attempts.get(index) ?? new Set();
      attempts.set(index, ofRegion);
      for (const { path } of stateFilesOf(snapshot)) {
        const [, attempt] = /-(\d+)-\d+$/.exec(path) ?? [];
        if (path.startsWith(`${checkpoint.directory}/`) && attempt !== undefined) ofRegion.add(attempt);
      }
    }
  }
  const mixed = [...attempts].find(([, ofRegion]) => ofRegion.size > 1);
  return mixed && `its region ${mixed[0]} has parts of the attempts ${[...mixed[1]].join(" and ")}`;
}

function foreignGroups({ maxParallelism, parallelism, subtasks }: VertexSnapshot): string | undefined {
  for (const [index, { operators }] of subtasks.entries()) {
    const own = keyGroupRange(maxParallelism, parallelism, index);
    for (const { keyed, operatorId } of operators) {
      if (keyed === undefined) continue;
      const { first, last } = keyed.keyGroups;
      if (first <= last && (first < own.first || last > own.last))
        return `subtask ${index} of operator ${operatorId} saved the key groups ${first} to ${last}, and owns ${own.first} to ${own.last}`;
    }
  }
  return undefined;
}
