/**
 * The room that a task's loop has: so many bytes in memory, and what is beyond on disk.
 *
 * In:    frames that wait. Out: the same bytes, from wherever they are; whether there is more than the memory holds, so that less is let in.
 * State: counts, and segments: files that are only appended to, and given back as a whole once nothing in them waits. While somebody saves what waits (`hold`), none is.
 */
import type { Scratch, ScratchFile } from "../storage/scratch.ts";
import { assert, MillraceError } from "../util/errors.ts";

/** A file of frames, in the order in which they were stored. */
export interface Segment {
  /** Rises from segment to segment. */
  readonly number: number;
  readonly file: ScratchFile;
  /** How many were stored in it, and whether more may come. */
  frames: number;
  isSealed: boolean;
  bytes: number;
  /** Frames in it that still wait. */
  waiting: number;
}

/** A frame where it waits; it never changes. */
export interface StoredFrame {
  /** Records. */
  readonly count: number;
  readonly bytes: number;
  /** Undefined: it is on disk. */
  readonly inMemory: Uint8Array | undefined;
  readonly segment: Segment | undefined;
  readonly offset: number;
}

export interface SpillSpaceOptions {
  readonly scratch: Scratch;
  readonly memoryBytesMax: number;
  readonly diskBytesMax: number;
  /** Of a file on disk, about. Default: a quarter of the memory, from 1 KiB to 16 MiB. */
  readonly segmentBytesMax?: number;
}

/** A segment is given back as a whole: small enough for that to happen, large enough for few of them. With little memory they are smaller. */
const SEGMENT_BYTES_MIN = 1_024;
const SEGMENT_BYTES_MAX = 16 * 1024 * 1024;
/** Of the objects around a frame. */
const FRAME_OVERHEAD_BYTES = 256;

export class SpillSpace {
  readonly #options: SpillSpaceOptions;
  readonly #segmentBytesMax: number;
  #memoryBytes: number;
  #diskBytes: number;
  /** On disk, and still waiting. */
  #spilledBytes: number;
  #current: Segment | undefined;
  readonly #segments: Set<Segment>;
  /** Done with, but for those who save what waited. */
  #retired: Segment[];
  #holders: number;
  #made: number;
  #isClosed: boolean;

  constructor(options: SpillSpaceOptions) {
    const { memoryBytesMax, segmentBytesMax = memoryBytesMax / 4 } = options;
    this.#options = options;
    this.#segmentBytesMax = Math.min(SEGMENT_BYTES_MAX, Math.max(SEGMENT_BYTES_MIN, segmentBytesMax));
    this.#memoryBytes = 0;
    this.#diskBytes = 0;
    this.#spilledBytes = 0;
    this.#current = undefined;
    this.#segments = new Set();
    this.#retired = [];
    this.#holders = 0;
    this.#made = 0;
    this.#isClosed = false;
  }

  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  get spilledBytes(): number {
    return this.#spilledBytes;
  }

  /** What waits is more than the memory is meant to hold. */
  get isOver(): boolean {
    return this.#spilledBytes > 0 || this.#memoryBytes >= this.#options.memoryBytesMax;
  }

  /** Room in memory for something that is no frame; false: there is none. To be given back. */
  take(bytes: number): boolean {
    if (this.#memoryBytes + bytes > this.#options.memoryBytesMax) return false;
    this.#memoryBytes += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#memoryBytes -= bytes;
  }

  /** The bytes are its own from here on. `isBehindDisk`: what it waits behind is on disk, so that it goes there too. Fails with `MR3040` if there is no room left, with `MR5207` if the disk refuses. */
  store(frame: Uint8Array, count: number, isBehindDisk: boolean): StoredFrame {
    const bytes = frame.byteLength;
    // A task that has ended: its neighbours may not know yet.
    if (this.#isClosed || (!isBehindDisk && this.take(bytes + FRAME_OVERHEAD_BYTES)))
      return { count, bytes, inMemory: frame, segment: undefined, offset: 0 };
    const segment = this.#segmentFor(bytes);
    const offset = segment.bytes;
    segment.file.append(frame);
    segment.bytes += bytes;
    segment.frames += 1;
    segment.waiting += 1;
    if (segment.bytes >= this.#segmentBytesMax) this.#sealCurrent();
    this.#diskBytes += bytes;
    this.#spilledBytes += bytes;
    return { count, bytes, inMemory: undefined, segment, offset };
  }

  read({ inMemory, segment, offset, bytes }: StoredFrame): Uint8Array {
    if (inMemory !== undefined) return inMemory;
    assert(segment !== undefined, "a frame is in memory or on disk");
    return segment.file.read(offset, bytes);
  }

  /** It waits no longer. */
  remove({ inMemory, segment, bytes }: StoredFrame): void {
    if (this.#isClosed) return;
    if (inMemory !== undefined) this.#memoryBytes -= bytes + FRAME_OVERHEAD_BYTES;
    if (segment === undefined) return;
    this.#spilledBytes -= bytes;
    segment.waiting -= 1;
    if (segment.waiting > 0) return;
    if (this.#current === segment) this.#sealCurrent();
    this.#retired.push(segment);
    this.#giveBackRetired();
  }

  /** Until `release`, what was stored can be read. */
  hold(): void {
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
    this.#giveBackRetired();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { file } of this.#segments) file.close();
    this.#segments.clear();
    this.#retired = [];
  }

  #segmentFor(bytes: number): Segment {
    const { scratch, diskBytesMax } = this.#options;
    if (this.#diskBytes + bytes > diskBytesMax) throw full(this.#spilledBytes, diskBytesMax);
    if (this.#current !== undefined) return this.#current;
    const made: Segment = {
      number: this.#made++,
      file: scratch.open(),
      frames: 0,
      isSealed: false,
      bytes: 0,
      waiting: 0,
    };
    this.#segments.add(made);
    this.#current = made;
    return made;
  }

  #sealCurrent(): void {
    if (this.#current !== undefined) this.#current.isSealed = true;
    this.#current = undefined;
  }

  #giveBackRetired(): void {
    if (this.#holders > 0 || this.#isClosed) return;
    for (const segment of this.#retired.splice(0)) {
      this.#segments.delete(segment);
      this.#diskBytes -= segment.bytes;
      segment.file.close();
    }
  }
}

function full(spilledBytes: number, bytesMax: number): MillraceError {
  return new MillraceError(
    "MR3040",
    `${spilledBytes} bytes of what goes around in a loop wait on disk, and no more than ${bytesMax} may: ` +
      `send less than you receive on the whole, or raise statefun.feedback.disk.size`,
    // A restore would bring all of it back.
    { retryable: false },
  );
}
