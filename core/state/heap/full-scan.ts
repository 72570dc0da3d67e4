/**
 * Every cell as it was when the scan began, serialised in slices while input goes on. Cells that are touched, removed or dropped before their turn
 * are serialised at that moment (`put`, `orphan`); cells made later are passed over, as their stamps say.
 */
import { DEAD, epochOf } from "./cells.ts";
import type { Cell, Group } from "./cells.ts";
import type { Rows } from "./rows.ts";
import { SectionWriter } from "./section-writer.ts";
import type { SectionOptions } from "./section-writer.ts";
import { cellsOf, walkRow } from "./walk.ts";

export class FullScan {
  readonly id: number;
  /** The epoch that it ended. */
  readonly epoch: number;
  readonly #section: SectionWriter;
  readonly #expired: (cell: Cell) => boolean;
  readonly #cells: Iterator<Cell, void>;
  readonly #orphans: Group[] = [];
  #finished = false;

  /** `expired` cells are left out. */
  constructor(options: {
    readonly id: number;
    readonly epoch: number;
    readonly rows: Rows;
    readonly sections: SectionOptions;
    readonly expired: (cell: Cell) => boolean;
  }) {
    this.id = options.id;
    this.epoch = options.epoch;
    this.#section = new SectionWriter(options.sections);
    this.#expired = options.expired;
    this.#cells = this.#walk(options.rows);
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

  /** As `Segment.advance`. */
  advance(cellsMax: number): number {
    if (this.#finished) return 0;
    for (let done = 0; done < cellsMax; done += 1) {
      const next = this.#cells.next();
      if (next.done === true) {
        this.#section.finish();
        this.#finished = true;
        return done;
      }
      const cell = next.value;
      if (cell.stamp !== DEAD && epochOf(cell.stamp) <= this.epoch) this.put(cell);
    }
    return cellsMax;
  }

  *#walk(rows: Rows): Generator<Cell, void> {
    for (const row of rows.all()) {
      if (row.scannedBy === this.id) continue;
      yield* walkRow(row);
      row.scannedBy = this.id;
    }
    for (const group of this.#orphans) yield* cellsOf(group);
  }
}
