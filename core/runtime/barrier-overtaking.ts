/**
 * Decides when a barrier overtakes what it waits for, and records what it has overtaken: unaligned checkpoints.
 *
 * In:   the barriers that wait in the input channels, wherever they stand, and those that were delivered already. Out: the checkpoint that is due although
 *       not all barriers were delivered; recordings of the channels that lag behind.
 *
 * Checkpoints come in the order of their ids: a barrier overtakes records, watermarks and ends, and never a barrier of an older checkpoint that still lives. So
 * an aligned savepoint is finished first. All edges into the task must allow it, as in Flink: where subtask i feeds subtask i, or everybody, records in flight
 * could not be dealt out anew; there the barrier waits for its turn.
 */
import type { ChannelReader, CheckpointOptions, ControlElement } from "../network/channel.ts";
import { FrameEncoder } from "../network/columnar/frame-encoder.ts";
import type { Partitioning } from "../graph/stream-graph.ts";
import type { Cancel } from "../time/clock.ts";
import { isMoreImpatient } from "./barrier-alignment.ts";
import type { AlignedCheckpoint, BarrierAlignment } from "./barrier-alignment.ts";
import { InFlightRecording } from "./in-flight-recording.ts";
import type { PutOff, RecordedChannel } from "./in-flight-recording.ts";

type Barrier = Extract<ControlElement, { readonly kind: "barrier" }>;

export interface BarrierOvertakingOptions {
  readonly channels: readonly RecordedChannel[];
  readonly alignment: BarrierAlignment;
  /** What operators have put off of what came through the channels. */
  putOff(): readonly PutOff[];
  /** Whether all edges of the task allow it. */
  readonly isAllowed: boolean;
  nowMs(): number;
  /** Runs a mail in the task, and so lets it have a step. */
  schedule(delayMs: number, mail: () => void): Cancel;
}

/** Flink's rule: in-flight records of pointwise and of broadcast edges are not kept. */
export function mayOvertakeOn(kind: Partitioning["kind"]): boolean {
  return kind !== "forward" && kind !== "rescale" && kind !== "broadcast";
}

export class BarrierOvertaking {
  readonly #options: BarrierOvertakingOptions;
  /** The oldest checkpoint that waits, and since when this task knows of it. */
  #waiting: { readonly checkpointId: number; readonly sinceMs: number } | undefined;
  #wakeUp: { readonly atMs: number; readonly cancel: Cancel } | undefined;
  #recordings: InFlightRecording[];
  /** Made when it is first needed; knows what the records look like. */
  #encoder: FrameEncoder | undefined;

  constructor(options: BarrierOvertakingOptions) {
    this.#options = options;
    this.#waiting = undefined;
    this.#wakeUp = undefined;
    this.#recordings = [];
    this.#encoder = undefined;
  }

  /** The checkpoint whose barrier overtakes now. `trigger`: one that the master asked for directly, whose barriers are the ends of the channels. */
  due(trigger: AlignedCheckpoint | undefined): AlignedCheckpoint | undefined {
    if (!this.#options.isAllowed) return undefined;
    const oldest = this.#oldest(trigger);
    const timeoutMs = oldest?.options.alignedTimeoutMs;
    if (oldest === undefined || timeoutMs === undefined) return undefined;
    const leftMs = timeoutMs - this.waitedMs(oldest.checkpointId);
    if (leftMs <= 0) return oldest;
    this.#wakeAfter(leftMs);
    return undefined;
  }

  /** How long the task has known of a checkpoint; 0 of those that it learns of now. */
  waitedMs(checkpointId: number): number {
    const nowMs = this.#options.nowMs();
    if (this.#waiting?.checkpointId !== checkpointId) this.#waiting = { checkpointId, sinceMs: nowMs };
    return nowMs - this.#waiting.sinceMs;
  }

  /** The options with which a barrier goes on: what it has waited here, it need not wait again. */
  forwarded({ checkpointId, options }: AlignedCheckpoint): CheckpointOptions {
    const { alignedTimeoutMs } = options;
    if (alignedTimeoutMs === undefined || !this.#options.isAllowed) return options;
    return { ...options, alignedTimeoutMs: Math.max(0, alignedTimeoutMs - this.waitedMs(checkpointId)) };
  }

  /** The snapshot is taken now: what the channels hold before the barrier is recorded from here on. Undefined if all have delivered it, and nothing was put off. */
  record(checkpointId: number): InFlightRecording | undefined {
    const { channels, alignment } = this.#options;
    const lagging = channels.filter((_, channel) => !alignment.hasArrived(checkpointId, channel));
    const putOff = this.#options.putOff();
    if (lagging.length === 0 && putOff.length === 0) return undefined;
    this.#encoder ??= new FrameEncoder();
    const recording = new InFlightRecording({ checkpointId, channels: lagging, putOff, encoder: this.#encoder });
    recording.advance();
    this.#recordings.push(recording);
    return recording;
  }

  /** Before anything is read: what has arrived is recorded. */
  advance(): void {
    if (this.#recordings.length === 0) return;
    for (const recording of this.#recordings) recording.advance();
    this.#recordings = this.#recordings.filter((recording) => recording.isOpen);
  }

  abort(checkpointId: number): void {
    this.#recordings = this.#recordings.filter((recording) => recording.checkpointId !== checkpointId);
  }

  /** Of several barriers of one checkpoint the most impatient counts. */
  #oldest(trigger: AlignedCheckpoint | undefined): AlignedCheckpoint | undefined {
    let oldest = olderOf(trigger, this.#options.alignment.current);
    for (const { reader } of this.#options.channels)
      if (reader.barriers > 0) oldest = olderOf(oldest, this.#firstLive(reader));
    return oldest;
  }

  #firstLive(reader: ChannelReader): Barrier | undefined {
    for (const { element } of reader.controls()) {
      if (element.kind === "barrier" && this.#options.alignment.isLive(element.checkpointId)) return element;
    }
    return undefined;
  }

  #wakeAfter(delayMs: number): void {
    const atMs = this.#options.nowMs() + delayMs;
    if (this.#wakeUp?.atMs === atMs) return;
    this.#wakeUp?.cancel();
    this.#wakeUp = { atMs, cancel: this.#options.schedule(delayMs, () => (this.#wakeUp = undefined)) };
  }
}

function olderOf(
  one: AlignedCheckpoint | undefined,
  other: AlignedCheckpoint | undefined,
): AlignedCheckpoint | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (one.checkpointId !== other.checkpointId) return one.checkpointId < other.checkpointId ? one : other;
  return isMoreImpatient(other, one) ? other : one;
}
