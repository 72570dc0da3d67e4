/**
 * The end of a chain: sends each record to one (or all) of the channels of an edge, and control elements to all of them.
 *
 * A file of its own that is copied per position (see `copies.ts`), so that key selector and channel are inlined into `processRecord`.
 */
import type { ChannelWriter, ControlElement } from "../network/channel.ts";
import type { TimeMs } from "../time/clock.ts";
import type { Output } from "../operators/operator.ts";
import type { Random } from "../util/random.ts";
import type { Partitioning } from "../graph/stream-graph.ts";
import { keyGroupOf } from "../types/key-hash.ts";
import { MillraceError } from "../util/errors.ts";

/** An output that also takes barriers and the end from the task. */
export interface PartitionWriter extends Output<unknown> {
  send(element: ControlElement): void;
}

export interface PartitionWriterOptions {
  readonly partitioning: Partitioning;
  readonly channels: readonly ChannelWriter[];
  /** Of the consuming vertex. */
  readonly maxParallelism: number;
  /** Index of this subtask among the producers: where round robin starts. */
  readonly producer: number;
  readonly random: Random;
  /** A loop carries no time: what comes around is no later than what it follows from. */
  readonly isFeedback: boolean;
}

/** Picks the channel of a record. */
export type Selector = (value: unknown) => number;

export function createPartitionWriter(options: PartitionWriterOptions): PartitionWriter {
  const { channels, partitioning, isFeedback } = options;
  const [only] = channels;
  if (partitioning.kind === "broadcast") return new BroadcastWriter(channels);
  if (channels.length === 1 && only !== undefined) return new SingleWriter(only, isFeedback);
  return new SelectingWriter(channels, selectorOf(options), isFeedback);
}

/** Where the record itself decides which of `count` subtasks gets it; undefined: anyone may. */
export function ownerSelector(
  partitioning: Partitioning,
  { count, maxParallelism }: { readonly count: number; readonly maxParallelism: number },
): Selector | undefined {
  switch (partitioning.kind) {
    case "hash": {
      const keyOf = partitioning.keyOf as (value: unknown) => unknown; // records of this edge have the selector's type
      const owners = ownersOf({ count, maxParallelism });
      return (value) => owners[keyGroupOf(keyOf(value), maxParallelism)] ?? 0;
    }
    case "custom": {
      const keyOf = partitioning.keyOf as (value: unknown) => unknown; // as above
      const partitioner = partitioning.partitioner as (key: unknown, partitions: number) => number; // as above
      return (value) => checkedPartition(partitioner(keyOf(value), count), count);
    }
    default:
      return undefined;
  }
}

/** Of each key group, its subtask: looked up, since a division per record costs more. */
function ownersOf({ count, maxParallelism }: { readonly count: number; readonly maxParallelism: number }): Uint16Array {
  return Uint16Array.from({ length: maxParallelism }, (_, group) => Math.floor((group * count) / maxParallelism));
}

function selectorOf({ partitioning, channels, maxParallelism, producer, random }: PartitionWriterOptions): Selector {
  const count = channels.length;
  const byRecord = ownerSelector(partitioning, { count, maxParallelism });
  if (byRecord !== undefined) return byRecord;
  switch (partitioning.kind) {
    case "shuffle":
      return () => Math.floor(random.next() * count);
    case "global":
      return () => 0;
    default: {
      let next = producer % count;
      return () => {
        const chosen = next;
        next = next + 1 === count ? 0 : next + 1;
        return chosen;
      };
    }
  }
}

function checkedPartition(partition: number, count: number): number {
  if (Number.isInteger(partition) && partition >= 0 && partition < count) return partition;
  throw new MillraceError(
    "MR3005",
    `the partitioner returned ${String(partition)}; return a whole number from 0 to ${count - 1}`,
  );
}

class SingleWriter implements PartitionWriter {
  readonly #channel: ChannelWriter;
  readonly #isFeedback: boolean;

  constructor(channel: ChannelWriter, isFeedback: boolean) {
    this.#channel = channel;
    this.#isFeedback = isFeedback;
  }

  /** Hot. */
  processRecord(value: unknown, timestampMs: TimeMs): void {
    this.#channel.push(value, timestampMs);
  }

  processWatermark(watermarkMs: TimeMs): void {
    if (!this.#isFeedback) this.#channel.send({ kind: "watermark", watermarkMs });
  }

  processIdle(idle: boolean): void {
    if (!this.#isFeedback) this.#channel.send({ kind: "idle", idle });
  }

  send(element: ControlElement): void {
    this.#channel.send(element);
  }
}

class SelectingWriter implements PartitionWriter {
  readonly #channels: readonly ChannelWriter[];
  readonly #select: Selector;
  readonly #isFeedback: boolean;

  constructor(channels: readonly ChannelWriter[], select: Selector, isFeedback: boolean) {
    this.#channels = channels;
    this.#select = select;
    this.#isFeedback = isFeedback;
  }

  /** Hot. */
  processRecord(value: unknown, timestampMs: TimeMs): void {
    this.#channels[this.#select(value)]?.push(value, timestampMs);
  }

  processWatermark(watermarkMs: TimeMs): void {
    if (!this.#isFeedback) this.send({ kind: "watermark", watermarkMs });
  }

  processIdle(idle: boolean): void {
    if (!this.#isFeedback) this.send({ kind: "idle", idle });
  }

  send(element: ControlElement): void {
    for (const channel of this.#channels) channel.send(element);
  }
}

class BroadcastWriter implements PartitionWriter {
  readonly #channels: readonly ChannelWriter[];

  constructor(channels: readonly ChannelWriter[]) {
    this.#channels = channels;
  }

  processRecord(value: unknown, timestampMs: TimeMs): void {
    for (const channel of this.#channels) channel.push(value, timestampMs);
  }

  processWatermark(watermarkMs: TimeMs): void {
    this.send({ kind: "watermark", watermarkMs });
  }

  processIdle(idle: boolean): void {
    this.send({ kind: "idle", idle });
  }

  send(element: ControlElement): void {
    for (const channel of this.#channels) channel.send(element);
  }
}
