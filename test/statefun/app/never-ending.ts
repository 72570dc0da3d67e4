/** A source that gives some times, each with itself as its timestamp, and then nothing: it has no end, so the job has none. */
import type { Source, SourceSplit } from "../../../core/index.ts";

export function neverEnding(times: readonly number[]): Source<number, SourceSplit> {
  return {
    boundedness: "continuous-unbounded",
    parallelismMax: 1,
    createReader: () => {
      const left = [...times];
      return {
        pollNext(output) {
          for (const timeMs of left.splice(0)) output.collect(timeMs, timeMs);
          return "nothing-available";
        },
        addSplits: () => undefined,
        noMoreSplits: () => undefined,
        snapshot: () => [],
      };
    },
    createEnumerator: () => ({
      handleSplitRequest: () => undefined,
      addSplitsBack: () => undefined,
      snapshot: () => undefined,
    }),
  };
}
