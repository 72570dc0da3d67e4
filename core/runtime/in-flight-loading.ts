/**
 * Reads the records in flight that a subtask takes over, and keeps those that are its own: after a change of the parallelism several subtasks read the same
 * file, and each record belongs to one of them.
 *
 * In:   places in files of a checkpoint. Out: queues of records, in the order of their channels, through a callback. One file is in memory at a time; what the queues
 *       have no memory for waits on disk.
 */
import { edgeAt, vertexAt } from "../graph/channels.ts";
import type { JobGraph } from "../graph/job-graph-types.ts";
import type { SubtaskId } from "../graph/messages.ts";
import { decodeInFlight, forEachInFlight } from "../network/in-flight.ts";
import type { InSlotChannel } from "../network/in-slot-channel.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import { succeeded } from "../util/outcome.ts";
import type { InFlightRestore } from "./deployment.ts";
import { ownerSelector } from "./partition-writer.ts";
import { readWhole } from "./state-loading.ts";

export interface LoadedInFlight {
  readonly operatorId: string;
  readonly input: number;
  readonly waiting: InSlotChannel;
}

/** What fails may be the job's own code, which says whose a record is. */
export type InFlightOutcome =
  | { readonly ok: true; readonly value: readonly LoadedInFlight[] }
  | { readonly ok: false; readonly error: unknown };

export interface InFlightPlace {
  readonly storage: BlobStore;
  readonly graph: JobGraph;
  readonly task: SubtaskId;
  createQueue(): InSlotChannel;
}

/** One file after the other: the order is the same in every run. */
export function loadInFlight(
  from: InFlightPlace,
  restores: readonly InFlightRestore[],
  done: (outcome: InFlightOutcome) => void,
): void {
  const loaded: LoadedInFlight[] = [];
  const queueOf = ({ operatorId, input }: InFlightRestore): InSlotChannel => {
    const known = loaded.find((queue) => queue.operatorId === operatorId && queue.input === input);
    if (known !== undefined) return known.waiting;
    const waiting = from.createQueue();
    loaded.push({ operatorId, input, waiting });
    return waiting;
  };
  const take = (restore: InFlightRestore, bytes: Uint8Array): void => {
    const channels = decodeInFlight(bytes).filter(({ edge }) => edge === restore.savedEdge);
    const isOwn = ownershipOf(from.graph, from.task, restore);
    forEachInFlight(channels, (value, timestampMs) => {
      if (isOwn(value)) queueOf(restore).push(value, timestampMs);
    });
  };
  const next = (index: number): void => {
    const restore = restores[index];
    if (restore === undefined) return done(succeeded(loaded));
    return readWhole(from.storage, restore.file, (outcome) => {
      if (!outcome.ok) return done(outcome);
      try {
        take(restore, outcome.value);
      } catch (error) {
        // The store that calls back is not to hear of it: it serves others too.
        return done({ ok: false, error });
      }
      return next(index + 1);
    });
  };
  next(0);
}

/** By the partitioning of the edge as it is now, since later records go the same way. */
function ownershipOf(
  graph: JobGraph,
  { subtask }: SubtaskId,
  { dealtBy }: InFlightRestore,
): (value: unknown) => boolean {
  if (dealtBy === undefined) return () => true;
  const edge = edgeAt(graph, dealtBy);
  const { parallelism, maxParallelism } = vertexAt(graph, edge.to);
  const ownerOf = ownerSelector(edge.partitioning, { count: parallelism, maxParallelism });
  return ownerOf === undefined ? () => true : (value) => ownerOf(value) === subtask;
}
