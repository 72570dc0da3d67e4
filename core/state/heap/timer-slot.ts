/**
 * What stands in the slot of a row for a timer service: the buckets in which the key has timers, one mention per timer. Nothing; a bucket, so that a single
 * timer needs no object beside it; or a few buckets in fields (72 bytes, where an array takes three times that), and beyond them a map.
 */
import type { TimerBucket } from "./timer-bucket.ts";

export class TimerBuckets {
  count = 0;
  first: TimerBucket | undefined = undefined;
  second: TimerBucket | undefined = undefined;
  third: TimerBucket | undefined = undefined;
  fourth: TimerBucket | undefined = undefined;
  /** How often those are mentioned that found no place before. */
  more: Map<TimerBucket, number> | undefined = undefined;
}

export type TimerSlot = TimerBucket | TimerBuckets;

/** Hot. */
export function mentions(slot: TimerSlot | undefined, bucket: TimerBucket): boolean {
  if (slot === bucket) return true;
  if (!(slot instanceof TimerBuckets)) return false;
  return (
    slot.first === bucket ||
    slot.second === bucket ||
    slot.third === bucket ||
    slot.fourth === bucket ||
    (slot.more !== undefined && slot.more.has(bucket))
  );
}

/** Hot. Returns the slot's new contents. */
export function withBucket(slot: TimerSlot | undefined, bucket: TimerBucket): TimerSlot {
  if (slot === undefined) return bucket;
  if (slot instanceof TimerBuckets) {
    mention(slot, bucket);
    return slot;
  }
  const several = new TimerBuckets();
  mention(several, slot);
  mention(several, bucket);
  return several;
}

/** Hot. Takes away one mention. Returns the slot's new contents, undefined if none are left. */
export function withoutBucket(slot: TimerSlot | undefined, bucket: TimerBucket): TimerSlot | undefined {
  if (!(slot instanceof TimerBuckets)) return undefined;
  slot.count -= 1;
  if (slot.first === bucket) slot.first = undefined;
  else if (slot.second === bucket) slot.second = undefined;
  else if (slot.third === bucket) slot.third = undefined;
  else if (slot.fourth === bucket) slot.fourth = undefined;
  else forgetOneOfMore(slot, bucket);
  return slot.count === 0 ? undefined : slot;
}

function mention(slot: TimerBuckets, bucket: TimerBucket): void {
  slot.count += 1;
  if (slot.first === undefined) slot.first = bucket;
  else if (slot.second === undefined) slot.second = bucket;
  else if (slot.third === undefined) slot.third = bucket;
  else if (slot.fourth === undefined) slot.fourth = bucket;
  else {
    slot.more ??= new Map();
    slot.more.set(bucket, (slot.more.get(bucket) ?? 0) + 1);
  }
}

function forgetOneOfMore({ more }: TimerBuckets, bucket: TimerBucket): void {
  const mentioned = more?.get(bucket) ?? 0;
  if (mentioned > 1) more?.set(bucket, mentioned - 1);
  else more?.delete(bucket);
}
