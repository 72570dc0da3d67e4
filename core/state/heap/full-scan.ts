/**
 * Every cell as it was when the scan began, serialised in slices while input goes on. Cells that are touched, removed or dropped before their turn
 * are serialised at that moment (`put`, `orphan`); cells made later are passed over, as their stamps say.
 */
import { DEAD, epochOf } from "./cells.ts";
import type { Cell, Group } from "./cells.ts";
import type { Rows } from "./rows.ts";
import { SectionWriter } from "./section-writer.ts";
import type { SectionOptions } from "./section-writer.ts";
import type { TimerBucket } from "./timer-bucket.ts";
import { TimerCapture } from "./timer-capture.ts";
import type { TimerTable } from "./timer-table.ts";
import { cellsOf, walkRow } from "./walk.ts";

export class FullScan {
  readonly id: number;
  /** The epoch that it ended. */
  readonly epoch: number;
  readonly #section: SectionWriter;
  readonly #expired: (cell: Cell) => boolean;
  /** Undefined where there was nothing for a while. */
  readonly #cells: Iterator<Cell | undefined, void>;
  readonly #timers: TimerCapture;
  readonly #orphans: Group[] = [];
  #walked = false;
  #finished = false;

  /** `expired` cells are left out. */
  constructor(options: {
    readonly id: number;
    readonly epoch: number;
    readonly rows: Rows;
    readonly timers: TimerTable;
    readonly sections: SectionOptions;
    readonly expired: (cell: Cell) => boolean;
  }) {
    this.id = options.id;
    this.epoch = options.epoch;
    this.#section = new SectionWriter(options.sections);
    this.#expired = options.expired;
    this.#cells = this.#walk(options.rows);
    this.#timers = this.#capture(options.timers);
  }

  get finished(): boolean {
    return this.#finished;
  }

  get bytes(): number {
    return this.#section.bytes;
  }

  get chunks(): readonly Uint8Array[] {
    return this.#section.chunks;
  }

  put(cell: Cell): void {
    if (!this.#expired(cell)) this.#section.put(cell);
  }

  /** The walk will not come by this container any more. */
  orphan(group: Group): void {
    if (group.born <= this.epoch && group.row.scannedBy !== this.id) this.#orphans.push(group);
  }

  /** A timer is about to die. */
  dying(bucket: TimerBucket, place: number): void {
    this.#timers.dying(bucket, place);
  }

  /** As `Segment.advance`. */
  advance(cellsMax: number): number {
    if (this.#finished) return 0;
    let done = 0;
    while (done < cellsMax && !this.#walked) {
      const next = this.#cells.next();
      if (next.done === true) this.#walked = true;
      else if (next.value !== undefined) this.#meet(next.value);
      done += 1;
    }
    done += this.#timers.advance(cellsMax - done);
    if (done < cellsMax) {
      this.#section.finish();
      this.#finished = true;
    }
    return done;
  }

  #capture(timers: TimerTable): TimerCapture {
    const to = timers.nextNumber;
    return new TimerCapture({
      from: 0,
      to,
      section: this.#section,
      buckets: timers.bucketsBelow(to),
      isPending: (bucket) => bucket.scannedBy !== this.id,
      passed: (bucket) => {
        bucket.scannedBy = this.id;
      },
    });
  }

  #meet(cell: Cell): void {
    if (cell.stamp !== DEAD && epochOf(cell.stamp) <= this.epoch) this.put(cell);
  }

  *#walk(rows: Rows): Generator<Cell | undefined, void> {
    for (const row of rows.all()) {
      if (row === undefined || row.live === 0) yield undefined;
      if (row === undefined || row.scannedBy === this.id) continue;
      yield* walkRow(row);
      row.scannedBy = this.id;
    }
    for (const group of this.#orphans) yield* cellsOf(group);
  }
}
