/**
 * What one unaligned checkpoint keeps of a task's input channels: the records that its barrier has overtaken, and on channels where the barrier has not
 * arrived yet those that still come before it.
 *
 * In:    the channels, looked at when the snapshot is taken and then before anything is read from them. Out: frames, in parts.
 * State: per channel that is still open, the position up to which it was recorded.
 *
 * Records are encoded before their consumer runs, which may change them. So a snapshot costs the encoding of what waits: at most the channels' capacity. What waits
 * behind it, or was put off by operators, is bytes already, which are referred to and read when they are written.
 */
import type { CheckpointFailureReason } from "../graph/checkpoint-failures.ts";
import type { FrameEncoder } from "../network/columnar/frame-encoder.ts";
import type { Backlog } from "../network/backlog.ts";
import type { ChannelReader, ControlElement } from "../network/channel.ts";
import { asError, MillraceError } from "../util/errors.ts";
import { inMemory, partsOf, storedIn } from "./in-flight-parts.ts";
import type { InFlightPart, RecordedFrame } from "./in-flight-parts.ts";

/** Records in a frame. */
const FRAME_MAX = 1_024;

export interface RecordedChannel {
  readonly reader: ChannelReader;
  /** Position of its edge among the input edges of the vertex. */
  readonly edge: number;
}

/** What an operator has put off, of what came through an edge. */
export interface PutOff {
  readonly edge: number;
  readonly backlog: Backlog;
}

interface Recorded {
  readonly edge: number;
  readonly reader: ChannelReader;
  /** All before it was recorded, or was read before the snapshot. */
  at: number;
  readonly frames: RecordedFrame[];
  isOpen: boolean;
}

export interface RecordingFailure {
  readonly reason: CheckpointFailureReason;
  readonly cause: Error;
}

export interface InFlightRecordingOptions {
  readonly checkpointId: number;
  /** Those that have not delivered the barrier. */
  readonly channels: readonly RecordedChannel[];
  /** Older than what the channels hold. */
  readonly putOff: readonly PutOff[];
  readonly encoder: FrameEncoder;
}

export class InFlightRecording {
  readonly checkpointId: number;
  readonly #channels: readonly Recorded[];
  readonly #putOff: readonly { readonly edge: number; readonly frames: readonly RecordedFrame[] }[];
  readonly #encoder: FrameEncoder;
  readonly #backlogs: readonly Backlog[];
  #failure: RecordingFailure | undefined;

  constructor({ checkpointId, channels, putOff, encoder }: InFlightRecordingOptions) {
    this.checkpointId = checkpointId;
    this.#encoder = encoder;
    this.#channels = channels.map(({ reader, edge }) => ({ reader, edge, at: reader.head, frames: [], isOpen: true }));
    this.#backlogs = [
      ...putOff.map(({ backlog }) => backlog),
      ...channels.flatMap(({ reader }) => reader.backlog ?? []),
    ];
    this.#putOff = putOff.map(({ edge, backlog }) => ({
      edge,
      frames: [...backlog.framesFrom(backlog.start)].map((stored) => storedIn(backlog.space, stored)),
    }));
    this.#failure = undefined;
    for (const { space } of this.#backlogs) space.hold();
  }

  /** Some channel has not delivered its barrier. */
  get isOpen(): boolean {
    return this.#failure === undefined && this.#channels.some((channel) => channel.isOpen);
  }

  /** Why it will never be whole. The checkpoint fails, the task does not. */
  get failure(): RecordingFailure | undefined {
    return this.#failure;
  }

  /** What was recorded, in order, in parts of about so many bytes. Once nothing is open. */
  parts(bytesMax: number): readonly InFlightPart[] {
    return [...partsOf(this.#putOff, bytesMax), ...partsOf(this.#channels, bytesMax)];
  }

  /** Nobody will ask for it any more. */
  close(): void {
    for (const { space } of this.#backlogs) space.release();
  }

  /** Takes what has arrived since the last time. Call it before anything is read. */
  advance(): void {
    for (const channel of this.#channels) if (channel.isOpen && this.#failure === undefined) this.#record(channel);
  }

  #record(channel: Recorded): void {
    let end = (channel.reader.tail + (channel.reader.backlog?.length ?? 0)) | 0;
    for (const { at, element } of channel.reader.controls()) {
      // A producer passes barriers on in the order of their ids: the one that is awaited here was given up before.
      if (element.kind === "barrier" && element.checkpointId > this.checkpointId) {
        this.#failure = overtaken(this.checkpointId);
        return;
      }
      if (!endsRecording(element, this.checkpointId)) continue;
      channel.isOpen = false;
      end = at;
      break;
    }
    try {
      const inRing = Math.min((end - channel.at) | 0, (channel.reader.tail - channel.at) | 0);
      for (let left = inRing; left > 0; left -= FRAME_MAX) this.#encode(channel, Math.min(left, FRAME_MAX));
      const { backlog, tail } = channel.reader;
      if (backlog !== undefined && ((end - channel.at) | 0) > 0)
        refer(channel, backlog, { from: backlog.start + ((channel.at - tail) | 0), end });
    } catch (error) {
      this.#failure = { reason: "CHECKPOINT_ASYNC_EXCEPTION", cause: asError(error) };
    }
  }

  #encode(channel: Recorded, count: number): void {
    const { values, timestampsMs, mask } = channel.reader;
    const taken: unknown[] = [];
    const times = new Float64Array(count);
    for (let index = 0; index < count; index += 1) {
      const slot = (channel.at + index) & mask;
      taken.push(values[slot]);
      times[index] = timestampsMs[slot] ?? 0;
    }
    const frame = this.#encoder.encode(taken, times, 0, count);
    channel.frames.push(inMemory(frame));
    channel.at = (channel.at + count) | 0;
  }
}

/** Control elements stand between frames, so that none is cut. */
function refer(
  channel: Recorded,
  backlog: Backlog,
  { from, end }: { readonly from: number; readonly end: number },
): void {
  for (const stored of backlog.framesFrom(from)) {
    if (((end - channel.at) | 0) <= 0) return;
    channel.frames.push(storedIn(backlog.space, stored));
    channel.at = (channel.at + stored.count) | 0;
  }
}

/** Behind `close` no barrier will come. */
function endsRecording(element: ControlElement, checkpointId: number): boolean {
  return element.kind === "close" || (element.kind === "barrier" && element.checkpointId === checkpointId);
}

function overtaken(checkpointId: number): RecordingFailure {
  const cause = new MillraceError("MR3008", `checkpoint ${checkpointId} was overtaken by a newer one in a task`);
  return { reason: "CHECKPOINT_SUBSUMED", cause };
}
