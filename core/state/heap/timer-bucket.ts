/**
 * The timers of one time, in the order in which they fire: by key group, then by registration number. They arrive in the order of numbers, so sorting
 * waits until the time has come, and is then a stable distribution by key group.
 */
import { DEAD } from "./cells.ts";
import type { TimerCell } from "./cells.ts";

/** Fewer dead timers are not worth a pass. */
const DEAD_MIN = 16;
/** Below, a comparison sort wins over distribution. */
const DISTRIBUTE_MIN = 256;

export class TimerBucket {
  readonly timeMs: number;
  #cells: TimerCell[];
  /** Where the next one stands; earlier ones have fired. */
  #position = 0;
  #dead = 0;
  #sorted = false;

  constructor(first: TimerCell, second: TimerCell) {
    this.timeMs = first.timeMs;
    this.#cells = [first, second];
  }

  get live(): number {
    return this.#cells.length - this.#position - this.#dead;
  }

  /** Hot. */
  add(cell: TimerCell): void {
    if (this.#sorted) this.#insert(cell);
    else this.#cells.push(cell);
  }

  /** The cell is dead. */
  removed(cell: TimerCell): void {
    if (this.#cells[this.#position] === cell) {
      this.#position += 1;
    } else {
      this.#dead += 1;
      if (this.#dead > DEAD_MIN && this.#dead > this.live) this.#forgetDead();
    }
  }

  /** The next one to fire. There is one, as long as `live` is not 0. */
  first(): TimerCell | undefined {
    if (!this.#sorted) this.#sort();
    let cell = this.#cells[this.#position];
    while (cell !== undefined && cell.stamp === DEAD) {
      this.#position += 1;
      this.#dead -= 1;
      cell = this.#cells[this.#position];
    }
    return cell;
  }

  #sort(): void {
    this.#forgetDead();
    this.#cells = this.#cells.length < DISTRIBUTE_MIN ? this.#cells.sort(byKeyGroup) : distribute(this.#cells);
    this.#sorted = true;
  }

  /** A timer for the time that is firing: among those that have not fired. */
  #insert(cell: TimerCell): void {
    let low = this.#position;
    let high = this.#cells.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#cells[middle];
      if (other !== undefined && byKeyGroup(other, cell) <= 0) low = middle + 1;
      else high = middle;
    }
    this.#cells.splice(low, 0, cell);
  }

  #forgetDead(): void {
    this.#cells = this.#cells.filter((cell, index) => index >= this.#position && cell.stamp !== DEAD);
    this.#position = 0;
    this.#dead = 0;
  }
}

/** Stable sorting keeps the numbers in order within a key group. */
function byKeyGroup(left: TimerCell, right: TimerCell): number {
  return left.row.keyGroup - right.row.keyGroup;
}

function distribute(cells: readonly TimerCell[]): TimerCell[] {
  let first = Infinity;
  let last = 0;
  for (const cell of cells) {
    const { keyGroup } = cell.row;
    if (keyGroup < first) first = keyGroup;
    if (keyGroup > last) last = keyGroup;
  }
  const places = new Uint32Array(last - first + 2);
  for (const cell of cells) {
    const group = cell.row.keyGroup - first + 1;
    places[group] = (places[group] ?? 0) + 1;
  }
  for (let group = 1; group < places.length; group += 1)
    places[group] = (places[group] ?? 0) + (places[group - 1] ?? 0);
  const sorted = [...cells];
  for (const cell of cells) {
    const group = cell.row.keyGroup - first;
    const place = places[group] ?? 0;
    sorted[place] = cell;
    places[group] = place + 1;
  }
  return sorted;
}
