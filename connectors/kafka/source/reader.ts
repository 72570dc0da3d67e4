/**
 * The Kafka source's reader: reads its partitions in turns, from what is fetched ahead.
 *
 * In:    partitions, as splits; chunks of records, which the fetcher puts into them. Out: values, each through the output of its partition; offsets for the group.
 * State: the partitions. A split with its position is all that is saved: what is fetched ahead is fetched again.
 */
import type {
  PollResult,
  ReaderOutput,
  SourceReader,
  SourceReaderContext,
} from "../../../core/operators/contracts/source.ts";
import type { MetricGroup } from "../../../core/metrics/registry.ts";
import type { KafkaClient } from "../client/kafka-client.ts";
import { TaskCalls } from "../client/task-calls.ts";
import { Emitter } from "./emitter.ts";
import { Fetcher } from "./fetcher.ts";
import { OffsetCommits } from "./offset-commits.ts";
import { ReadPartition } from "./read-partition.ts";
import type { Settings } from "./settings.ts";
import { splitIdOf } from "./splits.ts";
import type { HoldingEvent, KafkaSplit } from "./splits.ts";
import { covers } from "./subscription.ts";

/** Records of one partition before it is another one's turn. */
const TURN_RECORDS = 500;

export class KafkaReader<T> implements SourceReader<T, KafkaSplit> {
  readonly #ctx: SourceReaderContext;
  readonly #settings: Settings<T>;
  readonly #calls: TaskCalls;
  readonly #metrics: MetricGroup;
  readonly #emitter: Emitter<T>;
  readonly #commits: OffsetCommits | undefined;
  readonly #partitions = new Map<string, ReadPartition<T>>();
  /** With records at hand, in the order of their turns. */
  readonly #queue: ReadPartition<T>[] = [];
  /** Read to their end, without a record that would have shown it. */
  #ended: ReadPartition<T>[] = [];
  /** Ids of those that the options leave out by now: nobody waits for their watermarks. */
  #leftOut: string[] = [];
  /** Made with the first partition: a reader without any needs no connection. */
  #client: KafkaClient | undefined;
  #fetcher: Fetcher<T> | undefined;
  #noMoreSplits = false;
  /** There is none for it, as far as anybody knows: nobody need wait for its watermark. */
  #isWithout = false;

