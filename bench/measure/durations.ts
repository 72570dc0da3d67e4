/**
 * How long things took, as a histogram whose buckets are 2 % apart, kept as a file where a job in another thread has measured.
 *
 * In:    durations in ms, from one subtask. Out: quantiles over all subtasks of a run.
 */
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Shorter ones count as that. */
const SHORTEST_MS = 0.000_1;
const GROWTH = Math.log(1.02);
const BUCKETS = 1_500;

export class Durations {
  readonly #counts: Float64Array;
  #longestMs: number;

  constructor() {
    this.#counts = new Float64Array(BUCKETS);
    this.#longestMs = 0;
  }

  /** What all subtasks of a run have saved under a name. */
  static load(directory: string, name: string): Durations {
    const all = new Durations();
    const files = readdirSync(directory).filter((file) => file.startsWith(`${name}.`));
    for (const file of files) all.#add(JSON.parse(readFileSync(join(directory, file), "utf8")) as Saved); // written by `save`
    return all;
  }

  get longestMs(): number {
    return this.#longestMs;
  }

  /** Hot: once per record in the latency case. */
  record(ms: number): void {
    const bucket = Math.ceil(Math.log(Math.max(ms, SHORTEST_MS) / SHORTEST_MS) / GROWTH);
    const index = Math.min(bucket, BUCKETS - 1);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    if (ms > this.#longestMs) this.#longestMs = ms;
  }

  /** The bound below which a share of all durations lies; 0 if there are none. */
  quantile(share: number): number {
    const total = this.#counts.reduce((sum, count) => sum + count, 0);
    let seen = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count;
      if (count > 0 && seen >= share * total) return SHORTEST_MS * Math.exp(bucket * GROWTH);
    }
    return 0;
  }

  save(directory: string, name: string): void {
    const saved: Saved = { counts: [...this.#counts], longestMs: this.#longestMs };
    writeFileSync(join(directory, `${name}.${randomUUID()}`), JSON.stringify(saved));
  }

  #add({ counts, longestMs }: Saved): void {
    for (const [bucket, count] of counts.entries()) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
    this.#longestMs = Math.max(this.#longestMs, longestMs);
  }
}

interface Saved {
  readonly counts: readonly number[];
  readonly longestMs: number;
}
