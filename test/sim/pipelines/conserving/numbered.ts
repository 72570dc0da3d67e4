/**
 * The input of conserving pipelines: numbered records, some of them far behind their split, so that it depends on chance which are late.
 *
 * In:    a description, plain data. Out: the records of each split, and a strategy that does not wait for all of them.
 */
import { SeededRandom } from "../../../../core/util/random.ts";
import type { TimedRecord } from "../list-source.ts";
import type { UpTo } from "../pipeline.ts";

export interface Numbered {
  /** Rises within a split. */
  readonly id: number;
  readonly key: string;
  readonly atMs: number;
}

export interface NumberedSource {
  readonly splits: number;
  /** Of each split. */
  readonly records: number;
  readonly keys: number;
  readonly stepMs: number;
  /** How many of a hundred are behind, and by how much at most. */
  readonly behindPercent: number;
  readonly behindMs: number;
  /** What watermarks wait for. */
  readonly boundMs: number;
  readonly seed: number;
}

export const SOURCE = "numbered";
const IDS_PER_SPLIT = 1_000;

export function numberedOf(source: NumberedSource, upTo: UpTo): readonly (readonly TimedRecord<Numbered>[])[] {
  const random = new SeededRandom(source.seed);
  const below = (limit: number): number => Math.floor(random.next() * limit);
  return Array.from({ length: source.splits }, (_, split) => {
    const records = Array.from({ length: source.records }, (__, at) => {
      const behindMs = below(100) < source.behindPercent ? below(source.behindMs + 1) : below(source.boundMs + 1);
      const timestampMs = at * source.stepMs - behindMs;
      return {
        value: { id: split * IDS_PER_SPLIT + at, key: `k${below(source.keys)}`, atMs: timestampMs },
        timestampMs,
      };
    });
    return records.slice(0, upTo?.get(`${SOURCE}-${split}`));
  });
}

export function splitOf(id: number): number {
  return Math.floor(id / IDS_PER_SPLIT);
}

export function codeOfNumbered(source: NumberedSource): string {
  const { splits, records, keys, stepMs, behindPercent, behindMs, boundMs, seed } = source;
  return `${SOURCE} = source(${splits} splits of ${records} records, ${keys} keys, steps of ${stepMs} ms, ${behindPercent} % up to ${behindMs} ms behind, watermarks ${boundMs} ms behind, seed ${seed})`;
}
