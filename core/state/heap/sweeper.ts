/** Removes what TTL has expired, so that state which nobody asks for any more does not stay: a few cells per access, round and round all rows. */
import type { Cell } from "./cells.ts";
import { sweepCell } from "./removal.ts";
import type { Premises } from "./removal.ts";
import type { Rows } from "./rows.ts";
import { walkRow } from "./walk.ts";

/** Cells, or rows without any. More than one, so that the sweep outruns what is written. */
const STEPS_PER_ACCESS = 3;

export class Sweeper {
  readonly #premises: Premises;
  #cells: Iterator<Cell | undefined, void>;

  constructor(premises: Premises) {
    this.#premises = premises;
    this.#cells = walkAll(premises.rows);
  }

  step(): void {
    for (let left = STEPS_PER_ACCESS; left > 0; left -= 1) {
      const next = this.#cells.next();
      if (next.done === true) {
        this.#cells = walkAll(this.#premises.rows);
        return;
      }
      if (next.value !== undefined) sweepCell(next.value, this.#premises);
    }
  }
}

function* walkAll(rows: Rows): Generator<Cell | undefined, void> {
  for (const row of rows.all()) {
    if (row === undefined || row.live === 0) yield undefined;
    else yield* walkRow(row);
  }
}
