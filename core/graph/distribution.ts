/**
 * Which subtasks of two vertices are connected: Flink's formulas.
 *
 * All-to-all: everybody with everybody. Pointwise, S producers and T consumers: if S ≥ T, consumer i reads the producers from ⌊i·S/T⌋ to
 * before ⌊(i+1)·S/T⌋; else producer k feeds the consumers from ⌈k·T/S⌉ to before ⌈(k+1)·T/S⌉. So everybody has a partner, and loads
 * differ by one at most. Products stay below 2^30 (parallelism is at most 32,768), so the divisions are exact enough to be rounded.
 */
import { assert } from "../util/errors.ts";

export interface Distribution {
  readonly pattern: "pointwise" | "all-to-all";
  /** Parallelism of the two vertices. */
  readonly producers: number;
  readonly consumers: number;
}

/** From `first` to before `end`; never empty. */
export interface IndexRange {
  readonly first: number;
  readonly end: number;
}

export function consumerRange(distribution: Distribution, producer: number): IndexRange {
  const { pattern, producers, consumers } = distribution;
  assert(producer >= 0 && producer < producers, "the producer is a subtask of its vertex");
  if (pattern === "all-to-all") return { first: 0, end: consumers };
  const end = Math.ceil(((producer + 1) * consumers) / producers);
  // With S ≥ T: the only consumer whose range of producers holds this one.
  return { first: producers >= consumers ? end - 1 : Math.ceil((producer * consumers) / producers), end };
}

export function producerRange(distribution: Distribution, consumer: number): IndexRange {
  const { pattern, producers, consumers } = distribution;
  assert(consumer >= 0 && consumer < consumers, "the consumer is a subtask of its vertex");
  if (pattern === "all-to-all") return { first: 0, end: producers };
  const first = Math.floor((consumer * producers) / consumers);
  // With S < T: the only producer whose range of consumers holds this one.
  return { first, end: producers < consumers ? first + 1 : Math.floor(((consumer + 1) * producers) / consumers) };
}

/** The consumers of one producer, rising. */
export function consumersOf(distribution: Distribution, producer: number): readonly number[] {
  return indicesIn(consumerRange(distribution, producer));
}

/** The producers of one consumer, rising. */
export function producersOf(distribution: Distribution, consumer: number): readonly number[] {
  return indicesIn(producerRange(distribution, consumer));
}

/** How many pairs are connected. */
export function channelCount({ pattern, producers, consumers }: Distribution): number {
  return pattern === "all-to-all" ? producers * consumers : Math.max(producers, consumers);
}

function indicesIn({ first, end }: IndexRange): readonly number[] {
  return Array.from({ length: end - first }, (_, offset) => first + offset);
}
