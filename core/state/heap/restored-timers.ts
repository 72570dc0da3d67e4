/** The timers of files that are being read, until it is known which are left and in which order they were registered. */
import type { Row } from "./row.ts";
import type { Rows } from "./rows.ts";
import type { SavedTimer } from "./timer-bucket.ts";

/** What tells the timers of one key apart. */
export type TimerId = Pick<SavedTimer, "home" | "timeMs" | "namespace">;

export class RestoredTimers {
  readonly #rows: Rows;
  /** By the state of the service: the timers of each row. */
  readonly #services = new Map<TimerId["home"]["state"], Map<Row, SavedTimer[]>>();

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  /** Replaces the same timer. */
  put(row: Row, id: TimerId, number: number): void {
    const timers = this.#of(row, id);
    const timer = { row, ...id, number };
    const place = timers.findIndex((other) => isSame(other, id));
    if (place >= 0) timers[place] = timer;
    else if (timers.push(timer) === 1) this.#rows.gained(row);
  }

  delete(row: Row, id: TimerId): void {
    const timers = this.#of(row, id);
    const place = timers.findIndex((other) => isSame(other, id));
    if (place < 0) return;
    timers.splice(place, 1);
    if (timers.length === 0) this.#rows.lost(row);
  }

  /** By number. */
  inOrder(): SavedTimer[] {
    const all: SavedTimer[] = [];
    for (const rows of this.#services.values()) for (const timers of rows.values()) all.push(...timers);
    return all.sort((left, right) => left.number - right.number);
  }

  #of(row: Row, { home }: TimerId): SavedTimer[] {
    let rows = this.#services.get(home.state);
    if (rows === undefined) this.#services.set(home.state, (rows = new Map()));
    let timers = rows.get(row);
    if (timers === undefined) rows.set(row, (timers = []));
    return timers;
  }
}

function isSame(timer: SavedTimer, { home, timeMs, namespace }: TimerId): boolean {
  return timer.timeMs === timeMs && timer.home.event === home.event && timer.namespace === namespace;
}
