/**
 * What stands in the slot of a row for a timer service: the buckets in which the key has timers, one mention per timer. Nothing, a bucket, a list that is
 * looked through, or, beyond some, a map. A single timer, the common case, needs no object beside the bucket.
 */
import type { TimerBucket } from "./timer-bucket.ts";

const LISTED_MAX = 16;

export class TimerBuckets {
  /** Unless there are too many. */
  list: TimerBucket[];
  counts: Map<TimerBucket, number> | undefined = undefined;

  constructor(first: TimerBucket) {
    this.list = [first];
  }
}

export type TimerSlot = TimerBucket | TimerBuckets;

/** Hot. */
export function mentions(slot: TimerSlot | undefined, bucket: TimerBucket): boolean {
  if (slot === bucket) return true;
  if (!(slot instanceof TimerBuckets)) return false;
  return slot.counts === undefined ? slot.list.includes(bucket) : slot.counts.has(bucket);
}

/** Hot. Returns the slot's new contents. */
export function withBucket(slot: TimerSlot | undefined, bucket: TimerBucket): TimerSlot {
  if (slot === undefined) return bucket;
  const several = slot instanceof TimerBuckets ? slot : new TimerBuckets(slot);
  if (several.counts === undefined) {
    several.list.push(bucket);
    if (several.list.length > LISTED_MAX) {
      several.counts = new Map();
      for (const listed of several.list) count(several.counts, listed, 1);
      several.list = [];
    }
  } else {
    count(several.counts, bucket, 1);
  }
  return several;
}

/** Hot. Takes away one mention. Returns the slot's new contents, undefined if none are left. */
export function withoutBucket(slot: TimerSlot | undefined, bucket: TimerBucket): TimerSlot | undefined {
  if (!(slot instanceof TimerBuckets)) return undefined;
  const { list, counts } = slot;
  if (counts !== undefined) {
    count(counts, bucket, -1);
    return counts.size === 0 ? undefined : slot;
  }
  const last = list.pop();
  if (last !== undefined && last !== bucket) list[list.indexOf(bucket)] = last; // in no order
  return list.length === 0 ? undefined : slot;
}

function count(counts: Map<TimerBucket, number>, bucket: TimerBucket, by: number): void {
  const mentioned = (counts.get(bucket) ?? 0) + by;
  if (mentioned === 0) counts.delete(bucket);
  else counts.set(bucket, mentioned);
}
