/**
 * Aligns the barriers of one checkpoint over all channels of a task: a channel that has delivered its barrier is held back until all others
 * have, so that the snapshot contains exactly what came before the barriers.
 *
 * In:   barriers, ends and aborts, by channel index. Out: `blocked` flags, and the checkpoint to take once all have arrived.
 *
 * A newer barrier ends the wait for an older one: the producer of the newer one cannot have skipped a checkpoint that still lives. Barriers of
 * checkpoints that were aborted, taken or superseded are dropped wherever they still turn up.
 */
import type { CheckpointOptions } from "../network/channel.ts";

export interface AlignedCheckpoint {
  readonly checkpointId: number;
  readonly options: CheckpointOptions;
}

export class BarrierAlignment {
  /** Hot: read per channel before each run. Channels that wait for the others' barriers. */
  readonly blocked: boolean[];
  readonly #closed: boolean[];
  readonly #blocking: boolean;
  readonly #arrived: boolean[];
  #current: AlignedCheckpoint | undefined;
  /** Ids up to this one are over for this task. */
  #doneUpTo: number;
  readonly #aborted: Set<number>;

  constructor(options: { readonly channels: number; readonly exactlyOnce: boolean }) {
    this.blocked = new Array<boolean>(options.channels).fill(false);
    this.#arrived = new Array<boolean>(options.channels).fill(false);
    this.#closed = new Array<boolean>(options.channels).fill(false);
    this.#blocking = options.exactlyOnce;
    this.#current = undefined;
    this.#doneUpTo = 0;
    this.#aborted = new Set();
  }

  /** The checkpoint whose barriers are being collected. */
  get current(): AlignedCheckpoint | undefined {
    return this.#current;
  }

  /** Returns the id of an older checkpoint that this barrier superseded, which the task must decline. */
  barrier(channel: number, checkpoint: AlignedCheckpoint): number | undefined {
    const id = checkpoint.checkpointId;
    if (id <= this.#doneUpTo || this.#aborted.has(id)) return undefined;
    let superseded: number | undefined;
    if (this.#current !== undefined && this.#current.checkpointId !== id) {
      if (id < this.#current.checkpointId) return undefined;
      superseded = this.#current.checkpointId;
      this.#release();
    }
    this.#current = checkpoint;
    this.#arrived[channel] = true;
    this.blocked[channel] = this.#blocking;
    return superseded;
  }

  /** The producer has finished: no barrier will come through this channel. */
  close(channel: number): void {
    this.#closed[channel] = true;
  }

  /** The checkpoint whose barriers have arrived on every channel. Call `taken` once its snapshot was made. */
  complete(): AlignedCheckpoint | undefined {
    if (this.#current === undefined) return undefined;
    for (let channel = 0; channel < this.#arrived.length; channel += 1) {
      if (this.#arrived[channel] !== true && this.#closed[channel] !== true) return undefined;
    }
    return this.#current;
  }

  /** The snapshot was made (or the master asked for it directly): all channels go on. */
  taken(checkpointId: number): void {
    this.#doneUpTo = Math.max(this.#doneUpTo, checkpointId);
    for (const id of this.#aborted) if (id <= this.#doneUpTo) this.#aborted.delete(id);
    if (this.#current !== undefined && this.#current.checkpointId <= checkpointId) this.#release();
  }

  abort(checkpointId: number): void {
    if (checkpointId > this.#doneUpTo) this.#aborted.add(checkpointId);
    if (this.#current?.checkpointId === checkpointId) this.#release();
  }

  #release(): void {
    this.#current = undefined;
    this.#arrived.fill(false);
    this.blocked.fill(false);
  }
}
