/**
 * The sink behind `executeAndCollect()` and `collectAsync()`: brings records to the client, each exactly once.
 *
 * In:    records of one stream.
 * Out:   batches to the client, one per subtask and checkpoint, sent when the checkpoint is complete. A commit may repeat after a crash, so batches carry an
 *        id, by which the client drops repetitions. Without checkpointing there is nothing to wait for, and values are sent as they come.
 * State: what was written since the last checkpoint is the committable itself. The writer's state only counts from how many savepoints the job went
 *        on, so that no batch id is used twice.
 */
import type { CommitRequest, Committer, Sink, SinkContext, SinkWriter } from "../../operators/contracts/sink.ts";
import { OPTIONS } from "../../util/config.ts";

/** What reaches the client. */
export interface CollectedBatch<T> {
  /** Undefined without checkpointing: then `attempt` tells whether values may repeat. */
  readonly batchId: string | undefined;
  readonly attempt: number;
  readonly values: readonly T[];
}

/** How many restores lie before this one. */
export interface CollectWriterState {
  readonly incarnation: number;
}

export class CollectSink<T> implements Sink<T, CollectWriterState, CollectedBatch<T>> {
  readonly writerState = "union";
  readonly commitsWithoutCheckpoints = true;

  createWriter(
    ctx: SinkContext,
    restored: readonly CollectWriterState[],
  ): SinkWriter<T, CollectWriterState, CollectedBatch<T>> {
    if (ctx.config.get(OPTIONS.checkpointInterval) === 0) return new ImmediateWriter<T>(ctx);
    return new BatchWriter<T>(
      ctx,
      restored.reduce((highest, state) => Math.max(highest, state.incarnation + 1), 0),
    );
  }

  createCommitter(ctx: SinkContext): Committer<CollectedBatch<T>> {
    return {
      commit(requests: readonly CommitRequest<CollectedBatch<T>>[]): void {
        for (const request of requests) ctx.sendToClient(request.committable);
      },
    };
  }
}

class ImmediateWriter<T> implements SinkWriter<T, CollectWriterState, CollectedBatch<T>> {
  readonly #ctx: SinkContext;

  constructor(ctx: SinkContext) {
    this.#ctx = ctx;
  }

  write(value: T): void {
    this.#ctx.sendToClient({
      batchId: undefined,
      attempt: this.#ctx.attempt,
      values: [value],
    } satisfies CollectedBatch<T>);
  }
}

class BatchWriter<T> implements SinkWriter<T, CollectWriterState, CollectedBatch<T>> {
  readonly #ctx: SinkContext;
  readonly #incarnation: number;
  #values: T[] = [];

  constructor(ctx: SinkContext, incarnation: number) {
    this.#ctx = ctx;
    this.#incarnation = incarnation;
  }

  write(value: T): void {
    this.#values.push(value);
  }

  /** The id is unique: attempts count within a job, incarnations across the savepoints between jobs. */
  prepareCommit(checkpointId: number): readonly CollectedBatch<T>[] {
    if (this.#values.length === 0) return [];
    const { attempt, subtaskIndex } = this.#ctx;
    const batch: CollectedBatch<T> = {
      batchId: `${this.#incarnation}.${attempt}.${subtaskIndex}.${checkpointId}`,
      attempt,
      values: this.#values,
    };
    this.#values = [];
    return [batch];
  }

  snapshot(): readonly CollectWriterState[] {
    return [{ incarnation: this.#incarnation }];
  }
}
