/**
 * What to ask of one broker next: a decision over the partitions that it leads, without effect.
 *
 * In:    the partitions, and the room that is left for bytes. Out: a request, or none. State: none.
 */
import { CHUNKS_MAX } from "./read-partition.ts";
import type { ReadPartition } from "./read-partition.ts";
import type { Settings } from "./settings.ts";

/** Asked for even if there is no room: otherwise partitions that are paused, and keep what they have, could hold up the one for which they wait. */
const BYTES_MIN = 65_536;

export interface FetchPlan<T> {
  /** In the order in which the broker fills its answer: the ones that waited for longest first. */
  readonly partitions: readonly ReadPartition<T>[];
  readonly waitMs: number;
  readonly bytesMax: number;
}

type FetchLimits = Pick<Settings<unknown>, "fetchWaitMs" | "fetchBytesMax">;

export function planFetch<T>(
  partitions: Iterable<ReadPartition<T>>,
  limits: FetchLimits,
  bytesLeft: number,
): FetchPlan<T> | undefined {
  const wanting: ReadPartition<T>[] = [];
  let isAnySupplied = false;
  for (const partition of partitions) {
    if (partition.isPaused || partition.fetchFrom >= partition.stop) continue;
    if (partition.isBusy || partition.chunks >= CHUNKS_MAX || (partition.chunks > 0 && bytesLeft <= 0))
      isAnySupplied = true;
    // It seems that there is a gap in it, which shows for certain only if nothing else is asked for.
    else if (partition.emptyUpTo !== undefined) return { partitions: [partition], waitMs: 0, bytesMax: BYTES_MIN };
    else wanting.push(partition);
  }
  if (wanting.length === 0) return undefined;
  return {
    partitions: wanting.sort((left, right) => left.servedAt - right.servedAt),
    waitMs: isAnySupplied ? 0 : limits.fetchWaitMs,
    bytesMax: Math.max(Math.min(limits.fetchBytesMax, bytesLeft), Math.min(limits.fetchBytesMax, BYTES_MIN)),
  };
}
