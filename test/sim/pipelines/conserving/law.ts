/** What the laws of conserving pipelines share: what was written, lane by lane, and sentences about what it should not be. */
import type { DataStream } from "../../../../core/index.ts";
import type { Out, PipelineRun } from "../pipeline.ts";
import type { Numbered } from "./numbered.ts";

/** One kind of conserving pipeline. `D` is plain data. */
export interface ConservingKind<D> {
  code(description: D): string;
  build(records: DataStream<Numbered>, description: D, write: PipelineRun["write"]): void;
  /** The first law that what was written breaks, as a sentence; undefined if it keeps them all. */
  broken(written: readonly Out[], description: D, input: readonly Numbered[]): string | undefined;
}

/** The values of each lane that begins with `prefix`, in the order in which they were written; by the rest of its name. */
export function lanesOf<T>(written: readonly Out[], prefix: string): ReadonlyMap<string, readonly T[]> {
  const lanes = new Map<string, T[]>();
  for (const { lane, value } of written) {
    if (!lane.startsWith(prefix)) continue;
    const name = lane.slice(prefix.length);
    lanes.set(name, [...(lanes.get(name) ?? []), value as T]); // as the pipeline wrote it
  }
  return lanes;
}

/** The first complaint. */
export function firstOf<T>(items: Iterable<T>, complaint: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = complaint(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function repeated(ids: readonly number[]): number | undefined {
  const seen = new Set<number>();
  for (const id of ids) {
    if (seen.has(id)) return id;
    seen.add(id);
  }
  return undefined;
}

/** Each of `expected` once. */
export function notTheSame(ids: readonly number[], expected: readonly number[], what: string): string | undefined {
  const twice = repeated(ids);
  if (twice !== undefined) return `record ${twice} is ${what} twice`;
  const missing = expected.find((id) => !ids.includes(id));
  if (missing !== undefined) return `record ${missing} is not ${what}`;
  const strange = ids.find((id) => !expected.includes(id));
  return strange === undefined ? undefined : `record ${strange} is ${what}, and should not be`;
}
