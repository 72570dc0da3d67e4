/** A sink that fails where the dice say: at a record, in a snapshot, when it is opened again, and before or after a commit, so that nobody knows its outcome. */
import type { Committer, Sink, SinkWriter } from "../../../core/index.ts";
import { throwAt } from "../fault-sites.ts";
import type { JobFaults } from "../fault-sites.ts";

/** What its writer and committer do not have, it has not either: the engine asks. */
export function failingSink<T, W, C>(sink: Sink<T, W, C>, faults: JobFaults): Sink<T, W, C> {
  const createCommitter = sink.createCommitter?.bind(sink);
  return {
    ...(sink.writerState === undefined ? {} : { writerState: sink.writerState }),
    ...(sink.parallelismMax === undefined ? {} : { parallelismMax: sink.parallelismMax }),
    ...(sink.exclusive === undefined ? {} : { exclusive: sink.exclusive }),
    createWriter(ctx, restored) {
      if (ctx.attempt > 0) throwAt(faults, "recovery");
      return failingWriter(sink.createWriter(ctx, restored), faults);
    },
    ...(createCommitter === undefined
      ? {}
      : { createCommitter: (ctx) => failingCommitter(createCommitter(ctx), faults) }),
  };
}

function failingWriter<T, W, C>(writer: SinkWriter<T, W, C>, faults: JobFaults): SinkWriter<T, W, C> {
  const writeWatermark = writer.writeWatermark?.bind(writer);
  const snapshot = writer.snapshot?.bind(writer);
  const checkpointCompleted = writer.checkpointCompleted?.bind(writer);
  return {
    write(value, ctx) {
      throwAt(faults, "record");
      writer.write(value, ctx);
    },
    ...(writeWatermark === undefined ? {} : { writeWatermark }),
    flush: (endOfInput) => writer.flush?.(endOfInput),
    prepareCommit(checkpointId) {
      throwAt(faults, "snapshot");
      return writer.prepareCommit?.(checkpointId) ?? [];
    },
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(checkpointCompleted === undefined ? {} : { checkpointCompleted }),
    close: () => writer.close?.(),
  };
}

function failingCommitter<C>(committer: Committer<C>, faults: JobFaults): Committer<C> {
  const keepForSavepoint = committer.keepForSavepoint?.bind(committer);
  return {
    commit(requests) {
      throwAt(faults, "commit-before");
      const committed = committer.commit(requests);
      if (committed instanceof Promise) return committed.then(() => throwAt(faults, "commit-after"));
      return throwAt(faults, "commit-after");
    },
    ...(keepForSavepoint === undefined ? {} : { keepForSavepoint }),
    close: () => committer.close?.(),
  };
}
