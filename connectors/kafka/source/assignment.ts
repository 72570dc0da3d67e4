/**
 * Deals partitions out to readers, so that each has as many as the others, give or take one.
 *
 * In:    how many each reader took over from the checkpoint, new partitions, and those that a lost reader had been given. Out: who gets what.
 * State: partitions that nobody has yet; how many each reader has.
 *
 * A partition once given stays with its reader: only a restart with another parallelism moves it. So what a lost reader had been given goes back to that same
 * reader when it returns, also because the others may have been told that nothing more comes.
 */
import type { KafkaSplit } from "./splits.ts";

interface Waiting {
  readonly split: KafkaSplit;
  /** It was given to this reader before. */
  readonly owner: number | undefined;
}

export class Assignment {
  readonly #parallelism: number;
  #waiting: Waiting[];
  /** By reader, of those that have said how many they took over and were not lost since. */
  readonly #counts = new Map<number, number>();

  constructor(parallelism: number, pending: readonly KafkaSplit[]) {
    this.#parallelism = parallelism;
    this.#waiting = pending.map((split) => ({ split, owner: undefined }));
  }

  get pending(): readonly KafkaSplit[] {
    return this.#waiting.map(({ split }) => split);
  }

  /** All readers have said what they hold, so that it can be evened out. */
  get isComplete(): boolean {
    return this.#counts.size === this.#parallelism;
  }

  get readers(): readonly number[] {
    return [...this.#counts.keys()];
  }

  holds(reader: number, splits: number): void {
    this.#counts.set(reader, splits);
  }

  add(splits: readonly KafkaSplit[]): void {
    this.#waiting.push(...splits.map((split) => ({ split, owner: undefined })));
  }

  giveBack(splits: readonly KafkaSplit[], reader: number): void {
    this.#counts.delete(reader);
    this.#waiting.push(...splits.map((split) => ({ split, owner: reader })));
  }

  isOwed(reader: number): boolean {
    return this.#waiting.some(({ owner }) => owner === undefined || owner === reader);
  }

  /** To those of the readers that have said what they hold. `back`: only what was given to somebody before. */
  deal(what: "all" | "back"): ReadonlyMap<number, readonly KafkaSplit[]> {
    const dealt = new Map<number, KafkaSplit[]>();
    const left: Waiting[] = [];
    for (const waiting of this.#waiting) {
      const { split, owner } = waiting;
      const reader = owner ?? (what === "all" ? this.#poorest(split.topic) : undefined);
      const count = reader === undefined ? undefined : this.#counts.get(reader);
      if (reader === undefined || count === undefined) left.push(waiting);
      else {
        this.#counts.set(reader, count + 1);
        dealt.set(reader, [...(dealt.get(reader) ?? []), split]);
      }
    }
    this.#waiting = left;
    return dealt;
  }

  /** Among those with the fewest, each topic begins with another one, so that topics with few partitions do not all end up with the first reader. */
  #poorest(topic: string): number | undefined {
    const first = sumOf(topic) % this.#parallelism;
    let poorest: number | undefined;
    for (let step = 0; step < this.#parallelism; step++) {
      const reader = (first + step) % this.#parallelism;
      const count = this.#counts.get(reader);
      if (count !== undefined && count < (poorest === undefined ? Infinity : (this.#counts.get(poorest) ?? 0)))
        poorest = reader;
    }
    return poorest;
  }
}

function sumOf(text: string): number {
  let sum = 0;
  for (let index = 0; index < text.length; index++) sum = (sum * 31 + text.charCodeAt(index)) >>> 0;
  return sum;
}
