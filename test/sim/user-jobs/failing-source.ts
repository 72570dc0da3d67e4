/** A user's source that fails where the dice say: at a record, in a snapshot. The rest is that of `stuttering`. */
import type { Source, SourceReader, SourceSplit } from "../../../core/index.ts";
import { throwAt } from "../fault-sites.ts";
import type { JobFaults } from "../fault-sites.ts";

/** Its members by name: those of a class would be lost when it is spread. */
export function failingSource<T, S extends SourceSplit, E>(
  source: Source<T, S, E>,
  faults: JobFaults,
): Source<T, S, E> {
  return {
    boundedness: source.boundedness,
    ...(source.replayable === undefined ? {} : { replayable: source.replayable }),
    ...(source.parallelismMax === undefined ? {} : { parallelismMax: source.parallelismMax }),
    createReader: (ctx) => failingReader(source.createReader(ctx), faults),
    createEnumerator: (ctx, restored) => source.createEnumerator(ctx, restored),
  };
}

function failingReader<T, S extends SourceSplit>(reader: SourceReader<T, S>, faults: JobFaults): SourceReader<T, S> {
  const pauseOrResumeSplits = reader.pauseOrResumeSplits?.bind(reader);
  return {
    start: () => reader.start?.(),
    pollNext(output, recordsMax) {
      throwAt(faults, "record");
      return reader.pollNext(output, recordsMax);
    },
    addSplits: (splits) => reader.addSplits(splits),
    noMoreSplits: () => reader.noMoreSplits(),
    snapshot(checkpointId) {
      throwAt(faults, "snapshot");
      return reader.snapshot(checkpointId);
    },
    checkpointCompleted: (checkpointId) => reader.checkpointCompleted?.(checkpointId),
    handleEvent: (event) => reader.handleEvent?.(event),
    // The engine asks whether it is there.
    ...(pauseOrResumeSplits === undefined ? {} : { pauseOrResumeSplits }),
    close: () => reader.close?.(),
  };
}
