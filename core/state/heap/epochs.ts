/**
 * The epochs: which cells changed between two snapshots, and what must be serialised before a cell changes again (copy before write).
 *
 * An epoch ends when a snapshot begins. What changed in it becomes a segment, whose bytes are made once, in slices or just before a cell is touched,
 * and which is kept until a checkpoint that holds it is known to be complete. Beside segments there are full scans, which want every cell as it was
 * when they began.
 */
import { assert } from "../../util/errors.ts";
import { BORN, DEAD, DeadTimer, epochOf, rowOf, SERIALISED } from "./cells.ts";
import type { Cell, Group } from "./cells.ts";
import type { FullScan } from "./full-scan.ts";
import type { SectionOptions } from "./section-writer.ts";
import { Segment } from "./segment.ts";
import type { TimerBucket } from "./timer-bucket.ts";
import type { TimerTable } from "./timer-table.ts";

export class Epochs {
  /** Hot: a cell whose stamp is below is not yet marked as changed in the current epoch, and must be touched before it changes. */
  dirtyFrom = 4;
  /** The stamp of a cell that is made now; {@link born} must follow. */
  bornStamp: number = 4 + BORN;
  readonly #sections: SectionOptions;
  readonly #timers: TimerTable;
  /** Epochs without gap, oldest first; the last is the current one. */
  #segments: Segment[];
  #open: Segment;
  #scans: FullScan[] = [];

  constructor(sections: SectionOptions, timers: TimerTable) {
    this.#sections = sections;
    this.#timers = timers;
    this.#open = new Segment(1, sections, timers.nextNumber);
    this.#segments = [this.#open];
  }

  get current(): number {
    return epochOf(this.dirtyFrom);
  }

  /** Segments that ended and are still kept, oldest first. */
  get closed(): readonly Segment[] {
    return this.#segments.slice(0, -1);
  }

  /** The cell is about to change for the first time in this epoch: `cell.stamp < dirtyFrom`. */
  touch(cell: Cell): void {
    this.#preserve(cell);
    cell.stamp = this.dirtyFrom;
    this.#open.changes.push(cell);
  }

  /** The cell was made just now, with `bornStamp`. */
  born(cell: Cell): void {
    this.#open.add(cell);
  }

  /** The cell leaves its container. */
  remove(cell: Cell): void {
    const segment = this.#open;
    if (cell.stamp < this.dirtyFrom) {
      this.#preserve(cell);
      segment.tombstones.push(cell);
    } else {
      segment.lost(1);
      if ((cell.stamp & BORN) === 0) segment.tombstones.push(cell);
    }
    cell.stamp = DEAD;
  }

  /** The container goes with all its `cells`, at a cost that does not depend on their number: nobody changes them any more. */
  drop(group: Group, cells: number): void {
    const segment = this.#open;
    group.dropped = segment.epoch;
    segment.lost(cells);
    if (group.born < segment.epoch) segment.tombstones.push(group);
    for (const scan of this.#scans) scan.orphan(group);
  }

  /** Hot. A timer came into the bucket. */
  registered(bucket: TimerBucket): void {
    const segment = this.#open;
    if (bucket.markedIn === segment.epoch) return;
    bucket.markedIn = segment.epoch;
    segment.addBucket(bucket);
  }

  /** Hot. A timer is about to die. */
  dying(bucket: TimerBucket, place: number): void {
    if (bucket.numberAt(place) >= this.#open.timersFrom) return; // no snapshot knows it
    for (const segment of this.#segments) segment.dying(bucket, place);
    for (const scan of this.#scans) scan.dying(bucket, place);
    this.#open.tombstones.push(new DeadTimer(bucket.savedAt(place)));
  }

  /** Timers were restored: they are saved already. */
  restored(): void {
    this.#open = new Segment(this.current, this.#sections, this.#timers.nextNumber);
    this.#segments = [this.#open];
  }

  /** Ends the current epoch, and returns its number. */
  close(): number {
    const closed = this.current;
    this.#open.end(this.#timers.nextNumber);
    this.#open = new Segment(closed + 1, this.#sections, this.#timers.nextNumber);
    this.#segments.push(this.#open);
    this.dirtyFrom = 4 * (closed + 1);
    this.bornStamp = this.dirtyFrom + BORN;
    return closed;
  }

  /** The segments of the epochs in [first, last], which must still be kept. */
  range(first: number, last: number): readonly Segment[] {
    const segments = this.#segments.filter((segment) => segment.epoch >= first && segment.epoch <= last);
    assert(segments.length === Math.max(last - first + 1, 0), "a segment that a snapshot needs was dropped");
    return segments;
  }

  /** Segments of earlier epochs go. */
  keepFrom(epoch: number): void {
    const current = this.current;
    this.#segments = this.#segments.filter((segment) => segment.epoch >= epoch || segment.epoch === current);
  }

  startScan(scan: FullScan): void {
    this.#scans.push(scan);
  }

  endScan(scan: FullScan): void {
    this.#scans = this.#scans.filter((other) => other !== scan);
  }

  /** Serialises the cell as it is for everyone who still needs that. */
  #preserve(cell: Cell): void {
    const stamp = cell.stamp;
    const epoch = epochOf(stamp);
    if ((stamp & SERIALISED) === 0) {
      const oldest = this.#segments[0];
      const segment = oldest === undefined ? undefined : this.#segments[epoch - oldest.epoch];
      if (segment !== undefined) segment.put(cell);
    }
    if (this.#scans.length > 0) this.#preserveForScans(cell, epoch);
  }

  #preserveForScans(cell: Cell, epoch: number): void {
    const row = rowOf(cell);
    for (const scan of this.#scans) {
      if (epoch <= scan.epoch && row.scannedBy !== scan.id) scan.put(cell);
    }
  }
}
