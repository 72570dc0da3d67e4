/**
 * Records that wait in order, as bytes: in memory as far as their space allows, and beyond that on disk.
 *
 * In:    records one by one, or frames as they came from another slot. Out: the oldest frame's records; the frames themselves, for whoever saves them.
 * State: frames, and the newest records, which are no frame yet.
 *
 * Positions count the records ever put in, from 0, and are whole numbers without an end.
 */
import type { TimeMs } from "../time/clock.ts";
import { Deque } from "../util/deque.ts";
import { FrameDecoder } from "./columnar/frame-decoder.ts";
import type { DecodedRecords } from "./columnar/frame-decoder.ts";
import { FrameEncoder } from "./columnar/frame-encoder.ts";
import type { GeneratedCodecs } from "./columnar/generated-codecs.ts";
import type { SpillSpace, StoredFrame } from "./spill-space.ts";

interface PlacedFrame {
  /** Position of its first record. */
  readonly at: number;
  readonly stored: StoredFrame;
}

/** Records of a frame at first, when nobody knows how large they are, and at most. */
const FRAME_RECORDS_FIRST = 32;
const FRAME_RECORDS_MAX = 1_024;
const FRAME_BYTES = 32_768;
/** Objects take about so much more than their bytes in a frame. */
const OBJECT_FACTOR = 4;

export class Backlog {
  readonly space: SpillSpace;
  readonly #codecs: GeneratedCodecs | undefined;
  #encoder: FrameEncoder | undefined;
  #decoder: FrameDecoder | undefined;
  readonly #frames: Deque<PlacedFrame>;
  #values: unknown[];
  #timestampsMs: Float64Array;
  /** Records of the newest part, which is no frame yet. */
  #open: number;
  #frameRecords: number;
  #start: number;
  #end: number;

  constructor(space: SpillSpace, codecs?: GeneratedCodecs) {
    this.space = space;
    this.#codecs = codecs;
    this.#encoder = undefined;
    this.#decoder = undefined;
    this.#frames = new Deque();
    this.#values = [];
    this.#timestampsMs = new Float64Array(FRAME_RECORDS_FIRST);
    this.#open = 0;
    this.#frameRecords = FRAME_RECORDS_FIRST;
    this.#start = 0;
    this.#end = 0;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** Position of the oldest record. */
  get start(): number {
    return this.#start;
  }

  /** Refuses with `MR4101` what cannot be encoded, when its frame is full. */
  push(value: unknown, timestampMs: TimeMs): void {
    if (this.#open === this.#timestampsMs.length) this.#timestampsMs = doubled(this.#timestampsMs);
    this.#values[this.#open] = value;
    this.#timestampsMs[this.#open] = timestampMs;
    this.#open += 1;
    this.#end += 1;
    if (this.#open >= this.#frameRecords) this.seal();
  }

  /** As a `FrameEncoder` made it. */
  pushFrame(frame: Uint8Array, count: number): void {
    this.seal();
    this.#store(frame, count, this.#end);
    this.#end += count;
  }

  /** What was pushed is a frame from here on: nothing that comes later is put into it. Where that is refused, all waits as before: a checkpoint may fail by it, and the task go on. */
  seal(): void {
    const count = this.#open;
    if (count === 0) return;
    const frame = this.#encode(this.#values, this.#timestampsMs, count);
    this.#store(frame, count, this.#end - count);
    this.#values = [];
    this.#open = 0;
    const fitting = Math.floor((FRAME_BYTES * count) / frame.length);
    this.#frameRecords = Math.max(1, Math.min(FRAME_RECORDS_MAX, fitting, Math.max(count, this.#frameRecords) * 2));
  }

  /** About how many bytes a record like this one takes as objects. */
  estimate(value: unknown, timestampMs: TimeMs): number {
    return this.#encode([value], Float64Array.of(timestampMs), 1).length * OBJECT_FACTOR;
  }

  /** The same of each record of a frame. */
  estimateOf(frame: Uint8Array, count: number): number {
    return Math.ceil(frame.byteLength / count) * OBJECT_FACTOR;
  }

  /** The oldest records, as many as stand together; how many. */
  shift(into: DecodedRecords): number {
    const oldest = this.#frames.shift();
    if (oldest === undefined) return this.#shiftOpen(into);
    const { stored } = oldest;
    this.#decoder ??= new FrameDecoder({ codecs: this.#codecs });
    const count = this.#decoder.decode(this.space.read(stored), into);
    this.space.remove(stored);
    this.#start += count;
    return count;
  }

  /** All frames from a position on, which is the start of one, oldest first. What was pushed so far is among them. */
  *framesFrom(position: number): IterableIterator<StoredFrame> {
    this.seal();
    for (let index = this.#indexOf(position); index < this.#frames.length; index += 1) {
      const frame = this.#frames.at(index);
      if (frame !== undefined) yield frame.stored;
    }
  }

  /** From the first frame that goes to disk on, all do, until none is left there: so what is in memory is older than what is not. */
  #store(frame: Uint8Array, count: number, at: number): void {
    const isBehindDisk = this.#frames.at(this.#frames.length - 1)?.stored.segment !== undefined;
    this.#frames.push({ at, stored: this.space.store(frame, count, isBehindDisk) });
  }

  #shiftOpen(into: DecodedRecords): number {
    const count = this.#open;
    if (into.timestampsMs.length < count) into.timestampsMs = new Float64Array(this.#timestampsMs.length);
    into.timestampsMs.set(this.#timestampsMs.subarray(0, count));
    for (let index = 0; index < count; index += 1) into.values[index] = this.#values[index];
    this.#values = [];
    this.#open = 0;
    this.#start += count;
    return count;
  }

  /** Of the first frame that does not lie before the position. */
  #indexOf(position: number): number {
    let low = 0;
    let high = this.#frames.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#frames.at(middle)?.at ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #encode(values: readonly unknown[], timestampsMs: Float64Array, count: number): Uint8Array {
    this.#encoder ??= new FrameEncoder({ codecs: this.#codecs });
    return this.#encoder.encode(values, timestampsMs, 0, count);
  }
}

function doubled(numbers: Float64Array): Float64Array {
  const larger = new Float64Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}
