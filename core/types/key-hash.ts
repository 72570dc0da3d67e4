/**
 * The hash that decides where a key lives: frozen for ever, since key groups, and with them saved state, depend on it (golden test).
 *
 * 32 bits, unsigned. Kinds are seeded apart, so that `1`, `"1"` and `1n` hash differently; -0 hashes as 0.
 */
import { canonicalKey, refuseKey } from "./key.ts";

const SEED_NUMBER = 0x2c1b3c6d;
const SEED_FRACTION = 0x1b873593;
const SEED_TEXT = 0x811c9dc5 | 0;
const SEED_BIGINT = 0x297a2d39;
const SEED_STRUCTURE = 0x5f356495;
const HASH_TRUE = 0x9e3779b1;
const HASH_FALSE = 0x7f4a7c15;
const FNV_PRIME = 0x01000193;

/** Hot: allocates nothing for whole numbers and text. Refuses with `MR4001` what cannot be a key. */
export function keyHash(key: unknown): number {
  if (typeof key === "string") return hashText(key, SEED_TEXT);
  if (typeof key === "number") return hashNumber(key);
  if (typeof key === "boolean") return key ? HASH_TRUE : HASH_FALSE;
  if (typeof key === "bigint") return hashText(key.toString(), SEED_BIGINT);
  return hashText(canonicalKey(key), SEED_STRUCTURE);
}

/** Hot: once per record in partitioners. */
export function keyGroupOf(key: unknown, maxParallelism: number): number {
  return keyHash(key) % maxParallelism;
}

function hashNumber(key: number): number {
  const int = key | 0;
  if (int === key) return mix(int ^ SEED_NUMBER); // also -0, whose int is 0
  if (Number.isSafeInteger(key)) {
    const high = Math.floor(key / 4_294_967_296);
    return mix(mix((key >>> 0) ^ SEED_NUMBER) + high);
  }
  if (Number.isNaN(key)) refuseKey(key);
  return hashText(String(key), SEED_FRACTION);
}

/** FNV-1a over code units, then mixed, since FNV's low bits are weak and the group is a remainder. */
function hashText(text: string, seed: number): number {
  const length = text.length;
  let hash = seed;
  for (let index = 0; index < length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  return mix(hash ^ length);
}

/** Murmur3's last step: every bit of the input moves every bit of the result. */
function mix(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
