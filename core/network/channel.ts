/**
 * A channel carries one sequence of elements from one producer subtask to one consumer subtask: records, and control elements between them.
 *
 * Control elements take no room, so they never wait for capacity. Read `in-slot-channel.ts` first: it is the transport between subtasks of one
 * thread; others follow the same contract.
 */
import type { TimeMs } from "../time/clock.ts";
import type { Backlog } from "./backlog.ts";

/** `savepoint`: refers to no file of an earlier checkpoint. `final`: the one that a job that is done waits for. */
export type CheckpointKind = "checkpoint" | "savepoint" | "final";

export interface CheckpointOptions {
  readonly kind: CheckpointKind;
  /** Stop after the barrier: `suspend` keeps watermark and windows as they are, `drain` sends the last watermark first. */
  readonly stop?: "suspend" | "drain";
  /** Directory for the files of this checkpoint, relative to its blob store. */
  readonly directory: string;
  /**
   * The newest checkpoint that was complete when this one was triggered. A task that has not heard of it yet counts it as complete before it takes its
   * snapshot, since the barrier may be faster than the notice, and the files of older checkpoints may be gone.
   */
  readonly completedId?: number;
  /**
   * How long the barrier may wait for others, and behind records, before it overtakes them (an unaligned checkpoint); 0: at once. What a task has used of it
   * its successors do not get again. Absent: it never overtakes.
   */
  readonly alignedTimeoutMs?: number;
}

/** What travels between records, in order with them. */
export type ControlElement =
  | { readonly kind: "watermark"; readonly watermarkMs: TimeMs }
  | { readonly kind: "idle"; readonly idle: boolean }
  | { readonly kind: "barrier"; readonly checkpointId: number; readonly options: CheckpointOptions }
  /** No more records; barriers may follow. */
  | { readonly kind: "end-of-data" }
  /** Nothing more at all: the producer has finished. */
  | { readonly kind: "close" };

/** A control element in its place among the records. */
export interface PlacedControl {
  /** The position of the record that follows it. */
  readonly at: number;
  readonly element: ControlElement;
}

/** The producer's end. */
export interface ChannelWriter {
  /** Hot. Always accepts; the producer is told through its `ChannelProducer` when it should stop. */
  push(value: unknown, timestampMs: TimeMs): void;
  send(element: ControlElement): void;
}

/** Whom a channel tells that it is full, and that it has room again. */
export interface ChannelProducer {
  block(): void;
  unblock(): void;
  /** So many records were taken out of the channel: for producers that keep count themselves. */
  consumed?(count: number): void;
  /** A record that it has written cannot be sent; found out while it was not writing. Left out: whoever calls the channel hears of it. */
  failed?(error: unknown): void;
}

/** Whom a channel tells that it has something again. */
export interface ChannelConsumer {
  wake(): void;
  /** What has arrived cannot be kept for it; found out while it was not reading. Left out: whoever brings it hears of it. */
  failed?(error: unknown): void;
}

/** The consumer's end: runs of records as two parallel rings, read in place. */
export interface ChannelReader {
  /** Records before the next control element. */
  readable(): number;
  /** Position of the first readable record; the i-th is at `(head + i) & mask`. */
  readonly head: number;
  readonly mask: number;
  /** The reader sets what it has taken to undefined, so that the ring does not keep it alive. */
  readonly values: unknown[];
  readonly timestampsMs: Float64Array;
  /** The first `count` readable records were processed. */
  consumed(count: number): void;
  /** The control element at the head, if no record is before it. */
  peekControl(): ControlElement | undefined;
  takeControl(): void;
  /** Position behind the last record. Positions are 32-bit and wrap around: only differences count. */
  readonly tail: number;
  /** What waits behind the last record, in order with it. Only loops have one. */
  readonly backlog?: Backlog | undefined;
  /** How many barriers wait, wherever they stand. */
  readonly barriers: number;
  /** All control elements that wait, in order. */
  controls(): Iterable<PlacedControl>;
}
