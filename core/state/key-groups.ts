/**
 * Key groups: the unit in which keyed state moves between subtasks. A key's group is a frozen hash modulo the maximum parallelism; a subtask owns a
 * contiguous range of groups. Ranges and defaults are Flink's, so that its examples carry over.
 */
import { assert } from "../util/errors.ts";

/** Both ends inclusive; empty if `first > last`. */
export interface KeyGroupRange {
  readonly first: number;
  readonly last: number;
}

export const MAX_PARALLELISM_LIMIT = 32_768;

/** The groups of subtask `index` out of `parallelism`. */
export function keyGroupRange(maxParallelism: number, parallelism: number, index: number): KeyGroupRange {
  assert(parallelism <= maxParallelism && index < parallelism, "a subtask must own at least one key group");
  return {
    first: Math.ceil((index * maxParallelism) / parallelism),
    last: Math.floor(((index + 1) * maxParallelism - 1) / parallelism),
  };
}

/** The subtask that owns a key group. */
export function subtaskOfKeyGroup(maxParallelism: number, parallelism: number, keyGroup: number): number {
  return Math.floor((keyGroup * parallelism) / maxParallelism);
}

/** What a vertex gets that does not say: room to grow by half, a power of two between 128 and 32,768. */
export function defaultMaxParallelism(parallelism: number): number {
  const wanted = parallelism + Math.floor(parallelism / 2);
  const powerOfTwo = 2 ** Math.ceil(Math.log2(Math.max(wanted, 1)));
  return Math.min(Math.max(powerOfTwo, 128), MAX_PARALLELISM_LIMIT);
}

export function intersect(left: KeyGroupRange, right: KeyGroupRange): KeyGroupRange {
  return { first: Math.max(left.first, right.first), last: Math.min(left.last, right.last) };
}

export function isEmptyRange(range: KeyGroupRange): boolean {
  return range.first > range.last;
}
