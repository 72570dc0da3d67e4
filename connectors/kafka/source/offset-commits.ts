/**
 * Tells the group how far completed checkpoints have come, so that Kafka's tools show it. Nobody begins there by itself, so a failure is counted and said once.
 *
 * In:    positions with each checkpoint, and which checkpoints completed. Out: commits, one at a time, the newest in place of those that waited.
 * State: positions of checkpoints that may still complete, at most `CHECKPOINTS_MAX`; partitions that are read to their end, until a checkpoint with that has completed.
 */
import type { MetricGroup } from "../../../core/metrics/registry.ts";
import type { SourceReaderContext } from "../../../core/operators/contracts/source.ts";
import type { KafkaClient, OffsetWithMetadata, TopicPartition } from "../client/kafka-client.ts";
import type { TaskCalls } from "../client/task-calls.ts";

/** More than run at the same time; older ones were aborted. */
const CHECKPOINTS_MAX = 16;

export interface OffsetCommitsParts {
  readonly ctx: SourceReaderContext;
  readonly group: string;
  readonly calls: TaskCalls;
  /** `KafkaSourceReader` */
  readonly metrics: MetricGroup;
  readonly client: () => KafkaClient;
  readonly onCommitted: (offsets: readonly OffsetWithMetadata[]) => void;
}

interface Remembered {
  readonly offsets: readonly OffsetWithMetadata[];
  readonly ended: readonly OffsetWithMetadata[];
}

export class OffsetCommits {
  readonly #parts: OffsetCommitsParts;
  readonly #byCheckpoint = new Map<number, Remembered>();
  readonly #ended = new Set<OffsetWithMetadata>();
  readonly #succeeded;
  readonly #failed;
  #isUnderWay = false;
  #waiting: readonly OffsetWithMetadata[] | undefined;
  #hasWarned = false;

  constructor(parts: OffsetCommitsParts) {
    this.#parts = parts;
    this.#succeeded = parts.metrics.counter("commitsSucceeded");
    this.#failed = parts.metrics.counter("commitsFailed");
  }

  /** The partition is read up to there and will not be in snapshots any more. */
  ended(partition: TopicPartition, offset: number): void {
    this.#ended.add(positionOf(partition, offset));
  }

  snapshot(checkpointId: number, partitions: readonly (TopicPartition & { readonly offset: number })[]): void {
    const ended = [...this.#ended];
    const offsets = partitions.map((partition) => positionOf(partition, partition.offset));
    this.#byCheckpoint.set(checkpointId, { offsets: [...offsets, ...ended], ended });
    const [oldest] = this.#byCheckpoint.keys();
    if (oldest !== undefined && this.#byCheckpoint.size > CHECKPOINTS_MAX) this.#byCheckpoint.delete(oldest);
  }

  completed(checkpointId: number): void {
    const remembered = this.#byCheckpoint.get(checkpointId);
    for (const id of [...this.#byCheckpoint.keys()]) if (id <= checkpointId) this.#byCheckpoint.delete(id);
    if (remembered === undefined || remembered.offsets.length === 0) return;
    for (const position of remembered.ended) this.#ended.delete(position);
    if (this.#isUnderWay) this.#waiting = remembered.offsets;
    else this.#commit(remembered.offsets);
  }

  #commit(offsets: readonly OffsetWithMetadata[]): void {
    const { client, calls, group, onCommitted } = this.#parts;
    this.#isUnderWay = true;
    client().commitOffsets(
      { group, offsets },
      calls.answer(
        () => {
          this.#succeeded.count++;
          onCommitted(offsets);
          this.#next();
        },
        (error) => {
          this.#failed.count++;
          if (!this.#hasWarned)
            this.#parts.ctx.warn(
              `offsets could not be committed to the group "${group}", which shows only in tools that watch it: ${error.message}`,
            );
          this.#hasWarned = true;
          this.#next();
        },
      ),
    );
  }

  #next(): void {
    const waiting = this.#waiting;
    this.#isUnderWay = false;
    this.#waiting = undefined;
    if (waiting !== undefined) this.#commit(waiting);
  }
}

function positionOf({ topic, partition }: TopicPartition, offset: number): OffsetWithMetadata {
  return { topic, partition, offset, metadata: "" };
}
