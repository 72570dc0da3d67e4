/** Generated pipelines with watermark alignment: when records are read depends on it, and nothing else. In: a pipeline, an alignment. Out: the same pipeline; how often splits were paused. */
import fc from "fast-check";
import type { Source, SourceSplit } from "../../../core/index.ts";
import type { Pipeline } from "./pipeline.ts";

export interface Alignment {
  readonly groups: "one" | "per source";
  readonly maxDriftMs: number;
  readonly updateIntervalMs: number;
}

/** `updateIntervalsMs`: a few ticks of the job's periodic watermarks. */
export function alignments(updateIntervalsMs: readonly number[]): fc.Arbitrary<Alignment> {
  return fc.record({
    groups: fc.constantFrom("one" as const, "one" as const, "per source" as const),
    maxDriftMs: fc.constantFrom(0, 1, 50, 5_000),
    updateIntervalMs: fc.constantFrom(...updateIntervalsMs),
  });
}

/** In all runs of a test. */
export interface PauseCount {
  pauses: number;
}

export function aligned(pipeline: Pipeline, alignment: Alignment, count: PauseCount): Pipeline {
  const { groups, maxDriftMs, updateIntervalMs } = alignment;
  return {
    ...pipeline,
    build: (run) =>
      pipeline.build({
        ...run,
        read(source, strategy, name) {
          const group = groups === "one" ? "all" : name;
          return run.read(
            watched(source, count),
            strategy.withWatermarkAlignment(group, maxDriftMs, updateIntervalMs),
            name,
          );
        },
      }),
  };
}

function watched<T, S extends SourceSplit, E>(source: Source<T, S, E>, count: PauseCount): Source<T, S, E> {
  return {
    ...source,
    createEnumerator: (ctx, restored) => source.createEnumerator(ctx, restored),
    createReader(ctx) {
      const reader = source.createReader(ctx);
      const pauseOrResume = reader.pauseOrResumeSplits?.bind(reader);
      reader.pauseOrResumeSplits = (pause, resume) => {
        count.pauses += pause.length;
        pauseOrResume?.(pause, resume);
      };
      return reader;
    },
  };
}
