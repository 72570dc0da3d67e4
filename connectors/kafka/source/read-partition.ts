/**
 * One partition as its reader has it: how far it is read, what of it is at hand, and where to fetch next.
 *
 * In:    chunks, as they are fetched, two at most. Out: a cursor over the first of them. State: the position, which is all that a checkpoint needs; the rest is fetched again.
 */
import type { SourceOutput } from "../../../core/operators/contracts/source.ts";
import type { AbortedTransaction, TopicPartition } from "../client/kafka-client.ts";
import { BASE_OFFSET_AT, LAST_OFFSET_DELTA_AT, LENGTH_AT, LENGTH_END } from "../records/batch-format.ts";
import { RecordCursor } from "../records/record-cursor.ts";
import type { KafkaSplit } from "./splits.ts";

/** Chunks at hand: one that is read, and one behind it, so that fetching goes on meanwhile. */
export const CHUNKS_MAX = 2;

/** Opened batches, one or more. */
export interface Chunk {
  readonly batches: Buffer;
  readonly aborted: readonly AbortedTransaction[];
}

export class ReadPartition<T> implements TopicPartition {
  readonly split: KafkaSplit;
  readonly topic: string;
  readonly partition: number;
  /** Infinity: none. */
  readonly stop: number;
  /** The offset to fetch from: behind all chunks. */
  fetchFrom: number;
  /** Behind the last record that could be read when the partition was fetched last; -1: it was not yet. */
  limit = -1;
  /** The broker that leads it; undefined while nobody knows. */
  node: number | undefined = undefined;
  /** A call of the client for it is under way, or a pause after one that failed. */
  isBusy = false;
  isPaused = false;
  /** It waits for its turn to emit. */
  isQueued = false;
  /** There should have been something up to this offset, and nothing came: if so again, there is nothing. */
  emptyUpTo: number | undefined = undefined;
  /** Calls that failed since the last that did not, and since when. */
  failures = 0;
  failingSinceMs: number | undefined = undefined;
  /** Which answer it was that brought something last. */
  servedAt = 0;
  output: SourceOutput<T> | undefined = undefined;
  /** The last record that was emitted, and the group's offset, for metrics. */
  currentOffset = -1;
  committedOffset = -1;
  readonly #chunks: { readonly cursor: RecordCursor; readonly bytes: number }[] = [];
  #position: number;

  constructor(split: KafkaSplit) {
    this.split = split;
    this.topic = split.topic;
    this.partition = split.partition;
    this.stop = split.stop ?? Infinity;
    this.fetchFrom = split.offset;
    this.#position = split.offset;
  }

  /** Everything before it is emitted, or left out for good. */
  get position(): number {
    return this.#chunks[0]?.cursor.position ?? this.#position;
  }

  get isEnded(): boolean {
    return this.position >= this.stop;
  }

  /** Undefined: nothing is at hand. Hot. */
  get cursor(): RecordCursor | undefined {
    return this.#chunks[0]?.cursor;
  }

  get chunks(): number {
    return this.#chunks.length;
  }

  /** At hand. */
  get bytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
  }

  /** Records that could be read and are not, as far as the last answer knows. */
  get lag(): number {
    return Math.max(0, Math.min(this.limit, this.stop) - this.position);
  }

  get restOfSplit(): KafkaSplit {
    return { ...this.split, offset: this.position };
  }

  push({ batches, aborted }: Chunk): void {
    this.#chunks.push({
      cursor: new RecordCursor(batches, { from: this.fetchFrom, aborted }),
      bytes: batches.length,
    });
    this.fetchFrom = endOf(batches);
  }

  /** The first chunk is read. Returns its bytes. */
  shift(): number {
    const chunk = this.#chunks.shift();
    this.#position = this.#chunks.length === 0 ? this.fetchFrom : (chunk?.cursor.position ?? this.#position);
    return chunk?.bytes ?? 0;
  }

  /** There is nothing to read between where fetching had come to and this offset. */
  jumpTo(offset: number): void {
    this.fetchFrom = offset;
    this.emptyUpTo = undefined;
    if (this.#chunks.length === 0) this.#position = offset;
  }
}

/** The offset behind the last batch. */
function endOf(batches: Buffer): number {
  let last = 0;
  for (let at = 0; at < batches.length; at += LENGTH_END + batches.readInt32BE(at + LENGTH_AT)) last = at;
  return Number(batches.readBigInt64BE(last + BASE_OFFSET_AT)) + batches.readInt32BE(last + LAST_OFFSET_DELTA_AT) + 1;
}
