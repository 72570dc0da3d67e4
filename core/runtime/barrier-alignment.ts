/**
 * Aligns the barriers of one checkpoint over all channels of a task: a channel that has delivered its barrier is held back until all others
 * have, so that the snapshot contains exactly what came before the barriers.
 *
 * In:   barriers, ends and aborts, by channel index. Out: `blocked` flags, and the checkpoint to take once all have arrived.
 *
 * Exactly once, a newer barrier ends the wait for an older one: the producer of the newer one cannot have skipped a checkpoint that still lives. At least
 * once, channels are not held back, so a fast one delivers the barriers of several checkpoints before a slow one the first: up to `TRACKED_MAX` are
 * collected side by side. Barriers of checkpoints that were aborted, taken or superseded are dropped wherever they still turn up.
 */
import type { CheckpointOptions } from "../network/channel.ts";

/** Checkpoints that are collected side by side where channels are not held back; beyond it the oldest is given up, as in Flink. */
const TRACKED_MAX = 50;

export interface AlignedCheckpoint {
  readonly checkpointId: number;
  readonly options: CheckpointOptions;
}

interface Collecting {
  checkpoint: AlignedCheckpoint;
  /** By channel. */
  readonly arrived: boolean[];
}

export class BarrierAlignment {
  /** Hot: read per channel before each run. Channels that wait for the others' barriers. */
  readonly blocked: boolean[];
  readonly #closed: boolean[];
  /** Channels of a loop: nobody waits for their barriers, since they come only after the snapshot that they would be waited for. One that comes early is held back like any other. */
  readonly #feedback: readonly boolean[];
  readonly #blocking: boolean;
  /** In the order of ids; one at most where channels are held back. */
  #collecting: Collecting[];
  /** Ids up to this one are over for this task. */
  #doneUpTo: number;
  readonly #aborted: Set<number>;

  constructor(options: {
    readonly channels: number;
    readonly exactlyOnce: boolean;
    readonly feedback?: readonly boolean[];
  }) {
    this.blocked = new Array<boolean>(options.channels).fill(false);
    this.#closed = new Array<boolean>(options.channels).fill(false);
    this.#feedback = options.feedback ?? [];
    this.#blocking = options.exactlyOnce;
    this.#collecting = [];
    this.#doneUpTo = 0;
    this.#aborted = new Set();
  }

  /** The oldest checkpoint whose barriers are being collected. */
  get current(): AlignedCheckpoint | undefined {
    return this.#collecting[0]?.checkpoint;
  }

  /** Returns the id of an older checkpoint that this barrier superseded, which the task must decline. */
  barrier(channel: number, checkpoint: AlignedCheckpoint): number | undefined {
    const id = checkpoint.checkpointId;
    if (!this.isLive(id)) return undefined;
    let collecting = this.#collecting.find((other) => other.checkpoint.checkpointId === id);
    let superseded: number | undefined;
    if (collecting === undefined) {
      if (id < (this.#collecting.at(-1)?.checkpoint.checkpointId ?? 0)) return undefined;
      if (this.#collecting.length >= (this.#blocking ? 1 : TRACKED_MAX)) {
        superseded = this.#collecting.shift()?.checkpoint.checkpointId;
        this.blocked.fill(false);
      }
      collecting = { checkpoint, arrived: this.#closed.map(() => false) };
      this.#collecting.push(collecting);
    }
    if (isMoreImpatient(checkpoint, collecting.checkpoint)) collecting.checkpoint = checkpoint;
    collecting.arrived[channel] = true;
    this.blocked[channel] = this.#blocking;
    return superseded;
  }

  /** Neither taken nor aborted: a barrier of it that waits counts. */
  isLive(checkpointId: number): boolean {
    return checkpointId > this.#doneUpTo && !this.#aborted.has(checkpointId);
  }

  /** Whether a channel has delivered its barrier, or will deliver none. */
  hasArrived(checkpointId: number, channel: number): boolean {
    if (this.#closed[channel] === true) return true;
    const collecting = this.#collecting.find(({ checkpoint }) => checkpoint.checkpointId === checkpointId);
    return collecting?.arrived[channel] === true;
  }

  /** Every producer has finished, so that no barrier will come any more that anybody waits for. */
  get allClosed(): boolean {
    return this.#closed.every((closed, channel) => closed || this.#feedback[channel] === true);
  }

  /** The producer has finished: no barrier will come through this channel. */
  close(channel: number): void {
    this.#closed[channel] = true;
  }

  /** The oldest checkpoint whose barriers have arrived on every channel. Call `taken` once its snapshot was made. */
  complete(): AlignedCheckpoint | undefined {
    return this.#collecting.find(
      ({ arrived }) =>
        arrived.every((here, channel) => here || this.#closed[channel] === true || this.#feedback[channel] === true) &&
        // Barriers of a loop alone complete nothing: the master asks the task itself.
        arrived.some((here, channel) => here && this.#feedback[channel] !== true),
    )?.checkpoint;
  }

  /** The snapshot was made (or the master asked for it directly): all channels go on. */
  taken(checkpointId: number): void {
    this.#doneUpTo = Math.max(this.#doneUpTo, checkpointId);
    for (const id of this.#aborted) if (id <= this.#doneUpTo) this.#aborted.delete(id);
    this.#drop(({ checkpoint }) => checkpoint.checkpointId <= checkpointId);
  }

  abort(checkpointId: number): void {
    if (checkpointId > this.#doneUpTo) this.#aborted.add(checkpointId);
    this.#drop(({ checkpoint }) => checkpoint.checkpointId === checkpointId);
  }

  #drop(isOver: (collecting: Collecting) => boolean): void {
    const kept = this.#collecting.filter((collecting) => !isOver(collecting));
    if (kept.length === this.#collecting.length) return;
    this.#collecting = kept;
    this.blocked.fill(false);
  }
}

/** Its barrier has less time left until it overtakes what it waits for. */
export function isMoreImpatient(one: AlignedCheckpoint, other: AlignedCheckpoint): boolean {
  return (one.options.alignedTimeoutMs ?? Infinity) < (other.options.alignedTimeoutMs ?? Infinity);
}
