/**
 * The sources of generated pipelines: their records, and how watermarks follow them.
 *
 * In:    a description, plain data. Out: the records of each split; a strategy under which none of them is late.
 */
import { WatermarkStrategy } from "../../../core/index.ts";
import { SeededRandom } from "../../../core/util/random.ts";
import type { Dealing, TimedRecord } from "./list-source.ts";
import type { UpTo } from "./pipeline.ts";
import type { Rec } from "./stage.ts";

export interface SourceDescription {
  readonly splits: number;
  /** Of each split; if `uneven`, at most, and some splits are empty. */
  readonly records: number;
  readonly uneven: boolean;
  readonly keys: number;
  readonly startMs: number;
  /** Between two records, before jitter; 0: they all come at one time. */
  readonly stepMs: number;
  readonly jitterMs: number;
  /** Generators of watermarks speak after each record, or now and then, or only at the end: then the splits are dealt on demand. */
  readonly watermarks: "punctual" | "periodic" | "at the end";
  readonly seed: number;
}

/** Of the first two the hashes are equal; all of them occur in every source. */
const KEYS = ["6ld", "l4t9", "k", "", "é"] as const;

/** The records of each split. Whoever has fewer has the first of them. */
export function recordsOf(
  source: SourceDescription,
  name: string,
  upTo: UpTo,
): readonly (readonly TimedRecord<Rec>[])[] {
  const random = new SeededRandom(source.seed);
  const below = (limit: number): number => Math.floor(random.next() * limit);
  return Array.from({ length: source.splits }, (_, split) => {
    const count = source.uneven ? Math.max(below(source.records + 3) - 2, 0) : source.records;
    const records = Array.from({ length: count }, (__, at) => ({
      value: { src: `${name}.${split}`, key: KEYS[below(source.keys)] ?? "", n: below(100) },
      timestampMs: source.startMs + at * source.stepMs - below(source.jitterMs + 1),
    }));
    return records.slice(0, upTo?.get(`${name}-${split}`));
  });
}

export function dealingOf({ watermarks }: SourceDescription): Dealing {
  return watermarks === "at the end" ? "on-demand" : "at-once";
}

/** A record is never further behind the highest before it than the jitter; at least two ms ahead of the watermark if time goes on between two records. */
export function strategyOf({ jitterMs, watermarks }: SourceDescription): WatermarkStrategy<Rec> {
  if (watermarks === "at the end") return WatermarkStrategy.noWatermarks();
  if (watermarks === "periodic") return WatermarkStrategy.forBoundedOutOfOrderness(jitterMs);
  return punctual(jitterMs + 1);
}

/** A watermark with every record, that far behind the highest timestamp. */
export function punctual<T>(behindMs: number): WatermarkStrategy<T> {
  return WatermarkStrategy.forGenerator(() => {
    let highestMs = -Infinity;
    return {
      onEvent: (_record, timestampMs, out) => {
        highestMs = Math.max(highestMs, timestampMs);
        out.emitWatermark(highestMs - behindMs);
      },
      onPeriodicEmit: () => undefined,
      snapshot: () => highestMs,
      restore: (saved) => {
        highestMs = Number(saved);
      },
    };
  });
}

/** As it would be written. */
export function codeOfSource(name: string, source: SourceDescription): string {
  const { splits, records, uneven, keys, startMs, stepMs, jitterMs, watermarks, seed } = source;
  const count = uneven ? `up to ${records}` : String(records);
  return `${name} = source(${splits} splits of ${count} records, ${keys} keys, from ${startMs} ms in steps of ${stepMs}, jitter ${jitterMs} ms, watermarks ${watermarks}, seed ${seed})`;
}