  constructor(ctx: SourceReaderContext, settings: Settings<T>) {
    this.#ctx = ctx;
    this.#settings = settings;
    this.#calls = new TaskCalls(ctx);
    this.#metrics = ctx.metrics.group("KafkaSourceReader");
    this.#emitter = new Emitter(settings, ctx.metrics);
    const { commitTo: group } = settings;
    this.#commits =
      group === undefined
        ? undefined
        : new OffsetCommits({
            ctx,
            group,
            calls: this.#calls,
            metrics: this.#metrics,
            client: () => this.#connect(),
            onCommitted: (offsets) => {
              for (const one of offsets) {
                const partition = this.#partitions.get(splitIdOf(one));
                if (partition !== undefined) partition.committedOffset = one.offset;
              }
            },
          });
    ctx.metrics.gauge("pendingRecords", () => {
      let lag = 0;
      for (const partition of this.#partitions.values()) lag += partition.lag;
      return lag;
    });
  }

  start(): void {
    const event: HoldingEvent = { type: "holding", splits: this.#partitions.size };
    this.#ctx.sendEvent(event);
  }

  pollNext(output: ReaderOutput<T>, recordsMax: number): PollResult {
    for (const partition of this.#ended.splice(0)) this.#end(partition, output);
    for (const splitId of this.#leftOut.splice(0)) output.release(splitId);
    let left = recordsMax;
    while (left > 0 && !output.busy) {
      const partition = this.#queue.shift();
      if (partition === undefined) return this.#nothing(output);
      partition.isQueued = false;
      if (partition.isPaused) continue;
      const turn = Math.min(left, TURN_RECORDS);
      this.#emitter.left = turn;
      this.#readOn(partition, output);
      left -= turn - this.#emitter.left;
    }
    return "more-available";
  }

  /** The enumerator says nothing else. */
  handleEvent(): void {
    this.#isWithout = true;
    this.#ctx.wake();
  }

  addSplits(splits: readonly KafkaSplit[]): void {
    const added: ReadPartition<T>[] = [];
    for (const split of splits) {
      if (!covers(this.#settings.subscription, split)) {
        this.#leftOut.push(split.splitId);
        this.#ctx.warn(
          `partition "${split.splitId}" of the checkpoint is not read any more, since the options leave it out`,
        );
        continue;
      }
      const partition = new ReadPartition<T>(split);
      this.#partitions.set(split.splitId, partition);
      this.#register(partition);
      if (partition.isEnded) this.#ended.push(partition);
      else added.push(partition);
    }
    if (added.length > 0) this.#supply().add(added);
    this.#ctx.wake();
  }

  noMoreSplits(): void {
    this.#noMoreSplits = true;
    this.#ctx.wake();
  }

  pauseOrResumeSplits(pause: readonly string[], resume: readonly string[]): void {
    for (const id of pause) {
      const partition = this.#partitions.get(id);
      if (partition !== undefined) partition.isPaused = true;
    }
    for (const id of resume) {
      const partition = this.#partitions.get(id);
      if (partition === undefined) continue;
      partition.isPaused = false;
      if (partition.cursor !== undefined) this.#enqueue(partition);
      this.#fetcher?.wants(partition);
    }
    this.#ctx.wake();
  }

  #nothing(output: ReaderOutput<T>): PollResult {
    if (this.#partitions.size > 0) return "nothing-available";
    if (this.#noMoreSplits) return "end-of-input";
    if (this.#isWithout) output.markIdle();
    return "nothing-available";
  }

  snapshot(checkpointId: number): readonly KafkaSplit[] {
    const splits = [...this.#partitions.values()].map((partition) => partition.restOfSplit);
    this.#commits?.snapshot(checkpointId, splits);
    return splits;
  }

  checkpointCompleted(checkpointId: number): void {
    this.#commits?.completed(checkpointId);
  }

  async close(): Promise<void> {
    this.#calls.close();
    await this.#client?.close();
  }

  /** Until its turn is over. */
  #readOn(partition: ReadPartition<T>, output: ReaderOutput<T>): void {
    for (let cursor = partition.cursor; cursor !== undefined; cursor = partition.cursor) {
      const stopped = this.#emitter.emit(partition, cursor, output);
      if (stopped === "enough") return this.#enqueue(partition);
      if (stopped === "end") return this.#end(partition, output);
      this.#fetcher?.consumed(partition, partition.shift());
      if (partition.isEnded) return this.#end(partition, output);
    }
  }

  #enqueue(partition: ReadPartition<T>): void {
    if (partition.isQueued) return;
    partition.isQueued = true;
    this.#queue.push(partition);
  }

  #end(partition: ReadPartition<T>, output: ReaderOutput<T>): void {
    const { splitId } = partition.split;
    if (!this.#partitions.delete(splitId)) return;
    this.#fetcher?.remove(partition);
    this.#commits?.ended(partition, Math.min(partition.position, partition.stop));
    output.release(splitId);
  }

  #supply(): Fetcher<T> {
    this.#fetcher ??= new Fetcher<T>({
      ctx: this.#ctx,
      client: this.#connect(),
      calls: this.#calls,
      settings: this.#settings,
      bytesConsumed: this.#metrics.counter("bytesConsumed"),
      onProgress: (partition) => this.#onProgress(partition),
    });
    return this.#fetcher;
  }

  #connect(): KafkaClient {
    this.#client ??= this.#settings.createClient(String(this.#ctx.subtaskIndex));
    return this.#client;
  }

  #onProgress(partition: ReadPartition<T>): void {
    if (partition.cursor !== undefined) this.#enqueue(partition);
    else if (partition.isEnded) this.#ended.push(partition);
    this.#ctx.wake();
  }

  #register(partition: ReadPartition<T>): void {
    const metrics = this.#metrics
      .group("topic")
      .group(partition.topic)
      .group("partition")
      .group(String(partition.partition));
    metrics.gauge("currentOffset", () => partition.currentOffset);
    metrics.gauge("committedOffset", () => partition.committedOffset);
  }
}
