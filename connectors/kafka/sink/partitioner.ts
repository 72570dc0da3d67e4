/**
 * Which partition a record without one goes to: by its key as Java's clients do, so that keys meet those that others wrote.
 *
 * In:    the key's bytes, the number of partitions. Out: a partition. State: none; the hash is Murmur 2 with Java's seed, over signed bytes.
 */
import type { Bytes } from "../records/batch-builder.ts";

const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

export function partitionOfKey(key: Bytes, partitions: number): number {
  const bytes = typeof key === "string" ? Buffer.from(key, "utf8") : key;
  return (murmur2(bytes) & 0x7fff_ffff) % partitions;
}

/** Hot. A signed number, as in Java. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  let hash = SEED ^ length;
  const whole = length & ~3;
  for (let at = 0; at < whole; at += 4) {
    let word =
      byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24);
    word = Math.imul(word, MULTIPLIER);
    word ^= word >>> 24;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }
  const rest = length - whole;
  if (rest === 3) hash ^= byteAt(bytes, whole + 2) << 16;
  if (rest >= 2) hash ^= byteAt(bytes, whole + 1) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ byteAt(bytes, whole), MULTIPLIER);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return hash ^ (hash >>> 15);
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number; // callers stay within
}
