/**
 * What changed in one epoch. While the epoch lasts: lists of changed cells and of tombstones. After it: their bytes, made once, tombstones before
 * puts (a cell that was deleted and made again is put again).
 */
import { DEAD, droppedIn, epochOf, SERIALISED } from "./cells.ts";
import type { Cell, Tombstone } from "./cells.ts";
import { SectionWriter } from "./section-writer.ts";
import type { SectionOptions } from "./section-writer.ts";
import type { TimerBucket } from "./timer-bucket.ts";
import { TimerCapture } from "./timer-capture.ts";

/** Fewer dead cells are not worth a pass. */
const DEAD_MIN = 1_024;

export class Segment {
  readonly epoch: number;
  /** Each cell at most once; cells that died, or that were serialised at a touch, are passed over. */
  changes: Cell[] = [];
  tombstones: Tombstone[] = [];
  /** The number of the first timer that was registered in the epoch. */
  readonly timersFrom: number;
  /** Timers were registered in these. */
  readonly #buckets = new Set<TimerBucket>();
  #bucketsMax = DEAD_MIN;
  #capture: TimerCapture | undefined = undefined;
  readonly #deletes: SectionWriter;
  readonly #puts: SectionWriter;
  #lost = 0;
  #nextTombstone = 0;
  #nextChange = 0;
  #finished = false;

  constructor(epoch: number, sections: SectionOptions, timersFrom: number) {
    this.epoch = epoch;
    this.timersFrom = timersFrom;
    this.#deletes = new SectionWriter(sections);
    this.#puts = new SectionWriter(sections);
  }

  get finished(): boolean {
    return this.#finished;
  }

  get bytes(): number {
    return this.#deletes.bytes + this.#puts.bytes;
  }

  /** After `finished`. */
  get chunks(): readonly Uint8Array[] {
    return [...this.#deletes.chunks, ...this.#puts.chunks];
  }

  /** A cell that was made in this epoch. Short-lived cells must not pile up between snapshots that are far apart. */
  add(cell: Cell): void {
    if (this.#lost > DEAD_MIN && this.#lost * 2 > this.changes.length) this.#forgetDead();
    this.changes.push(cell);
  }

  /** Likewise for buckets. */
  addBucket(bucket: TimerBucket): void {
    const buckets = this.#buckets;
    if (buckets.size >= this.#bucketsMax) {
      for (const other of buckets) if (other.live === 0) buckets.delete(other);
      this.#bucketsMax = Math.max(DEAD_MIN, 2 * buckets.size);
    }
    buckets.add(bucket);
  }

  /** The epoch is over. */
  end(timersTo: number): void {
    const buckets = this.#buckets;
    this.#capture = new TimerCapture({
      from: this.timersFrom,
      to: timersTo,
      section: this.#puts,
      buckets: buckets.values(),
      isPending: (bucket) => buckets.has(bucket),
      passed: (bucket) => buckets.delete(bucket),
    });
  }

  /** A timer is about to die. */
  dying(bucket: TimerBucket, place: number): void {
    if (!this.#finished) this.#capture?.dying(bucket, place);
  }

  /** That many of the changed cells (or fewer) are no more. */
  lost(cells: number): void {
    this.#lost += cells;
  }

  /** The cell as it is now, once: it is about to change in a later epoch. */
  put(cell: Cell): void {
    this.#puts.put(cell);
    cell.stamp |= SERIALISED;
  }

  /** Serialises up to `cellsMax` cells; returns how many it looked at. Less than `cellsMax` means that it is finished. */
  advance(cellsMax: number): number {
    if (this.#finished) return 0;
    let done = 0;
    while (done < cellsMax && this.#nextTombstone < this.tombstones.length) {
      const gone = this.tombstones[this.#nextTombstone];
      if (gone !== undefined) this.#deletes.remove(gone);
      this.#nextTombstone += 1;
      done += 1;
    }
    while (done < cellsMax && this.#nextChange < this.changes.length) {
      const cell = this.changes[this.#nextChange];
      if (cell !== undefined && this.#isPending(cell)) this.put(cell);
      this.#nextChange += 1;
      done += 1;
    }
    if (this.#capture !== undefined) done += this.#capture.advance(cellsMax - done);
    if (done < cellsMax) this.#finish();
    return done;
  }

  #isPending(cell: Cell): boolean {
    return epochOf(cell.stamp) === this.epoch && (cell.stamp & SERIALISED) === 0 && droppedIn(cell) > this.epoch;
  }

  #finish(): void {
    this.#deletes.finish();
    this.#puts.finish();
    this.changes = [];
    this.tombstones = [];
    this.#buckets.clear();
    this.#finished = true;
  }

  #forgetDead(): void {
    this.changes = this.changes.filter((cell) => cell.stamp !== DEAD && droppedIn(cell) > this.epoch);
    this.#lost = 0;
  }
}
