/**
 * What one unaligned checkpoint keeps of a task's input channels: the records that its barrier has overtaken, and on channels where the barrier has not
 * arrived yet those that still come before it.
 *
 * In:    the channels, looked at when the snapshot is taken and then before anything is read from them. Out: frames.
 * State: per channel that is still open, the position up to which it was recorded.
 *
 * Records are encoded before their consumer runs, which may change them. So a snapshot costs the encoding of what waits: at most the channels' capacity.
 */
import type { CheckpointFailureReason } from "../graph/checkpoint-failures.ts";
import type { InFlightChannel } from "../network/in-flight.ts";
import type { FrameEncoder } from "../network/columnar/frame-encoder.ts";
import type { ChannelReader, ControlElement } from "../network/channel.ts";
import { asError, MillraceError } from "../util/errors.ts";

/** Records in a frame. */
const FRAME_MAX = 1_024;

export interface RecordedChannel {
  readonly reader: ChannelReader;
  /** Position of its edge among the input edges of the vertex. */
  readonly edge: number;
}

interface Recorded extends RecordedChannel {
  /** All before it was recorded, or was read before the snapshot. */
  at: number;
  readonly frames: Uint8Array[];
  isOpen: boolean;
}

export interface RecordingFailure {
  readonly reason: CheckpointFailureReason;
  readonly cause: Error;
}

export class InFlightRecording {
  readonly checkpointId: number;
  readonly #channels: readonly Recorded[];
  readonly #encoder: FrameEncoder;
  #failure: RecordingFailure | undefined;

  /** `channels`: those that have not delivered the barrier. */
  constructor(checkpointId: number, channels: readonly RecordedChannel[], encoder: FrameEncoder) {
    this.checkpointId = checkpointId;
    this.#encoder = encoder;
    this.#channels = channels.map(({ reader, edge }) => ({ reader, edge, at: reader.head, frames: [], isOpen: true }));
    this.#failure = undefined;
  }

  /** Some channel has not delivered its barrier. */
  get isOpen(): boolean {
    return this.#failure === undefined && this.#channels.some((channel) => channel.isOpen);
  }

  /** Why it will never be whole. The checkpoint fails, the task does not. */
  get failure(): RecordingFailure | undefined {
    return this.#failure;
  }

  /** What was recorded, without channels that held nothing. */
  get channels(): readonly InFlightChannel[] {
    return this.#channels.filter(({ frames }) => frames.length > 0).map(({ edge, frames }) => ({ edge, frames }));
  }

  /** Takes what has arrived since the last time. Call it before anything is read. */
  advance(): void {
    for (const channel of this.#channels) if (channel.isOpen && this.#failure === undefined) this.#record(channel);
  }

  #record(channel: Recorded): void {
    let end = channel.reader.tail;
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
      while (((end - channel.at) | 0) > 0) this.#encode(channel, Math.min((end - channel.at) | 0, FRAME_MAX));
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
    channel.frames.push(this.#encoder.encode(taken, times, 0, count));
    channel.at = (channel.at + count) | 0;
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
